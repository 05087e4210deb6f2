/**
 * Tells a source how far it is safe: the gap-free prefix of confirmed batches per partition.
 *
 * Invariants
 * - An offset is reported only when every batch before it, and itself, is confirmed by every sink.
 * - Batches may settle in any order; a rejected one holds its partition for ever.
 */

import type { Origin } from '../event/origin.ts';

interface Partition {
  /** In the order of the source; settled ones are cut off from the front, `head` at a time. */
  readonly open: Origin[];
  head: number;
  isEnded: boolean;
}

type Acknowledge = (partition: string, offset: number) => void;

export class Acknowledgement {
  readonly #acknowledge: Acknowledge;
  readonly #partitions = new Map<string, Partition>();

  constructor(acknowledge: Acknowledge) {
    this.#acknowledge = acknowledge;
  }

  opened(origin: Origin): void {
    const partition = this.#partitions.get(origin.partition);
    if (partition === undefined) this.#partitions.set(origin.partition, { open: [origin], head: 0, isEnded: false });
    else partition.open.push(origin);
  }

  settled(origin: Origin): void {
    const partition = this.#partitions.get(origin.partition);
    if (partition === undefined || partition.open[partition.head] !== origin) return;
    let safe: Origin | undefined;
    for (let next = partition.open[partition.head]; next?.isConfirmed === true; next = partition.open[partition.head]) {
      safe = next;
      partition.head += 1;
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
    const partition = this.#partitions.get(name);
    if (partition === undefined) return;
    partition.isEnded = true;
    this.#forget(name);
  }

  #forget(name: string): void {
    if (this.#partitions.get(name)?.open.length === 0) this.#partitions.delete(name);
  }
}
