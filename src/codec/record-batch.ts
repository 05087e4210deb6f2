/**
 * The batch that a decoder is filling, and its way out.
 *
 * Invariants
 * - Batches and invalid records leave in the order of the channel.
 * - No batch is empty or larger than the limit; `bytes` of all batches and invalid records add up to
 *   what was consumed, except for blank lines that no event follows.
 */
import { DEAD_LETTER_RAW_BYTES } from '../event/dead-letter.ts';
import type { DecoderOutput } from './decoder.ts';
import type { RawRecords } from './raw-records.ts';
import type { BatchTarget } from './scanner.ts';

/** Ids of many small batches share one array of this length, so that a batch costs no buffer of its own. */
const SLAB_IDS = 16_384;

export class RecordBatch implements BatchTarget {
  events: unknown[] = [];
  keyIds: Int32Array | undefined;
  readonly maxEvents: number;
  #slab: Int32Array | undefined;
  #slabUsed = 0;
  /** Position in the channel up to which everything is in a batch, in this one, or reported. */
  endOffset = 0;
  #startOffset = 0;
  readonly #raw: RawRecords | undefined;

  /** @param raw - given when the receiver may ask for the bytes of an event */
  constructor(maxEvents: number, hasKeys: boolean, raw?: RawRecords) {
    this.maxEvents = maxEvents;
    this.#raw = raw;
    if (hasKeys) this.#nextIds(0);
  }

  get isFull(): boolean {
    return this.events.length >= this.maxEvents;
  }

  push(event: unknown, keyId: number): void {
    if (this.keyIds !== undefined) this.keyIds[this.events.length] = keyId;
    this.events.push(event);
  }

  flush(output: DecoderOutput): void {
    const { events, keyIds } = this;
    if (events.length === 0) return;
    const start = this.#startOffset;
    const end = this.endOffset;
    this.#startOffset = end;
    this.events = [];
    if (keyIds !== undefined) this.#nextIds(events.length);
    output.batch(events, end - start, end, keyIds?.subarray(0, events.length), this.#raw?.lookup(start, end));
  }

  /** Passes over what is neither event nor invalid, for example a header. */
  skipTo(offset: number): void {
    this.endOffset = offset;
    if (this.events.length === 0) this.#startOffset = offset;
  }

  /** Reports a record that ends, separator included, at `endOffset`. */
  invalid(
    output: DecoderOutput,
    record: { reason: string; raw: Uint8Array; rawBytes: number; offset: number },
    endOffset: number,
  ): void {
    this.flush(output);
    this.endOffset = endOffset;
    this.#startOffset = endOffset;
    output.invalid({ ...record, raw: Uint8Array.from(record.raw.subarray(0, DEAD_LETTER_RAW_BYTES)) });
  }

  #nextIds(used: number): void {
    this.#slabUsed += used;
    if (this.#slab === undefined || this.#slabUsed + this.maxEvents > this.#slab.length) {
      this.#slab = new Int32Array(Math.max(SLAB_IDS, this.maxEvents));
      this.#slabUsed = 0;
    }
    this.keyIds = this.#slab.subarray(this.#slabUsed, this.#slabUsed + this.maxEvents);
  }
}
