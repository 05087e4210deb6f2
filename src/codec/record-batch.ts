/**
 * The batch that a decoder is filling, and its way out.
 *
 * Invariants
 * - Batches and invalid records leave in the order of the channel.
 * - No batch is empty or larger than the limit; `bytes` of all batches and invalid records add up to
 *   what was consumed, except for blank lines that no event follows.
 * - After `flush` it holds no view of the ids: they are shared by the decoders of a codec, which take turns.
 */
import type { DecoderOutput } from './decoder.ts';
import type { IdSlab } from './id-slab.ts';
import type { RawRecords } from './raw-records.ts';
import type { BatchTarget } from './scanner.ts';

export class RecordBatch implements BatchTarget {
  events: unknown[] = [];
  readonly maxEvents: number;
  readonly #keptBytes: number;
  readonly #ids: IdSlab | undefined;
  #view: Int32Array | undefined;
  /** Position in the channel up to which everything is in a batch, in this one, or reported. */
  endOffset = 0;
  #startOffset = 0;
  readonly #raw: RawRecords | undefined;

  /**
   * @param keptBytes - most of an invalid record
   * @param ids - given when the key field's ids are wanted
   * @param raw - given when the receiver may ask for the bytes of an event
   */
  constructor(maxEvents: number, keptBytes: number, ids: IdSlab | undefined, raw?: RawRecords) {
    this.maxEvents = maxEvents;
    this.#keptBytes = keptBytes;
    this.#ids = ids;
    this.#raw = raw;
  }

  /** Ids of the batch under construction, with room for a full one. */
  get keyIds(): Int32Array | undefined {
    return (this.#view ??= this.#ids?.view());
  }

  get isFull(): boolean {
    return this.events.length >= this.maxEvents;
  }

  push(event: unknown, keyId: number): void {
    const { keyIds } = this;
    if (keyIds !== undefined) keyIds[this.events.length] = keyId;
    this.events.push(event);
  }

  flush(output: DecoderOutput): void {
    const { events } = this;
    const ids = this.#view;
    this.#view = undefined;
    if (events.length === 0) return;
    const start = this.#startOffset;
    const end = this.endOffset;
    this.#startOffset = end;
    this.events = [];
    if (ids !== undefined) this.#ids?.taken(events.length);
    output.batch(events, end - start, end, ids?.subarray(0, events.length), this.#raw?.lookup(start, end));
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
    output.invalid({ ...record, raw: Uint8Array.from(record.raw.subarray(0, this.#keptBytes)) });
  }
}
