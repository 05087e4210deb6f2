/**
 * Events to NDJSON, one line each.
 *
 * Invariants
 * - Each line is JSON.stringify(event) + '\n', byte for byte (encode-ndjson.test.ts); an event that has no
 *   JSON, such as undefined, becomes null, as it would within an array.
 * - Only plain flat objects with the names of the learned template are written directly; whatever else
 *   shows up, in an event or in a value, hands the whole event to JSON.stringify.
 *
 * Cost: bench/micro/encoder.ts. Throws what JSON.stringify throws (cycles, BigInt, a getter of the user).
 */
import { MAX_NUMBER_BYTES, writeNumber } from './encode-number.ts';
import { asBuffer, type Bytes } from './strict-utf8.ts';

const FIRST_CAPACITY = 65_536;
/** A larger buffer is given back after use. */
const KEPT_CAPACITY = 4_194_304;
/** Events in a row of another shape before the template is learned anew. */
const MISSES_TO_RELEARN = 4;
/** More members than this and JSON.stringify has the advantage of its own loop. */
const MAX_MEMBERS = 128;

export class NdjsonEncoder {
  #out: Bytes = asBuffer(new Uint8Array(FIRST_CAPACITY));
  /** Names of the template, and the bytes before each of their values. */
  #names: readonly string[] = [];
  #literals: readonly Uint8Array[] = [];
  #literalBytes = 0;
  #misses = MISSES_TO_RELEARN;

  /** The lines of all events. The buffer is the caller's. */
  encode(events: readonly unknown[]): Buffer {
    // With this set, JSON.stringify behaves otherwise for every object.
    const isTampered = 'toJSON' in Object.prototype;
    let at = 0;
    for (const event of events) {
      const end = isTampered ? -1 : this.#writeFlat(event, at);
      at = end < 0 ? this.#writeAny(event, at) : end;
    }
    const encoded = Buffer.from(this.#out.subarray(0, at));
    if (this.#out.length > KEPT_CAPACITY) this.#out = asBuffer(new Uint8Array(FIRST_CAPACITY));
    return encoded;
  }

  /** Writes an event by the template; -1 where it does not fit. */
  #writeFlat(event: unknown, start: number): number {
    if (typeof event !== 'object' || event === null || Object.getPrototypeOf(event) !== Object.prototype) return -1;
    const names = this.#names;
    const literals = this.#literals;
    const fixedBytes = this.#literalBytes + names.length * MAX_NUMBER_BYTES + 8;
    if (start + fixedBytes > this.#out.length) this.#grow(start, fixedBytes);
    let out = this.#out;
    let at = start;
    let index = 0;
    for (const name in event) {
      if (name !== names[index]) return this.#miss(event);
      const value = (event as Record<string, unknown>)[name];
      const literal = literals[index++] as Uint8Array;
      for (let i = 0; i < literal.length; i++) out[at++] = literal[i] as number;
      if (typeof value === 'number') {
        if (!Number.isFinite(value)) return -1;
        at = writeNumber(out, at, value);
      } else if (typeof value === 'string') {
        const { length } = value;
        if (at + length + fixedBytes > out.length) {
          this.#grow(at, length + fixedBytes);
          out = this.#out;
        }
        out[at++] = 34;
        for (let i = 0; i < length; i++) {
          const code = value.charCodeAt(i);
          if (code < 32 || code > 126 || code === 34 || code === 92) return -1;
          out[at++] = code;
        }
        out[at++] = 34;
      } else if (value === true) at = writeWord(out, at, TRUE);
      else if (value === false) at = writeWord(out, at, FALSE);
      else if (value === null) at = writeWord(out, at, NULL);
      else return -1;
    }
    if (index !== names.length || index === 0) return this.#miss(event);
    this.#misses = 0;
    out[at] = 125;
    out[at + 1] = 10;
    return at + 2;
  }

  #writeAny(event: unknown, at: number): number {
    // The declared type of JSON.stringify leaves out that some values have no JSON.
    const text = `${(JSON.stringify(event) as string | undefined) ?? 'null'}\n`;
    this.#grow(at, text.length * 3);
    return at + this.#out.write(text, at, 'utf8');
  }

  #miss(event: object): -1 {
    this.#misses += 1;
    if (this.#misses >= MISSES_TO_RELEARN) this.#learn(event);
    return -1;
  }

  #learn(event: object): void {
    this.#misses = 0;
    const names = Object.keys(event);
    if (names.length > MAX_MEMBERS) return;
    this.#names = names;
    this.#literals = names.map((name, i) =>
      Uint8Array.from(Buffer.from(`${i === 0 ? '{' : ','}${JSON.stringify(name)}:`)),
    );
    this.#literalBytes = this.#literals.reduce((sum, literal) => sum + literal.length, 0);
  }

  /** Makes room for `bytes` more after the first `used`. */
  #grow(used: number, bytes: number): void {
    if (used + bytes <= this.#out.length) return;
    const grown = asBuffer(new Uint8Array(Math.max(used + bytes, this.#out.length * 2)));
    this.#out.copy(grown, 0, 0, used);
    this.#out = grown;
  }
}

const TRUE = Uint8Array.from(Buffer.from('true'));
const FALSE = Uint8Array.from(Buffer.from('false'));
const NULL = Uint8Array.from(Buffer.from('null'));

function writeWord(out: Uint8Array, at: number, word: Uint8Array): number {
  for (let i = 0; i < word.length; i++) out[at + i] = word[i] as number;
  return at + word.length;
}
