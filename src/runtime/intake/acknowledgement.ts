/**
 * Tells a source how far it is safe: the gap-free prefix of confirmed batches per partition.
 *
 * Invariants
 * - An offset is reported only when every batch before it, and itself, is confirmed by every sink.
 * - Batches may settle in any order; a rejected one holds its partition for ever.
 */

import type { Origin } from '../../event/origin.ts';

interface Partition {
  readonly name: string;
  /** In the order of the source; settled ones are cut off from the front, `head` at a time. */
  readonly open: Origin[];
  head: number;
  isEnded: boolean;
}

type Acknowledge = (partition: string, offset: number) => void;

export class Acknowledgement {
  readonly #acknowledge: Acknowledge;
  readonly #partitions = new Map<string, Partition>();
  /** Batches that are open, of all partitions: none, where all is synchronous. */
  #open = 0;
  /** The one found last: sources write many batches of a partition in a row. */
  #last: Partition | undefined;

  constructor(acknowledge: Acknowledge) {
    this.#acknowledge = acknowledge;
  }

  /** No batch is open. */
  get isEmpty(): boolean {
    return this.#open === 0;
  }

  opened(origin: Origin): void {
    this.#open += 1;
    const name = origin.partition;
    const partition = this.#find(name);
    if (partition === undefined) this.#partitions.set(name, { name, open: [origin], head: 0, isEnded: false });
    else partition.open.push(origin);
  }

  /**
   * A batch of which nothing is left on its way although it was never `opened`: acknowledged at once.
   *
   * @returns false, and does nothing, where an earlier batch of the partition is still open
   */
  passed(name: string, endOffset: number): boolean {
    if (this.#open > 0 && this.#hasOpen(name)) return false;
    this.#acknowledge(name, endOffset);
    return true;
  }

  settled(origin: Origin): void {
    const partition = this.#find(origin.partition);
    if (partition === undefined || partition.open[partition.head] !== origin) return;
    let safe: Origin | undefined;
    for (let next = partition.open[partition.head]; next?.isConfirmed === true; next = partition.open[partition.head]) {
      safe = next;
      partition.head += 1;
      this.#open -= 1;
    }
    if (partition.head === partition.open.length) {
      partition.open.length = 0; // usual where all is synchronous: cheaper than a splice per batch
      partition.head = 0;
    } else if (partition.head * 2 > partition.open.length) {
      partition.open.splice(0, partition.head);
      partition.head = 0;
    }
    if (safe !== undefined) this.#acknowledge(safe.partition, safe.endOffset);
    if (partition.isEnded) this.#forget(origin.partition);
  }

  /** No more batches of this partition: it is forgotten once the open ones have settled. */
  ended(name: string): void {
    const partition = this.#find(name);
    if (partition === undefined) return;
    partition.isEnded = true;
    this.#forget(name);
  }

  #hasOpen(name: string): boolean {
    return (this.#find(name)?.open.length ?? 0) > 0;
  }

  #find(name: string): Partition | undefined {
    if (this.#last?.name !== name) this.#last = this.#partitions.get(name);
    return this.#last;
  }

  #forget(name: string): void {
    if (this.#find(name)?.open.length !== 0) return;
    this.#partitions.delete(name);
    this.#last = undefined;
  }
}
