/**
 * The shape of a line: its literal bytes and the values between them.
 *
 * Invariants
 * - Only a line that JSON.parse accepted is analysed, so the walk may trust its syntax.
 * - A shape has no duplicate names, no array indices, and no name that Object.prototype knows: for all
 *   others, writing the members in line order gives what JSON.parse gives.
 * - The literals of a shape with its values in between are the whole line, separator included.
 */
import { strictUtf8, type Bytes } from './strict-utf8.ts';

/**
 * What is expected where a value stands; anything else there is read the slow way, never wrongly.
 * `wide`: integers of 8 digits and more; `word`: strings that repeat; `text`: strings that do not;
 * `atom`: true, false, null; `json`: arrays and whatever is too deep.
 */
export type LeafKind = 'wide' | 'decimal' | 'word' | 'text' | 'atom' | 'json';

export interface Leaf {
  /** Dotted path of names; identifies the dictionary. */
  readonly path: string;
  /** Name of the top-level member it belongs to. */
  readonly member: string;
  readonly depth: number;
  kind: LeafKind;
  /** The bytes between the value before and this one. */
  readonly prefix: Uint8Array;
}

/** An object to build: members are leaves, by index, or objects again. */
export interface ObjectNode {
  readonly names: readonly string[];
  readonly members: readonly (number | ObjectNode)[];
}

export interface LineShape {
  readonly leaves: readonly Leaf[];
  readonly root: ObjectNode;
  /** From the last value to the newline, included. */
  readonly suffix: Uint8Array;
  readonly literalBytes: number;
  /** Equal for lines of the same literals. */
  readonly signature: string;
}

/** More members than this and the generated loop grows past what V8 optimises. */
const MAX_LEAVES = 64;
const MAX_DEPTH = 4;
const MAX_LITERAL_BYTES = 2048;
/** Above this share of the line, values that JSON.parse must read anyway leave nothing to gain. */
const MAX_JSON_SHARE = 1 / 3;
const WIDE_DIGITS = 8;

const BYTE = { quote: 34, comma: 44, minus: 45, colon: 58, backslash: 92, open: 123, close: 125 } as const;

/** The shape of the object in `bytes[start, end)`, `end` after its newline; undefined where none can be learned. */
export function shapeOf(bytes: Bytes, start: number, end: number): LineShape | undefined {
  const walk = new LineWalk(bytes, start, end);
  const root = walk.object('', '', 1);
  if (root === undefined || walk.leaves.length === 0 || walk.jsonBytes > (end - start) * MAX_JSON_SHARE)
    return undefined;
  const suffix = bytes.subarray(walk.literalStart, end);
  const literals = [...walk.leaves.map((leaf) => leaf.prefix), suffix];
  const literalBytes = literals.reduce((sum, literal) => sum + literal.length, 0);
  if (literalBytes > MAX_LITERAL_BYTES) return undefined;
  return {
    leaves: walk.leaves,
    root,
    suffix: Uint8Array.from(suffix),
    literalBytes,
    // No literal contains a raw newline but the last.
    signature: literals.map((literal) => Buffer.from(literal).toString('latin1')).join('\n'),
  };
}

class LineWalk {
  readonly leaves: Leaf[] = [];
  literalStart: number;
  jsonBytes = 0;
  readonly #bytes: Bytes;
  readonly #end: number;
  #at: number;

  constructor(bytes: Bytes, start: number, end: number) {
    this.#bytes = bytes;
    this.#end = end;
    this.#at = start;
    this.literalStart = start;
  }

  /** Walks one object; undefined when it cannot be part of a shape. */
  object(path: string, member: string, depth: number): ObjectNode | undefined {
    if (this.#skipSpace() !== BYTE.open) return undefined;
    this.#at += 1;
    const names: string[] = [];
    const members: (number | ObjectNode)[] = [];
    while (this.#skipSpace() !== BYTE.close) {
      if (this.#bytes[this.#at] === BYTE.comma) this.#at += 1;
      this.#skipSpace();
      const name = this.#name();
      if (name === undefined || names.includes(name) || isUnsafe(name)) return undefined;
      names.push(name);
      const value = this.#member(path === '' ? name : `${path}.${name}`, depth === 1 ? name : member, depth);
      if (value === undefined) return undefined;
      members.push(value);
    }
    this.#at += 1;
    return { names, members };
  }

  #member(path: string, member: string, depth: number): number | ObjectNode | undefined {
    if (this.#skipSpace() === BYTE.colon) this.#at += 1;
    if (this.#skipSpace() === BYTE.open && depth < MAX_DEPTH) return this.object(path, member, depth + 1);
    if (this.leaves.length === MAX_LEAVES) return undefined;
    const start = this.#at;
    const end = valueEnd(this.#bytes, start, this.#end);
    if (end < 0) return undefined;
    const kind = kindOf(this.#bytes, start, end);
    if (kind === 'json') this.jsonBytes += end - start;
    const prefix = Uint8Array.from(this.#bytes.subarray(this.literalStart, start));
    this.leaves.push({ path, member, depth, kind, prefix });
    this.#at = end;
    this.literalStart = end;
    return this.leaves.length - 1;
  }

  #name(): string | undefined {
    const start = this.#at;
    const end = valueEnd(this.#bytes, start, this.#end);
    if (end < 0) return undefined;
    this.#at = end;
    const text = strictUtf8(this.#bytes, start, end);
    return text === undefined ? undefined : (JSON.parse(text) as string);
  }

  /** The next byte that is not white space. */
  #skipSpace(): number {
    while (this.#at < this.#end && isSpace(this.#bytes[this.#at] as number)) this.#at += 1;
    return this.#at < this.#end ? (this.#bytes[this.#at] as number) : -1;
  }
}

/**
 * Where the JSON value that begins at `start` ends, if it is one: brackets and strings are matched,
 * nothing is validated. -1 when it does not end before `limit`.
 */
export function valueEnd(bytes: Uint8Array, start: number, limit: number): number {
  let depth = 0;
  for (let at = start; at < limit; at++) {
    const byte = bytes[at] as number;
    if (byte === BYTE.quote) {
      at = stringEnd(bytes, at, limit) - 1;
      if (at < 0) return -1;
      if (depth === 0) return at + 1;
    } else if (byte === BYTE.open || byte === 91) {
      depth += 1;
    } else if (byte === BYTE.close || byte === 93) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (byte === 10) {
      return -1;
    } else if (depth === 0 && (byte === BYTE.comma || isSpace(byte))) {
      return at;
    }
  }
  return -1;
}

/** Position after the closing quote of the string that opens at `start`; 0 when there is none. */
function stringEnd(bytes: Uint8Array, start: number, limit: number): number {
  for (let at = start + 1; at < limit; at++) {
    const byte = bytes[at] as number;
    if (byte === BYTE.quote) return at + 1;
    if (byte === BYTE.backslash) at += 1;
    else if (byte === 10) return 0;
  }
  return 0;
}

function kindOf(bytes: Uint8Array, start: number, end: number): LeafKind {
  const first = bytes[start] as number;
  if (first === BYTE.quote) return 'word';
  if (first === BYTE.minus || (first >= 48 && first <= 57)) {
    let at = first === BYTE.minus ? start + 1 : start;
    const digits = at;
    while (at < end && (bytes[at] as number) >= 48 && (bytes[at] as number) <= 57) at += 1;
    return at === end && at - digits >= WIDE_DIGITS ? 'wide' : 'decimal';
  }
  return first === BYTE.open || first === 91 ? 'json' : 'atom';
}

/** Names with a meaning of their own: assignment would not do what JSON.parse does. */
function isUnsafe(name: string): boolean {
  return name in Object.prototype || /^\d+$/.test(name);
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 13;
}
