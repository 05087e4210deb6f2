import { RECORD_HEADER_BYTES, recordEnd } from './record.ts';

/**
 * Records of consecutive sequences, as one read delivered them. The payloads are views into the batch's own bytes,
 * which nobody else writes to: they may be kept, and keep all of the batch (about 256 KB) alive.
 */
export class RecordBatch {
  /** Sequence of record 0. */
  readonly first: number;
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #starts: readonly number[];

  /** @param starts - where the header of each record begins */
  constructor(first: number, bytes: Uint8Array, view: DataView, starts: readonly number[]) {
    this.first = first;
    this.length = starts.length;
    this.#bytes = bytes;
    this.#view = view;
    this.#starts = starts;
  }

  /** Sequence of the last record. */
  get last(): number {
    return this.first + this.length - 1;
  }

  /** @param i - 0 to `length - 1` */
  payload(i: number): Uint8Array {
    const start = this.#starts[i];
    if (start === undefined) throw new RangeError(`a batch of ${this.length} records has no record ${i}`);
    return this.#bytes.subarray(start + RECORD_HEADER_BYTES, recordEnd(this.#view, start));
  }

  /** This batch from a sequence on, over the same bytes. */
  from(sequence: number): RecordBatch {
    if (sequence === this.first) return this;
    return new RecordBatch(sequence, this.#bytes, this.#view, this.#starts.slice(sequence - this.first));
  }

  *[Symbol.iterator](): Iterator<Uint8Array> {
    for (let i = 0; i < this.length; i += 1) yield this.payload(i);
  }
}
