/**
 * CSV after RFC 4180: quotes, embedded newlines, CRLF or LF.
 *
 * Invariants
 * - The result does not depend on the cuts between chunks; no byte is walked twice to find a record.
 * - A record of too many or too few fields is invalid, and so is one that is not UTF-8 or badly quoted.
 * - A record longer than `maxRecordBytes` ends at the first newline after that many bytes, quoted or
 *   not: one missing quote never swallows the rest of a channel.
 * - Line numbers count the lines of the channel; a record that is too long counts as one.
 * - Empty lines are skipped. A byte order mark is skipped at the start of a channel.
 */
import { ConfigError } from '../errors/errors.ts';
import { Carry } from './carry.ts';
import { CsvFrame } from './csv-frame.ts';
import { csvEventBuilder, csvFields, type CsvEventBuilder } from './csv-record.ts';
import {
  keptBytes,
  type Codec,
  type CodecOptions,
  type CodecStats,
  type Decoder,
  type DecoderOutput,
} from './decoder.ts';
import { IdSlab } from './id-slab.ts';
import { KeyIds } from './key-ids.ts';
import { RawRecords, type Frame } from './raw-records.ts';
import { RecordBatch } from './record-batch.ts';
import { asBuffer, strictUtf8, type Bytes } from './strict-utf8.ts';

export interface CsvCodecOptions extends CodecOptions {
  /** One ASCII character. Default: a comma. */
  readonly delimiter?: string | undefined;
  /** True: the first record of each channel names the columns. An array: their names, and no such record. Default true. */
  readonly header?: true | readonly string[] | undefined;
}

const NEWLINE = 10;

/**
 * A codec of CSV records; values are strings.
 * @throws ConfigError for a delimiter or a header that cannot work
 */
export function csvCodec(options: CsvCodecOptions): Codec {
  const delimiter = options.delimiter ?? ',';
  if (!/^[\0-\x7f]$/.test(delimiter) || '"\r\n'.includes(delimiter)) {
    throw new ConfigError('csv.delimiter', 'one ASCII character other than a quote or a line end', delimiter);
  }
  const header = options.header ?? true;
  if (header !== true && (header.length === 0 || repeated(header) !== undefined)) {
    throw new ConfigError('csv.header', 'true, or column names without repetition', header);
  }
  return new CsvCodec(options, delimiter, header);
}

class CsvCodec implements Codec {
  readonly options: CodecOptions;
  readonly keptBytes: number;
  readonly delimiter: string;
  readonly header: true | readonly string[];
  readonly keys = new KeyIds();
  records = 0;
  invalid = 0;
  readonly ids: IdSlab | undefined;

  constructor(options: CodecOptions, delimiter: string, header: true | readonly string[]) {
    this.options = options;
    this.keptBytes = keptBytes(options);
    this.delimiter = delimiter;
    this.header = header;
    if (options.keyField !== undefined) this.ids = new IdSlab(options.maxBatchEvents);
  }

  get keyValues(): readonly string[] {
    return this.keys.values;
  }

  decoder(): Decoder {
    return new CsvDecoder(this);
  }

  stats(): CodecStats {
    return { records: this.records, learned: 0, invalid: this.invalid };
  }
}

/** What the header decides. */
interface Columns {
  readonly count: number;
  /** Index of the key field among the columns; -1 without one. */
  readonly key: number;
  readonly build: CsvEventBuilder;
}

/** A record within a buffer: its bytes, and where it stands in the channel. */
interface Span {
  readonly bytes: Bytes;
  readonly start: number;
  /** Before the newline. */
  readonly end: number;
  /** Position of `start` in the channel. */
  readonly offset: number;
  /** Position in the channel after the record and its newline. */
  readonly nextOffset: number;
}

class CsvDecoder implements Decoder {
  readonly #codec: CsvCodec;
  readonly #batch: RecordBatch;
  readonly #raw: RawRecords | undefined;
  readonly #carry = new Carry();
  readonly #frame: CsvFrame;
  #columns: Columns | undefined;
  #position = 0;
  /** Number of the line on which the next record begins, from 1. */
  #line = 1;

  constructor(codec: CsvCodec) {
    const { maxBatchEvents, keepRaw } = codec.options;
    this.#codec = codec;
    this.#frame = new CsvFrame(codec.delimiter.charCodeAt(0));
    if (keepRaw === true) this.#raw = new RawRecords(frameWith(codec.delimiter.charCodeAt(0)));
    this.#batch = new RecordBatch(maxBatchEvents, codec.keptBytes, codec.ids, this.#raw);
    if (codec.header !== true) this.#columns = this.#columnsOf(codec.header);
  }

  write(chunk: Uint8Array, output: DecoderOutput): void {
    const bytes = asBuffer(chunk);
    const offset = this.#position;
    this.#position += bytes.length;
    let at = this.#carry.isEmpty ? 0 : this.#complete(bytes, offset, output);
    this.#raw?.remember(bytes, offset);
    while (at < bytes.length) {
      // A record that is too long ends elsewhere, so the walk goes no further than the limit.
      const limit = Math.min(bytes.length, at + this.#codec.options.maxRecordBytes + 1);
      const newline = this.#frame.find(bytes, at, limit);
      if (newline >= 0) {
        this.#record({ bytes, start: at, end: newline, offset: offset + at, nextOffset: offset + newline + 1 }, output);
        at = newline + 1;
      } else {
        this.#carry.start(bytes.subarray(0, limit) as Bytes, at, offset + at, 0);
        at = this.#isOverlong() ? this.#skip(bytes, offset, limit, output) : limit;
      }
    }
    this.#finish(output);
  }

  end(output: DecoderOutput, truncated?: string): void {
    const { bytes, length, offset, rawBytes } = this.#carry;
    const span = { bytes, start: 0, end: length, offset, nextOffset: offset + rawBytes };
    this.#raw?.remember(bytes.subarray(0, length), offset);
    if (this.#isOverlong()) this.#invalid(span, this.#overlongReason(), output, rawBytes);
    else if (length > 0 && truncated !== undefined) this.#invalid(span, truncated, output, length);
    else if (length > 0) this.#record(span, output);
    this.#finish(output);
    this.#carry.clear();
  }

  #finish(output: DecoderOutput): void {
    this.#batch.flush(output);
    this.#raw?.forget();
  }

  #isOverlong(): boolean {
    return this.#carry.rawBytes > this.#codec.options.maxRecordBytes;
  }

  /** Goes on with the carried record; returns where the next one begins. */
  #complete(bytes: Bytes, chunkOffset: number, output: DecoderOutput): number {
    const carry = this.#carry;
    if (this.#isOverlong()) return this.#skip(bytes, chunkOffset, 0, output);
    const limit = Math.min(bytes.length, this.#codec.options.maxRecordBytes + 1 - carry.rawBytes);
    const newline = this.#frame.find(bytes, 0, limit);
    carry.append(bytes, newline < 0 ? limit : newline + 1, 0);
    if (newline < 0) return this.#isOverlong() ? this.#skip(bytes, chunkOffset, limit, output) : limit;
    const { offset, length } = carry;
    const record = asBuffer(Uint8Array.from(carry.bytes.subarray(0, length)));
    this.#raw?.remember(record, offset);
    this.#record({ bytes: record, start: 0, end: length - 1, offset, nextOffset: offset + length }, output);
    carry.clear();
    return newline + 1;
  }

  /** Passes over the rest of a record that is too long. */
  #skip(bytes: Bytes, chunkOffset: number, from: number, output: DecoderOutput): number {
    const carry = this.#carry;
    carry.cut(this.#codec.keptBytes);
    const newline = bytes.indexOf(NEWLINE, from);
    const end = newline < 0 ? bytes.length : newline;
    carry.appendRaw(bytes.subarray(from) as Bytes, end - from, this.#codec.keptBytes);
    if (newline < 0) return end;
    const nextOffset = chunkOffset + newline + 1;
    const span = { bytes: carry.bytes, start: 0, end: carry.length, offset: carry.offset, nextOffset };
    this.#invalid(span, this.#overlongReason(), output, carry.rawBytes);
    this.#line += 1;
    carry.clear();
    this.#frame.reset();
    return newline + 1;
  }

  #record(span: Span, output: DecoderOutput): void {
    const { bytes, start } = span;
    const end = span.end > start && bytes[span.end - 1] === 13 ? span.end - 1 : span.end;
    const from = span.offset === 0 && hasByteOrderMark(bytes, start, end) ? start + 3 : start;
    if (from === end) {
      this.#line += 1;
      this.#batch.endOffset = span.nextOffset;
      return;
    }
    const text = strictUtf8(bytes, from, end);
    const fields = text === undefined ? 'not valid UTF-8' : csvFields(text, this.#codec.delimiter);
    if (typeof fields === 'string') this.#invalid(span, `${fields} (line ${this.#line})`, output);
    else if (this.#columns === undefined) this.#header(span, fields, output);
    else this.#row(span, fields, this.#columns, output);
    this.#line += text?.includes('\n') === false ? 1 : newlinesIn(bytes, start, end) + 1;
  }

  #header(span: Span, names: readonly string[], output: DecoderOutput): void {
    this.#columns = this.#columnsOf(names);
    const name = repeated(names);
    if (name === undefined) this.#batch.skipTo(span.nextOffset);
    else this.#invalid(span, `column ${JSON.stringify(name)} is named twice, the last one counts`, output);
  }

  #row(span: Span, fields: string[], columns: Columns, output: DecoderOutput): void {
    if (fields.length !== columns.count) {
      const reason = `expected ${columns.count} fields, got ${fields.length} (line ${this.#line})`;
      this.#invalid(span, reason, output);
      return;
    }
    const { keys } = this.#codec;
    const id = columns.key < 0 ? -1 : keys.idOf(fields[columns.key]);
    // One string per key: comparing it with the dictionary's then costs a pointer comparison.
    if (id >= 0) fields[columns.key] = keys.values[id] as string;
    if (this.#batch.isFull) this.#batch.flush(output);
    this.#codec.records += 1;
    this.#batch.push(columns.build(fields), id);
    this.#batch.endOffset = span.nextOffset;
  }

  #columnsOf(names: readonly string[]): Columns {
    const { keyField, fields, generateCode } = this.#codec.options;
    const key = keyField === undefined ? -1 : names.lastIndexOf(keyField);
    return { count: names.length, key, build: csvEventBuilder(names, { fields, generateCode }) };
  }

  #invalid(span: Span, reason: string, output: DecoderOutput, rawBytes: number = span.end - span.start): void {
    this.#codec.records += 1;
    this.#codec.invalid += 1;
    const raw = span.bytes.subarray(span.start, span.end);
    this.#batch.invalid(output, { reason, raw, rawBytes, offset: span.offset }, span.nextOffset);
  }

  #overlongReason(): string {
    return `longer than the ${this.#codec.options.maxRecordBytes} bytes allowed for one record (line ${this.#line})`;
  }
}

/** See Frame: an empty line is an empty record. */
function frameWith(delimiter: number): Frame {
  return (bytes, start, end, isEnd) => {
    const newline = new CsvFrame(delimiter).find(bytes, start, end);
    if (newline < 0 && !isEnd) return undefined;
    const to = newline < 0 ? end : newline;
    const isEmpty = to === start || (to === start + 1 && bytes[start] === 13);
    return { start, end: isEmpty ? start : to, next: newline < 0 ? end : newline + 1 };
  };
}

function newlinesIn(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE, start); at >= 0 && at < end; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, i) => names.indexOf(name) !== i);
}

function hasByteOrderMark(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf;
}
