/**
 * Number of different values: exact up to `EXACT_VALUES`, then estimated.
 *
 * Error beyond that: standard error 0.81 % (1.04 / sqrt(2^14)), so 2.4 % in 99.7 of 100 cases,
 * without bias up to about 10^12 values. Memory: a Set while exact, then 16 KB.
 * Merging gives the registers of one sketch that saw all values (distinct-sketch.test.ts).
 * Sources: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog", AofA 2007; the estimator of Ertl,
 * "New cardinality estimation algorithms for HyperLogLog sketches", arXiv:1702.01284, algorithm 6.
 */

/** What `distinct` can count. 1, '1', 1n and true are four values. */
export type Countable = string | number | boolean | bigint;

const EXACT_VALUES = 1024;
const INDEX_BITS = 14;
const REGISTERS = 2 ** INDEX_BITS;
/** 64-bit hash: what the index leaves, counted as leading zeros plus one. */
const RANK_BITS = 64 - INDEX_BITS;
const ALPHA = 1 / (2 * Math.LN2);

/** The values while they are few, then the registers. */
export type DistinctData = Set<Countable> | Uint8Array;

export class DistinctSketch {
  #exact: Set<Countable> | undefined = new Set();
  #registers: Uint8Array | undefined;

  add(value: Countable): void {
    if (this.#exact === undefined) this.#record(value);
    else if (this.#exact.add(value).size > EXACT_VALUES) this.#spill();
  }

  /** Adds everything that `other` saw; `other` stays as it is. */
  merge(other: DistinctSketch): void {
    if (other.#exact !== undefined) {
      for (const value of other.#exact) this.add(value);
      return;
    }
    if (this.#exact !== undefined) this.#spill();
    const mine = this.#registers as Uint8Array;
    const theirs = other.#registers as Uint8Array;
    for (let i = 0; i < REGISTERS; i += 1) {
      if ((theirs[i] as number) > (mine[i] as number)) mine[i] = theirs[i] as number;
    }
  }

  snapshot(): DistinctData {
    return this.#exact === undefined ? (this.#registers as Uint8Array).slice() : new Set(this.#exact);
  }

  static restored(data: DistinctData): DistinctSketch {
    const sketch = new DistinctSketch();
    sketch.#exact = data instanceof Set ? data : undefined;
    sketch.#registers = data instanceof Set ? undefined : data.slice();
    return sketch;
  }

  /** Exact while small; else rounded to a whole number. */
  count(): number {
    return this.#exact === undefined ? Math.round(estimate(this.#registers as Uint8Array)) : this.#exact.size;
  }

  #spill(): void {
    const values = this.#exact as Set<Countable>;
    this.#exact = undefined;
    this.#registers = new Uint8Array(REGISTERS);
    for (const value of values) this.#record(value);
  }

  #record(value: Countable): void {
    hash(value);
    const register = high >>> (32 - INDEX_BITS);
    const rest = (high << INDEX_BITS) >>> 0;
    const zeros = rest === 0 ? 32 - INDEX_BITS + Math.clz32(low) : Math.clz32(rest);
    const rank = Math.min(zeros, RANK_BITS) + 1;
    const registers = this.#registers as Uint8Array;
    if (rank > (registers[register] as number)) registers[register] = rank;
  }
}

function estimate(registers: Uint8Array): number {
  const multiplicity = new Float64Array(RANK_BITS + 2);
  for (const rank of registers) (multiplicity[rank] as number) += 1;
  let z = REGISTERS * tau(1 - (multiplicity[RANK_BITS + 1] as number) / REGISTERS);
  for (let rank = RANK_BITS; rank >= 1; rank -= 1) z = 0.5 * (z + (multiplicity[rank] as number));
  z += REGISTERS * sigma((multiplicity[0] as number) / REGISTERS);
  return (ALPHA * REGISTERS * REGISTERS) / z;
}

/** Correction for empty registers. */
function sigma(share: number): number {
  if (share === 1) return Infinity;
  let [x, y, z, before] = [share, 1, share, Number.NaN];
  while (z !== before) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

/** Correction for full registers. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [x, y, z, before] = [share, 1, 1 - share, Number.NaN];
  while (z !== before) {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}

// The 64-bit hash leaves in two variables, so that none is allocated per value.
let high = 0;
let low = 0;
const double = new Float64Array(1);
const words = new Int32Array(double.buffer);

function hash(value: Countable): void {
  if (typeof value === 'number') {
    double[0] = Number.isNaN(value) ? Number.NaN : value + 0; // one NaN, one zero: as in a Set
    mix(words[0] as number, words[1] as number);
  } else if (typeof value === 'string') {
    hashText(value, 0x243f6a88);
  } else {
    hashText(String(value), typeof value === 'bigint' ? 0x13198a2e : 0x03707344);
  }
}

/** Two multiplicative hashes over the UTF-16 units, with different odd factors. */
function hashText(text: string, seed: number): void {
  let a = seed;
  let b = seed ^ 0x9e3779b9;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x85ebca6b);
    a ^= a >>> 15;
    b = Math.imul(b ^ unit, 0xc2b2ae35);
    b ^= b >>> 13;
  }
  mix(a ^ text.length, b);
}

/** Each half takes part in both outputs; finalised as MurmurHash3 does (public domain, Appleby). */
function mix(a: number, b: number): void {
  const x = finalise(a ^ Math.imul(b, 0x2545f491));
  low = finalise(b + Math.imul(x, 0x9e3779b1)) >>> 0;
  high = finalise(x + Math.imul(low, 0x85ebca77)) >>> 0;
}

function finalise(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
