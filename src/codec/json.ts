/**
 * JSON: a channel is one body, one value or an array of them; decoded when it ends.
 *
 * Invariants
 * - A body that is nested too deeply (depth.ts) is invalid as a whole.
 * - At most `keptBytes` are kept: all of a body that may be read; a longer body is invalid as a whole, like one that does not parse.
 * - All batches but the last keep the body's start as their offset: a body is never half acknowledged.
 */
import { DEAD_LETTER_RAW_BYTES } from '../event/dead-letter.ts';
import {
  keptBytes,
  type Codec,
  type CodecOptions,
  type CodecStats,
  type Decoder,
  type DecoderOutput,
} from './decoder.ts';
import { tooDeep } from './depth.ts';
import { KeyIds } from './key-ids.ts';
import { projectionOf, type Projection } from './projection.ts';
import { asBuffer, strictUtf8, type Bytes } from './strict-utf8.ts';

export interface JsonCodecOptions extends CodecOptions {
  /** Largest body. Default: `maxRecordBytes` times DEFAULT_BODY_RECORDS. */
  readonly maxBodyBytes?: number | undefined;
}

/** A body is parsed in one go while the thread waits: 16 records of the largest size are patience enough. */
export const DEFAULT_BODY_RECORDS = 16;

/** A codec of whole JSON bodies. */
export function jsonCodec(options: JsonCodecOptions): Codec {
  return new JsonCodec(options);
}

class JsonCodec implements Codec {
  readonly options: CodecOptions;
  readonly maxBodyBytes: number;
  readonly keptBytes: number;
  readonly project: Projection | undefined;
  readonly keys = new KeyIds();
  records = 0;
  invalid = 0;

  constructor(options: JsonCodecOptions) {
    this.options = options;
    this.maxBodyBytes = options.maxBodyBytes ?? options.maxRecordBytes * DEFAULT_BODY_RECORDS;
    this.keptBytes = Math.max(this.maxBodyBytes, keptBytes(options));
    this.project = projectionOf(options.fields);
  }

  get keyValues(): readonly string[] {
    return this.keys.values;
  }

  decoder(): Decoder {
    return new JsonDecoder(this);
  }

  stats(): CodecStats {
    return { records: this.records, learned: 0, invalid: this.invalid };
  }
}

class JsonDecoder implements Decoder {
  readonly #codec: JsonCodec;
  #chunks: Uint8Array[] = [];
  #heldBytes = 0;
  #bodyBytes = 0;

  constructor(codec: JsonCodec) {
    this.#codec = codec;
  }

  write(chunk: Uint8Array): void {
    this.#bodyBytes += chunk.length;
    const room = Math.max(0, this.#codec.keptBytes - this.#heldBytes);
    if (room === 0) return;
    const kept = Uint8Array.from(chunk.subarray(0, room));
    this.#chunks.push(kept);
    this.#heldBytes += kept.length;
  }

  end(output: DecoderOutput, truncated?: string): void {
    const body = asBuffer(Buffer.concat(this.#chunks));
    this.#chunks = [];
    const start = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
    const { maxBodyBytes } = this.#codec;
    if (this.#bodyBytes > maxBodyBytes) this.#refuse(output, body, `longer than the ${maxBodyBytes} bytes allowed`);
    else if (isBlank(body, start)) return;
    else if (truncated !== undefined) this.#refuse(output, body, truncated);
    else this.#decode(output, body, start);
  }

  #decode(output: DecoderOutput, body: Bytes, start: number): void {
    const text = strictUtf8(body, start, body.length);
    if (text === undefined) {
      this.#refuse(output, body, 'not valid UTF-8');
      return;
    }
    const deep = tooDeep(text);
    if (deep !== undefined) {
      this.#refuse(output, body, deep);
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      this.#refuse(output, body, `not valid JSON: ${(error as Error).message}`);
      return;
    }
    this.#deliver(output, Array.isArray(value) ? value : [value]);
  }

  #deliver(output: DecoderOutput, values: readonly unknown[]): void {
    const { project, keys, options } = this.#codec;
    const bytesEach = Math.floor(this.#bodyBytes / Math.max(values.length, 1));
    this.#codec.records += values.length;
    for (let at = 0; at < values.length; at += options.maxBatchEvents) {
      const batch = values.slice(at, at + options.maxBatchEvents);
      const isLast = at + batch.length === values.length;
      const bytes = isLast ? this.#bodyBytes - bytesEach * at : bytesEach * batch.length;
      output.batch(
        project === undefined ? batch : batch.map(project),
        bytes,
        isLast ? this.#bodyBytes : 0,
        keysOf(batch, options.keyField, keys),
        // What stood in the body between the commas, but for white space and escapes.
        options.keepRaw === true ? (index) => Buffer.from(JSON.stringify(batch[index])) : undefined,
      );
    }
  }

  #refuse(output: DecoderOutput, body: Uint8Array, reason: string): void {
    this.#codec.records += 1;
    this.#codec.invalid += 1;
    const raw = body.subarray(0, DEAD_LETTER_RAW_BYTES);
    output.invalid({ reason, raw, rawBytes: this.#bodyBytes, offset: 0 });
  }
}

function keysOf(values: readonly unknown[], field: string | undefined, keys: KeyIds): Int32Array | undefined {
  if (field === undefined) return undefined;
  return Int32Array.from(values, (value) => (isRecord(value) ? keys.idOf(value[field]) : -1));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isBlank(bytes: Uint8Array, start: number): boolean {
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte !== 32 && byte !== 9 && byte !== 10 && byte !== 13) return false;
  }
  return true;
}
