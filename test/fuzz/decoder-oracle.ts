/**
 * The naive decoder that all others are compared with: split at newlines, JSON.parse, pick.
 */
import { MAX_DEPTH } from '../../src/codec/depth.ts';
import type { Codec, DecoderOutput, InvalidRecord } from '../../src/codec/decoder.ts';

export type Outcome =
  { readonly event: unknown } | { readonly invalid: string; readonly rawBytes: number; readonly offset: number };

interface Limits {
  readonly maxBatchEvents: number;
  readonly maxRecordBytes: number;
}

/** Of a record that cannot be read all is kept, unless it is too long; then as much, and 64 KB at least. */
const keptBytes = (maxRecordBytes: number): number => Math.max(65_536, maxRecordBytes);

/** Collects in order what a decoder hands out, and checks the contract on the way. */
export class CollectingOutput implements DecoderOutput {
  readonly outcomes: Outcome[] = [];
  /** Bytes of each event, as asked back from the decoder. */
  readonly raws: (Buffer | undefined)[] = [];
  readonly keys: (string | undefined)[] = [];
  readonly #codec: Codec;
  readonly #maxBatchEvents: number;
  readonly #keptBytes: number;
  #endOffset = 0;

  constructor(codec: Codec, { maxBatchEvents, maxRecordBytes }: Limits) {
    this.#codec = codec;
    this.#maxBatchEvents = maxBatchEvents;
    this.#keptBytes = keptBytes(maxRecordBytes);
  }

  batch(
    events: unknown[],
    bytes: number,
    endOffset: number,
    keyIds: Int32Array | undefined,
    rawOf?: (index: number) => Uint8Array,
  ): void {
    if (events.length === 0 || events.length > this.#maxBatchEvents) throw new Error(`batch of ${events.length}`);
    if (bytes < events.length || endOffset < this.#endOffset + bytes) throw new Error('offsets do not add up');
    if (keyIds !== undefined && keyIds.length !== events.length) throw new Error('one key id per event');
    this.#endOffset = endOffset;
    events.forEach((event, i) => {
      const id = keyIds?.[i] ?? -1;
      this.keys.push(id < 0 ? undefined : this.#codec.keyValues[id]);
      this.outcomes.push({ event });
      this.raws.push(rawOf === undefined ? undefined : Buffer.from(rawOf(i)));
    });
  }

  invalid(record: InvalidRecord): void {
    if (record.offset < this.#endOffset) throw new Error('invalid record out of order');
    if (record.raw.length > Math.min(record.rawBytes, this.#keptBytes)) throw new Error('too many raw bytes');
    this.#endOffset = record.offset + record.rawBytes;
    this.outcomes.push({
      invalid: Buffer.from(record.raw).toString('latin1'),
      rawBytes: record.rawBytes,
      offset: record.offset,
    });
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** How deeply a value is nested; by a list of its own, since it may be deeper than the stack. */
function levelsOf(value: unknown): number {
  let level: unknown[] = [value];
  for (let levels = 0; ; levels += 1) {
    level = level.flatMap((each): unknown[] => (typeof each === 'object' && each !== null ? [each] : []));
    if (level.length === 0) return levels;
    level = level.flatMap((each): unknown[] => Object.values(each as object));
  }
}

/** What must come out of `bytes`. */
export function expected(
  bytes: Buffer,
  options: { maxRecordBytes: number; fields?: readonly string[] | undefined },
): Outcome[] {
  const outcomes: Outcome[] = [];
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline;
    const outcome = expectedLine(bytes, start, end, options);
    if (outcome !== undefined) outcomes.push(outcome);
    start = end + 1;
  }
  return outcomes;
}

function expectedLine(
  bytes: Buffer,
  start: number,
  end: number,
  options: { maxRecordBytes: number; fields?: readonly string[] | undefined },
): Outcome | undefined {
  const raw = bytes.subarray(start, end);
  const invalid = {
    invalid: raw.subarray(0, keptBytes(options.maxRecordBytes)).toString('latin1'),
    rawBytes: raw.length,
    offset: start,
  };
  if (raw.length > options.maxRecordBytes) return invalid;
  const hasMark = start === 0 && raw[0] === 0xef && raw[1] === 0xbb && raw[2] === 0xbf;
  const content = hasMark ? raw.subarray(3) : raw;
  if (content.every((byte) => byte === 32 || byte === 9 || byte === 13)) return undefined;
  try {
    const value: unknown = JSON.parse(strict.decode(content));
    if (levelsOf(value) > MAX_DEPTH) return invalid;
    return { event: options.fields === undefined ? value : pick(value, options.fields) };
  } catch {
    return invalid;
  }
}

function pick(value: unknown, fields: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => fields.includes(name)));
}

/** Equality of plain data with -0, key order and prototypes; iterative, since values may be very deep. */
export function isSame(left: unknown, right: unknown): boolean {
  const pairs: [unknown, unknown][] = [[left, right]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [a, b] = pair;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
      if (!Object.is(a, b)) return false;
      continue;
    }
    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
    const names = Object.getOwnPropertyNames(a);
    const others = Object.getOwnPropertyNames(b);
    if (names.length !== others.length || names.some((name, i) => name !== others[i])) return false;
    for (const name of names) pairs.push([ownValue(a, name), ownValue(b, name)]);
  }
  return true;
}

function ownValue(object: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(object, name)?.value;
}
