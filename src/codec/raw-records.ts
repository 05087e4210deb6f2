/**
 * Finds the bytes of a batch's records again, for the few that a schema refuses.
 *
 * Invariants
 * - Nothing is done per record while decoding: what was decoded is remembered by region, and framed a
 *   second time when somebody asks.
 * - Regions are in the order of the channel and may overlap; each record lies wholly within one of them.
 */

/**
 * Frames one record.
 * @param isEnd - `end` is the end of the batch: a last record needs no separator
 * @returns its span without separators and where the next begins; undefined when none ends before `end`
 */
export type Frame = (
  bytes: Uint8Array,
  start: number,
  end: number,
  isEnd: boolean,
) => { readonly start: number; readonly end: number; readonly next: number } | undefined;

interface Region {
  readonly bytes: Uint8Array;
  /** Position of its first byte in the channel. */
  readonly offset: number;
}

export class RawRecords {
  #regions: Region[] = [];
  readonly #frame: Frame;

  constructor(frame: Frame) {
    this.#frame = frame;
  }

  /** `bytes`, from `offset` of the channel on, are about to be decoded; they must not change until `forget`. */
  remember(bytes: Uint8Array, offset: number): void {
    this.#regions.push({ bytes, offset });
  }

  forget(): void {
    this.#regions.length = 0;
  }

  /** A look-up over the batch that covers `[start, end)` of the channel. Cost: O(batch) once, when first called. */
  lookup(start: number, end: number): (index: number) => Uint8Array {
    let records: Uint8Array[] | undefined;
    return (index) => {
      records ??= this.#recordsIn(start, end);
      return Uint8Array.from(records[index] ?? []);
    };
  }

  #recordsIn(start: number, end: number): Uint8Array[] {
    const records: Uint8Array[] = [];
    let position = start;
    for (const { bytes, offset } of this.#regions) {
      const to = Math.min(end - offset, bytes.length);
      // Blank lines of earlier chunks belong to the batch's bytes, but nobody needs them any more.
      position = Math.max(position, offset);
      while (position - offset < to) {
        const record = this.#frame(bytes, position - offset, to, to + offset === end);
        if (record === undefined) break;
        if (record.end > record.start) records.push(bytes.subarray(record.start, record.end));
        position = offset + record.next;
      }
    }
    return records;
  }
}
