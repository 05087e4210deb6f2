/**
 * Checkpoints that are committed together with the outputs before them, where the sinks write.
 *
 * Invariants (runtime/run/committed-outputs.test.ts)
 * - A checkpoint that is not whole is never used: with it the outputs after it could not be told.
 */

import type { SinkTransaction } from '../event/transaction.ts';
import type { Checkpoint, CheckpointStore } from './checkpoint.ts';
import { sealed, unsealed, type CheckpointCodec } from './sealed-checkpoint.ts';
import { StateError } from './stored.ts';

export class CommittedCheckpoints implements CheckpointStore {
  readonly #begin: () => Promise<SinkTransaction>;
  readonly #codec: CheckpointCodec;
  #transaction: SinkTransaction | undefined;

  /** @param begin - takes ownership */
  constructor(begin: () => Promise<SinkTransaction>, codec: CheckpointCodec) {
    this.#begin = begin;
    this.#codec = codec;
  }

  get transaction(): SinkTransaction | undefined {
    return this.#transaction;
  }

  get toBeginAnew(): string {
    return this.#transaction?.toBeginAnew ?? '';
  }

  async open(): Promise<Checkpoint | undefined> {
    this.#transaction = await this.#begin();
    const { last, toBeginAnew } = this.#transaction;
    if (last === undefined) return undefined;
    const checkpoint = unsealed(last, this.#codec);
    if (checkpoint !== undefined) return checkpoint;
    throw new StateError(
      `the checkpoint is damaged. Restore it from a copy of the database, or ${toBeginAnew}: what was done since its first event is then done again.`,
    );
  }

  async write(checkpoint: Checkpoint): Promise<void> {
    await this.#transaction?.commit(sealed(checkpoint, this.#codec));
  }

  async close(): Promise<void> {
    await this.#transaction?.close();
    this.#transaction = undefined;
  }
}
