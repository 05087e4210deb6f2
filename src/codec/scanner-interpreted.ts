/**
 * The scanner without code generation: the same steps as scanner-source.ts, walked over the plan.
 *
 * Cost: bench/micro/decoder.ts; it still beats JSON.parse, but not by what the generated one does.
 */
import type { ObjectNode } from './line-shape.ts';
import { POWERS_OF_TEN } from './powers-of-ten.ts';
import type { BatchTarget, LeafPlan, Scan, ScanPlan } from './scanner.ts';
import type { Bytes } from './strict-utf8.ts';
import type { ValueReader } from './value-reader.ts';

export function interpretScanner(plan: ScanPlan, reader: ValueReader): Scan {
  const line = new InterpretedLine(plan, reader);
  return (bytes, view, at, safe, target) => {
    let start = at;
    while (start <= safe && target.events.length < target.maxEvents) {
      const end = line.read(bytes, view, start, safe);
      if (end < 0 || end - start > plan.maxLineBytes) break;
      line.deliver(target);
      start = end;
    }
    return start;
  };
}

class InterpretedLine {
  readonly #plan: ScanPlan;
  readonly #reader: ValueReader;
  readonly #values: unknown[];
  #keyId = -1;

  constructor(plan: ScanPlan, reader: ValueReader) {
    this.#plan = plan;
    this.#reader = reader;
    this.#values = new Array<unknown>(plan.leaves.length).fill(undefined);
  }

  /** Reads the values of the line at `start`; the position after it, -1 where it is of another shape. */
  read(bytes: Bytes, view: DataView, start: number, safe: number): number {
    const { leaves, shape } = this.#plan;
    let at = start;
    this.#keyId = -1;
    for (let i = 0; i < leaves.length; i++) {
      const leaf = leaves[i] as LeafPlan;
      if (!startsWith(bytes, at, leaf.prefix)) return -1;
      this.#reader.id = -1;
      this.#values[i] = this.#value(leaf, bytes, view, at + leaf.prefix.length, safe);
      at = this.#reader.end;
      if (at < 0 || at > safe + 32) return -1;
      if (leaf.isKey) this.#keyId = this.#reader.id;
    }
    return startsWith(bytes, at, shape.suffix) ? at + shape.suffix.length : -1;
  }

  deliver(target: BatchTarget): void {
    if (target.keyIds !== undefined) target.keyIds[target.events.length] = this.#keyId;
    target.events.push(this.#build(this.#plan.event));
  }

  #value(leaf: LeafPlan, bytes: Bytes, view: DataView, at: number, safe: number): unknown {
    switch (leaf.kind) {
      case 'wide':
      case 'decimal':
        return this.#number(bytes, at);
      case 'word':
      case 'text':
        return bytes[at] === 34 ? this.#string(leaf, bytes, view, at + 1, safe) : this.#reader.value(bytes, at);
      case 'atom':
      case 'json':
        return this.#reader.json(bytes, at);
    }
  }

  /** A plain number of up to 15 digits; all others by the slow reader. */
  #number(bytes: Bytes, start: number): unknown {
    const first = bytes[start] === 45 ? start + 1 : start;
    let mantissa = 0;
    let point = -1;
    let at = first;
    for (; at < first + 16; at++) {
      const digit = (bytes[at] as number) - 48;
      if (digit >= 0 && digit < 10) mantissa = mantissa * 10 + digit;
      else if (digit === -2 && point < 0 && at > first) point = at;
      else break;
    }
    const fraction = point < 0 ? 0 : at - point - 1;
    const isPlain = at > first && at < first + 16 && point !== at - 1 && isNumberEnd(bytes[at] as number);
    const hasLeadingZero = bytes[first] === 48 && at > first + 1 && point !== first + 1;
    if (!isPlain || hasLeadingZero) return this.#reader.json(bytes, start);
    this.#reader.end = at;
    const value = fraction === 0 ? mantissa : mantissa / (POWERS_OF_TEN[fraction] as number);
    return first === start ? value : -value;
  }

  #string(leaf: LeafPlan, bytes: Bytes, view: DataView, start: number, safe: number): unknown {
    let quote = start;
    let isPlain = true;
    for (let byte = bytes[quote] as number; byte !== 34; byte = bytes[++quote] as number) {
      if (quote > safe) return this.#ended(-1, undefined);
      if (byte < 32 || byte > 126 || byte === 92) isPlain = false;
    }
    if (leaf.skip && isPlain) return this.#ended(quote + 1, undefined);
    if (leaf.kind === 'text' || leaf.skip) {
      return isPlain ? this.#ended(quote + 1, bytes.latin1Slice(start, quote)) : this.#reader.text(bytes, start);
    }
    const id = leaf.dictionary.find(view, start, quote);
    if (id < 0) return this.#reader.word(leaf.dictionary, bytes, view, start, quote);
    this.#reader.id = id;
    return this.#ended(quote + 1, leaf.dictionary.strings[id]);
  }

  #ended(end: number, value: unknown): unknown {
    this.#reader.end = end;
    return value;
  }

  #build(node: ObjectNode): Record<string, unknown> {
    const event: Record<string, unknown> = {};
    for (let i = 0; i < node.names.length; i++) {
      const member = node.members[i] as number | ObjectNode;
      event[node.names[i] as string] = typeof member === 'number' ? this.#values[member] : this.#build(member);
    }
    return event;
  }
}

function startsWith(bytes: Bytes, at: number, literal: Uint8Array): boolean {
  for (let i = 0; i < literal.length; i++) if (bytes[at + i] !== literal[i]) return false;
  return true;
}

/** After a number JSON allows only these; a digit, a second point or an exponent is for the slow reader. */
function isNumberEnd(byte: number): boolean {
  return byte === 44 || byte === 125 || byte === 93 || byte === 32 || byte === 9 || byte === 13;
}
