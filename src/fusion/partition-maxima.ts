/**
 * The largest event time of each partition, and from them the least: what the watermark may rest on.
 *
 * Invariants
 * - A partition that is unseen, idle or ended holds nothing back.
 * - With none left, the largest time ever seen counts: nobody holds it back any more. Where event time goes on in silence,
 *   so does the wall time that has passed since the last input; after a restart only what has passed since then.
 * - Memory is one entry per partition that was active within `idleMs`.
 *
 * Cost: per event nothing (the loop works on `current` and `others`); per batch O(1), except where one of the two
 * partitions furthest behind passes another, and when one may have gone idle: O(partitions).
 */

interface Partition {
  readonly name: string;
  max: number;
  /** When its last input came. */
  seenMs: number;
}

export interface MaximaData {
  readonly partitions: readonly Partition[];
  readonly highest: number;
}

export class PartitionMaxima {
  /** Largest time of the partition in hand. Read before a loop, written after it. */
  current: number = -Infinity;
  /** Least of the maxima of all other active partitions. */
  others: number = Infinity;

  readonly #idleMs: number;
  readonly #goesOn: boolean;
  /** When any input came last; undefined: not since the start. */
  #inputMs: number | undefined;
  readonly #partitions = new Map<string, Partition>();
  #inHand: Partition | undefined;
  #highest = -Infinity;
  /** The two furthest behind, as of the last scan; stale once either has moved. */
  #least: Partition | undefined;
  #second: Partition | undefined;
  #isStale = true;
  /** Never later than the first moment at which a partition goes idle. */
  #expiryMs = Infinity;

  /** @param goesOn - event time goes on with wall time once all partitions are idle */
  constructor(idleMs: number, goesOn: boolean = false) {
    this.#idleMs = idleMs;
    this.#goesOn = goesOn;
  }

  /** Input of `partition` arrives: sets `current` and `others`. */
  open(partition: string, wallMs: number): void {
    if (wallMs >= this.#expiryMs) this.#scan(wallMs); // The partition itself may have been idle: it starts over.
    const inHand = this.#enter(partition, wallMs);
    this.#inputMs = wallMs;
    if (this.#isStale) this.#scan(wallMs);
    const nearest = this.#least === inHand ? this.#second : this.#least;
    this.#inHand = inHand;
    this.current = inHand.max;
    this.others = nearest === undefined ? Infinity : nearest.max;
  }

  /** The input has run through: keeps `current`. */
  close(): void {
    const inHand = this.#inHand;
    if (inHand === undefined || this.current === inHand.max) return;
    const isNew = inHand.max === -Infinity;
    inHand.max = this.current;
    if (this.current > this.#highest) this.#highest = this.current;
    if (isNew || this.#hasPassed(inHand)) this.#isStale = true;
  }

  end(partition: string): void {
    if (this.#partitions.delete(partition)) this.#isStale = true;
    if (this.#inHand?.name === partition) this.#inHand = undefined;
  }

  /** What no active partition is behind of; -Infinity before the first event. */
  least(wallMs: number): number {
    if (this.#isStale || wallMs >= this.#expiryMs) this.#scan(wallMs);
    this.#inputMs ??= wallMs;
    if (this.#least !== undefined) return this.#least.max;
    if (!this.#goesOn || this.#partitions.size > 0) return this.#highest;
    return this.#highest + (wallMs - this.#inputMs);
  }

  /** When silence, of one partition or of all, may let the watermark reach `timeMs`; Infinity when that cannot help. */
  expiryFor(timeMs: number): number {
    const expiryMs = this.#partitions.size > 1 && timeMs <= this.#highest ? this.#expiryMs : Infinity;
    if (!this.#goesOn || this.#highest === -Infinity) return expiryMs;
    // Not known yet after a restart: at once, so that it will be.
    const silentMs = (this.#inputMs ?? -Infinity) + Math.max(this.#idleMs, timeMs - this.#highest);
    return Math.min(expiryMs, silentMs);
  }

  snapshot(): MaximaData {
    const partitions = [...this.#partitions.values()].map(({ name, max, seenMs }) => ({ name, max, seenMs }));
    return { partitions, highest: this.#highest };
  }

  /** Only on new ones. A partition that does not come again goes idle like any other. */
  restore({ partitions, highest }: MaximaData): void {
    for (const partition of partitions) this.#partitions.set(partition.name, { ...partition });
    this.#highest = highest;
    this.#isStale = true;
  }

  /** Whether others may be further behind now than one of the two that were furthest. */
  #hasPassed(partition: Partition): boolean {
    if (partition === this.#second) return this.#partitions.size > 2;
    return partition === this.#least && this.#second !== undefined && partition.max > this.#second.max;
  }

  #enter(name: string, wallMs: number): Partition {
    const known = this.#inHand?.name === name ? this.#inHand : this.#partitions.get(name);
    if (known !== undefined) {
      known.seenMs = wallMs;
      return known;
    }
    const fresh: Partition = { name, max: -Infinity, seenMs: wallMs };
    this.#partitions.set(name, fresh);
    this.#isStale = true;
    return fresh;
  }

  #scan(wallMs: number): void {
    let least: Partition | undefined;
    let second: Partition | undefined;
    let expiryMs = Infinity;
    for (const [name, partition] of this.#partitions) {
      const idleAtMs = partition.seenMs + this.#idleMs;
      if (idleAtMs <= wallMs) {
        this.#partitions.delete(name);
        if (partition === this.#inHand) this.#inHand = undefined;
        continue;
      }
      if (idleAtMs < expiryMs) expiryMs = idleAtMs;
      if (partition.max === -Infinity) continue;
      if (least === undefined || partition.max < least.max) [least, second] = [partition, least];
      else if (second === undefined || partition.max < second.max) second = partition;
    }
    this.#least = least;
    this.#second = second;
    this.#expiryMs = expiryMs;
    this.#isStale = false;
  }
}
