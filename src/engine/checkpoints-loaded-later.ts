import type { SinkTransaction } from '../event/transaction.ts';
import type { Checkpoint, CheckpointStore } from '../state/checkpoint.ts';

/** Checkpoints whose code is loaded when they are opened: few flows keep any. */
export class CheckpointsLoadedLater implements CheckpointStore {
  readonly #load: () => Promise<CheckpointStore>;
  #store: CheckpointStore | undefined;

  constructor(load: () => Promise<CheckpointStore>) {
    this.#load = load;
  }

  get transaction(): SinkTransaction | undefined {
    return this.#store?.transaction;
  }

  get toBeginAnew(): string {
    return this.#store?.toBeginAnew ?? '';
  }

  async open(warn: (message: string) => void): Promise<Checkpoint | undefined> {
    this.#store = await this.#load();
    return this.#store.open(warn);
  }

  async write(checkpoint: Checkpoint): Promise<void> {
    await this.#store?.write(checkpoint);
  }

  async close(): Promise<void> {
    await this.#store?.close();
  }
}
