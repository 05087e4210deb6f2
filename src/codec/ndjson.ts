/**
 * NDJSON: one JSON value per line.
 *
 * Invariants
 * - Whatever is delivered equals JSON.parse of the line (or the picked fields of it), and whatever
 *   JSON.parse rejects is invalid (test/fuzz/decoder.test.ts).
 * - The result does not depend on the cuts between chunks, nor on what was learned before.
 * - Lines of a learned shape are read once: their end is found by reading them.
 *
 * Cost: bench/micro/decoder.ts. CRLF and blank lines are allowed; a byte order mark is skipped at the
 * start of a channel.
 */
import { Carry } from './carry.ts';
import {
  keptBytes,
  type Codec,
  type CodecOptions,
  type CodecStats,
  type Decoder,
  type DecoderOutput,
} from './decoder.ts';
import { tooDeep } from './depth.ts';
import { IdSlab } from './id-slab.ts';
import { LearnedShapes } from './learned-shapes.ts';
import { projectionOf, type Projection } from './projection.ts';
import { RawRecords, type Frame } from './raw-records.ts';
import { RecordBatch } from './record-batch.ts';
import { asBuffer, asciiText, strictUtf8, type Bytes } from './strict-utf8.ts';

const NEWLINE = 10;
/** Converted to text at once while nothing is learned. */
const BLOCK_BYTES = 32_768;

/** A codec of lines of JSON. What is learned serves all of its channels. */
export function ndjsonCodec(options: CodecOptions): Codec {
  return new NdjsonCodec(options);
}

class NdjsonCodec implements Codec {
  readonly learned: LearnedShapes;
  readonly project: Projection | undefined;
  readonly options: CodecOptions;
  readonly keptBytes: number;
  records = 0;
  learnedRecords = 0;
  invalid = 0;
  readonly ids: IdSlab | undefined;

  constructor(options: CodecOptions) {
    this.options = options;
    this.keptBytes = keptBytes(options);
    if (options.keyField !== undefined) this.ids = new IdSlab(options.maxBatchEvents);
    this.project = projectionOf(options.fields);
    this.learned = new LearnedShapes({
      fields: options.fields,
      keyField: options.keyField,
      maxRecordBytes: options.maxRecordBytes,
      generateCode: options.generateCode,
    });
  }

  get keyValues(): readonly string[] {
    return this.learned.keyDictionary.strings;
  }

  decoder(): Decoder {
    return new NdjsonDecoder(this);
  }

  stats(): CodecStats {
    return { records: this.records, learned: this.learnedRecords, invalid: this.invalid };
  }
}

/** Bytes with a view, and where they stand in the channel. */
interface Region {
  readonly bytes: Bytes;
  readonly view: DataView;
  /** Bytes that belong to the channel; behind them there may be room. */
  readonly length: number;
  readonly offset: number;
}

class NdjsonDecoder implements Decoder {
  readonly #codec: NdjsonCodec;
  readonly #batch: RecordBatch;
  readonly #carry = new Carry();
  readonly #raw: RawRecords | undefined;
  /** Position of the next chunk in the channel. */
  #position = 0;

  constructor(codec: NdjsonCodec) {
    this.#codec = codec;
    const { maxBatchEvents, keepRaw } = codec.options;
    if (keepRaw === true) this.#raw = new RawRecords(frameLine);
    this.#batch = new RecordBatch(maxBatchEvents, codec.keptBytes, codec.ids, this.#raw);
  }

  write(chunk: Uint8Array, output: DecoderOutput): void {
    const bytes = asBuffer(chunk);
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const region = { bytes, view, length: bytes.length, offset: this.#position };
    this.#position += bytes.length;
    let at = this.#carry.isEmpty ? 0 : this.#complete(region, output);
    if (at < bytes.length) {
      this.#raw?.remember(bytes, region.offset);
      at = this.#lines(region, at, output);
      this.#carry.start(bytes, at, region.offset + at, this.#slack());
      if (this.#carry.length > 0) this.#drainCarry(output);
    }
    this.#finish(output);
  }

  end(output: DecoderOutput, truncated?: string): void {
    const { bytes, length, offset, rawBytes } = this.#carry;
    if (rawBytes > this.#codec.options.maxRecordBytes) this.#reportOverlong(output, rawBytes);
    else if (length > 0) {
      const region = { bytes, view: this.#carry.view, length, offset };
      this.#raw?.remember(bytes.subarray(0, length), offset);
      if (truncated !== undefined && !isBlank(bytes, 0, length))
        this.#invalid(region, 0, length, length, truncated, output);
      else this.#line(region, 0, length, length, output);
    }
    this.#finish(output);
    this.#carry.clear();
  }

  #finish(output: DecoderOutput): void {
    this.#batch.flush(output);
    this.#raw?.forget();
  }

  /** Ends the carried record with the head of the chunk; returns where the next one begins. */
  #complete({ bytes }: Region, output: DecoderOutput): number {
    const newline = bytes.indexOf(NEWLINE);
    const head = newline < 0 ? bytes.length : newline;
    const carry = this.#carry;
    if (carry.rawBytes + head > this.#codec.options.maxRecordBytes) {
      carry.appendRaw(bytes, head, this.#codec.keptBytes);
      if (newline >= 0) this.#reportOverlong(output, carry.rawBytes + 1);
      return newline < 0 ? head : newline + 1;
    }
    carry.append(bytes, newline < 0 ? head : newline + 1, this.#slack());
    if (newline >= 0) this.#drainCarry(output);
    return newline < 0 ? head : newline + 1;
  }

  /** Decodes the whole lines among the carried bytes and keeps the rest, at most one record's worth. */
  #drainCarry(output: DecoderOutput): void {
    const carry = this.#carry;
    const region = { bytes: carry.bytes, view: carry.view, length: carry.length, offset: carry.offset };
    this.#raw?.remember(Uint8Array.from(region.bytes.subarray(0, region.length)), region.offset);
    carry.drop(this.#lines(region, 0, output));
    if (carry.length > this.#codec.options.maxRecordBytes) carry.cut(this.#codec.keptBytes);
  }

  /** Decodes lines from `at` on; returns where the first incomplete one begins. */
  #lines(region: Region, at: number, output: DecoderOutput): number {
    const { learned } = this.#codec;
    const { bytes, length, offset } = region;
    while (at < length) {
      if (this.#batch.isFull) this.#batch.flush(output);
      const next = learned.isActive ? this.#scan(region, at) : this.#block(region, at, output);
      this.#batch.endOffset = offset + next;
      if (next > at) {
        at = next;
        continue;
      }
      if (this.#isNearEnd(region, at)) return at;
      const newline = bytes.indexOf(NEWLINE, at);
      if (newline < 0 || newline >= length) return at;
      at = this.#line(region, at, newline, newline + 1, output);
    }
    return at;
  }

  /** True for the last bytes of a chunk, which scan faster once they stand in the carry with room behind. */
  #isNearEnd({ bytes, length }: Region, at: number): boolean {
    return bytes !== this.#carry.bytes && length - at < 2 * this.#slack() && this.#codec.learned.isActive;
  }

  #slack(): number {
    return this.#codec.learned.slack;
  }

  #scan({ bytes, view }: Region, at: number): number {
    const codec = this.#codec;
    const batch = this.#batch;
    const { shapes } = codec.learned;
    for (let i = 0; i < shapes.length; i++) {
      const { scan, plan } = shapes[i] as (typeof shapes)[number];
      const safe = bytes.length - plan.slack;
      const before = batch.events.length;
      const next = at <= safe ? scan(bytes, view, at, safe, batch) : at;
      if (next > at) {
        const lines = batch.events.length - before;
        codec.records += lines;
        codec.learnedRecords += lines;
        codec.learned.hit(i, lines);
        return next;
      }
      codec.learned.vain += 1;
    }
    return at;
  }

  /** While nothing is learned: many lines become one text, each of its lines is parsed. */
  #block(region: Region, start: number, output: DecoderOutput): number {
    const { bytes, length } = region;
    const end = bytes.lastIndexOf(NEWLINE, Math.min(length, start + BLOCK_BYTES) - 1) + 1;
    if (end <= start) return start;
    const lines = asciiText(bytes, start, end - 1)?.split('\n');
    const before = this.#codec.records;
    for (let at = start, i = 0; at < end; i++) {
      const text = lines?.[i];
      const newline = text === undefined ? bytes.indexOf(NEWLINE, at) : at + text.length;
      if (this.#batch.isFull) this.#batch.flush(output);
      at = this.#line(region, at, newline, newline + 1, output, text);
    }
    this.#codec.learned.rested(this.#codec.records - before);
    return end;
  }

  /** Decodes the record in `[start, end)` by JSON.parse; returns `next`. `text` where it is known already. */
  #line(region: Region, start: number, end: number, next: number, output: DecoderOutput, text?: string): number {
    const { bytes, offset } = region;
    const codec = this.#codec;
    if (end - start > codec.options.maxRecordBytes) {
      return this.#invalid(region, start, end, next, this.#overlongReason(), output);
    }
    const from = offset + start === 0 && hasByteOrderMark(bytes, start, end) ? start + 3 : start;
    if (!isBlank(bytes, from, end)) {
      const line = text ?? strictUtf8(bytes, from, end);
      if (line === undefined) return this.#invalid(region, start, end, next, 'not valid UTF-8', output);
      const deep = tooDeep(line);
      if (deep !== undefined) return this.#invalid(region, start, end, next, deep, output);
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch (error) {
        return this.#invalid(region, start, end, next, `not valid JSON: ${(error as Error).message}`, output);
      }
      codec.records += 1;
      this.#batch.push(codec.project === undefined ? value : codec.project(value), -1);
      if (codec.learned.isActive && next > end) codec.learned.miss(bytes, from, next);
    }
    this.#batch.endOffset = offset + next;
    return next;
  }

  #invalid(region: Region, start: number, end: number, next: number, reason: string, output: DecoderOutput): number {
    const { bytes, offset } = region;
    this.#codec.records += 1;
    this.#codec.invalid += 1;
    const raw = bytes.subarray(start, end);
    this.#batch.invalid(output, { reason, raw, rawBytes: end - start, offset: offset + start }, offset + next);
    return next;
  }

  /** The carried record was too long to be kept; `consumed` counts its separator, if there was one. */
  #reportOverlong(output: DecoderOutput, consumed: number): void {
    const { bytes, length, offset, rawBytes } = this.#carry;
    this.#codec.records += 1;
    this.#codec.invalid += 1;
    const record = { reason: this.#overlongReason(), raw: bytes.subarray(0, length), rawBytes, offset };
    this.#batch.invalid(output, record, offset + consumed);
    this.#carry.clear();
  }

  #overlongReason(): string {
    return `longer than the ${this.#codec.options.maxRecordBytes} bytes allowed for one record`;
  }
}

/** See Frame: a blank line is an empty record. */
function frameLine(bytes: Uint8Array, start: number, end: number, isEnd: boolean): ReturnType<Frame> {
  const newline = bytes.indexOf(NEWLINE, start);
  const isWhole = newline >= 0 && newline < end;
  if (!isWhole && !isEnd) return undefined;
  const to = isWhole ? newline : end;
  // A byte order mark alone can only be the first line of a channel, and is no event.
  const isEmpty = isBlank(bytes, hasByteOrderMark(bytes, start, to) ? start + 3 : start, to);
  return { start, end: isEmpty ? start : to, next: isWhole ? newline + 1 : end };
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte !== 32 && byte !== 9 && byte !== 13) return false;
  }
  return true;
}

function hasByteOrderMark(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf;
}
