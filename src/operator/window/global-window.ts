import type { StateData, Stored } from '../../state/stored.ts';
import type { Collector, InlinePush } from '../operator.ts';
import { HotPane, type HotPush, type Pane, PaneStore, type PaneStoreData } from './panes.ts';
import { endOf } from './pane-windows.ts';
import type { RowProgram } from './rows.ts';
import { WindowOutput } from './window-output.ts';
import { checkTime } from './window-time.ts';

/**
 * One window over the whole input, emitted at its end by first appearance of the key. Nothing is
 * late here. `start` and `end` span the event times seen, so `end - 1` is the last of them.
 */
export class GlobalWindow implements Collector, Stored {
  readonly shape: string;
  readonly push: Collector['push'];
  readonly inline: InlinePush | undefined;
  readonly timeOf: (output: unknown) => number = endOf;
  readonly store: PaneStore;
  readonly hot: HotPane;
  readonly output: WindowOutput = new WindowOutput();
  readonly #program: RowProgram;
  #pane: Pane;
  #firstMs = Infinity;
  #lastMs = -Infinity;

  constructor(
    options: { readonly maxKeys: number; readonly shape: string },
    program: RowProgram,
    makePush: (host: GlobalWindow) => HotPush,
  ) {
    this.shape = options.shape;
    this.#program = program;
    const full = (message: string): never => this.output.refuse(message);
    this.store = new PaneStore(program.definitions, { maxKeys: options.maxKeys, full });
    // An empty span: the hot path asks for every event outside the whole milliseconds seen so far.
    this.#pane = this.store.open({ start: Infinity, until: -Infinity, closesAt: Infinity });
    this.hot = new HotPane(this.#pane);
    const { push, inline } = makePush(this);
    this.push = push;
    // Its span grows with every millisecond, so no event is usual for long.
    this.inline = inline === undefined ? undefined : { ...inline, steady: undefined };
  }

  hold(timeMs: number): boolean {
    checkTime(timeMs);
    if (timeMs < this.#firstMs) this.#firstMs = timeMs;
    if (timeMs > this.#lastMs) this.#lastMs = timeMs;
    this.#pane.start = this.#firstMs;
    this.#pane.until = Math.floor(this.#lastMs) + 1; // what it ends at: times below change nothing
    this.hot.hold(this.#pane);
    return true;
  }

  late(): void {
    // Nothing is.
  }

  advance(): void {
    // Time does not close it.
  }

  end(): void {
    const { order, rows, size } = this.#pane;
    const frame = { key: undefined, start: this.#firstMs, end: Math.floor(this.#lastMs) + 1, revision: 0 };
    for (let i = 0; i < size; i += 1) {
      const slot = order[i] as number;
      this.output.emit(this.#program, rows, slot, Object.assign(frame, { key: this.store.keyAt(slot) }));
    }
    this.store.dropFirst(1);
  }

  snapshot(): StateData {
    return { store: this.store.snapshot('a window'), firstMs: this.#firstMs, lastMs: this.#lastMs };
  }

  restore(data: StateData): void {
    const stored = data as { readonly store: PaneStoreData; readonly firstMs: number; readonly lastMs: number };
    this.store.restore(stored.store);
    this.#pane = this.store.panes[0] ?? this.#pane; // none: its window had ended
    this.#firstMs = stored.firstMs;
    this.#lastMs = stored.lastMs;
  }

  counts(): Readonly<Record<string, number>> {
    return { refused: this.output.refused, keys: this.store.index.size };
  }
}
