import type { PartitionSnapshot } from '../matcher.ts';
import type { Entry } from './entry.ts';
import { type LiveRows, OPENED } from './live-rows.ts';
import { OpeningTruth } from './opening-truth.ts';
import type { Relay } from './relay.ts';

/**
 * Partial matches of one event, which are that event in their row, where the pattern's opening allows: most never become more.
 * The pattern's store hears of it with the second event that concerns it, and answers as if it had been told at once.
 */
export class Openings<E> {
  readonly #rows: LiveRows<E>;
  readonly #relay: Relay<E>;
  readonly #truth = new OpeningTruth();

  constructor(rows: LiveRows<E>, relay: Relay<E>) {
    this.#rows = rows;
    this.#relay = relay;
  }

  /** The row's partition; where its event alone is known, the store hears of it now. */
  partitionOf(entry: Entry<E>, row: number): number {
    const known = this.#rows.partition[row] as number;
    if (known !== OPENED) return known;
    const partition = this.#opened(entry, row);
    this.#rows.partition[row] = partition;
    this.#rows.event[row] = undefined;
    return partition;
  }

  /** What a row holds, as plain data. */
  snapshot(entry: Entry<E>, row: number): PartitionSnapshot {
    const { store } = entry;
    const known = this.#rows.partition[row] as number;
    if (known !== OPENED) return store.snapshot(known);
    const passing = this.#opened(entry, row);
    const state = store.snapshot(passing);
    store.close(passing);
    return state;
  }

  #opened(entry: Entry<E>, row: number): number {
    const { program, store } = entry;
    const partition = store.open();
    const [event, ts] = [this.#rows.event[row] as E, this.#rows.openedMs[row] as number];
    this.#truth.predicate = program.opening?.predicate ?? -1;
    const relay = this.#relay.for(entry, this.#rows.keyOf(row));
    store.process(partition, event, ts, this.#truth, relay);
    return partition;
  }
}
