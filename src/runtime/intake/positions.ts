/** How far a partition has come, in its source's unit. In an array for the reason given for the totals of a passage. */
export interface Position {
  readonly partition: string;
  readonly end: Float64Array;
}

/** How far the partitions of a source have come: those that have not ended, and, for a checkpoint, all there ever were. */
export class Positions {
  readonly #of = new Map<string, Position>();
  /** The one asked for last: sources write many batches of a partition in a row. */
  #last: Position | undefined;
  readonly #reached: Map<string, number> | undefined;

  /** @param isCheckpointed - the source replays in a run with checkpoints */
  constructor(isCheckpointed: boolean) {
    this.#reached = isCheckpointed ? new Map() : undefined;
  }

  of(partition: string): Position {
    if (this.#last?.partition === partition) return this.#last;
    const known = this.#of.get(partition);
    const position = known ?? { partition, end: new Float64Array(1) };
    if (known === undefined) this.#of.set(partition, position);
    this.#last = position;
    return position;
  }

  /** What came before `offset` has been through the segment. */
  passed(partition: string, offset: number): void {
    this.#reached?.set(partition, offset);
  }

  ended(partition: string): void {
    this.#of.delete(partition);
    this.#last = undefined;
  }

  /** Partition -> offset after its last event; undefined for a source that is not part of checkpoints. */
  reached(): ReadonlyMap<string, number> | undefined {
    return this.#reached === undefined ? undefined : new Map(this.#reached);
  }

  /** The run goes on from a checkpoint. */
  resumed(from: ReadonlyMap<string, number>): void {
    for (const [partition, offset] of from) {
      this.#reached?.set(partition, offset);
      this.of(partition).end[0] = offset;
    }
  }
}
