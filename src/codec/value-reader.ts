/**
 * Reads one JSON value the slow and exact way, where a scanner met something it did not expect.
 *
 * Invariants
 * - What is accepted here JSON.parse accepts, and the value is the same: numbers go through a checked
 *   grammar to Number(), everything else to JSON.parse itself.
 * - A value never extends over a newline.
 *
 * `end` is the position after the value, -1 when there is none; `id` the key id of a string read by `word`.
 */
import { tooDeep } from './depth.ts';
import type { Dictionary } from './dictionary.ts';
import { valueEnd } from './line-shape.ts';
import { strictUtf8, type Bytes } from './strict-utf8.ts';

export class ValueReader {
  end = -1;
  id = -1;
  /** Values read here because they were not of the kind that the shape expects. */
  detours = 0;

  /** Any value at `start`. */
  value(bytes: Bytes, start: number): unknown {
    this.detours += 1;
    return this.json(bytes, start);
  }

  /** Any value at `start`, where one of any kind is expected. */
  json(bytes: Bytes, start: number): unknown {
    const first = bytes[start] as number;
    if (first === 45 || (first >= 48 && first <= 57)) return this.number(bytes, start);
    return this.#parse(bytes, start, valueEnd(bytes, start, bytes.length));
  }

  /** Any value at `start`, where a number is expected; integers that the other kind reads faster are detours. */
  numeric(bytes: Bytes, start: number): unknown {
    const value = this.json(bytes, start);
    if (typeof value !== 'number' || Number.isSafeInteger(value)) this.detours += 1;
    return value;
  }

  /** A number of any length and form. */
  number(bytes: Bytes, start: number): unknown {
    const end = numberEnd(bytes, start);
    this.end = end;
    return end < 0 ? undefined : Number(bytes.latin1Slice(start, end));
  }

  /**
   * A string that the dictionary does not know.
   * @param start - after the opening quote
   * @param quote - the first quote after it
   */
  word(dictionary: Dictionary, bytes: Bytes, view: DataView, start: number, quote: number): unknown {
    this.id = -1;
    if (!isPlain(bytes, start, quote)) return this.text(bytes, start);
    const value = strictUtf8(bytes, start, quote);
    if (value === undefined) {
      this.end = -1;
      return undefined;
    }
    this.end = quote + 1;
    this.id = dictionary.add(value, view, start, quote);
    return this.id < 0 ? value : dictionary.strings[this.id];
  }

  /** A string of any content; `start` is after the opening quote. */
  text(bytes: Bytes, start: number): unknown {
    return this.#parse(bytes, start - 1, valueEnd(bytes, start - 1, bytes.length));
  }

  #parse(bytes: Bytes, start: number, end: number): unknown {
    this.end = -1;
    if (end < 0) return undefined;
    const text = strictUtf8(bytes, start, end);
    if (text === undefined || tooDeep(text) !== undefined) return undefined;
    try {
      const value: unknown = JSON.parse(text);
      this.end = end;
      return value;
    } catch {
      return undefined;
    }
  }
}

/** True when no byte needs an escape or was escaped. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte < 32 || byte === 92) return false;
  }
  return true;
}

/** Position after the JSON number at `start`; -1 when it is not one. */
function numberEnd(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === 45 ? start + 1 : start;
  const integer = at;
  at = digitsEnd(bytes, at);
  if (at === integer || (bytes[integer] === 48 && at > integer + 1)) return -1;
  if (bytes[at] === 46) {
    const fraction = at + 1;
    at = digitsEnd(bytes, fraction);
    if (at === fraction) return -1;
  }
  if (bytes[at] === 101 || bytes[at] === 69) {
    const sign = bytes[at + 1];
    const exponent = sign === 43 || sign === 45 ? at + 2 : at + 1;
    at = digitsEnd(bytes, exponent);
    if (at === exponent) return -1;
  }
  return at;
}

function digitsEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && (bytes[at] as number) >= 48 && (bytes[at] as number) <= 57) at += 1;
  return at;
}
