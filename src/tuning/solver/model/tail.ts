/**
 * How far p95 and the mean of calls lie above what most of them take. Of calls that are alike by concurrency, since queues in the target
 * even out what single calls scatter: learned from the durations over what the model expects, in decaying histograms per octave
 * of n. Odd ones (odd-calls.ts) are as many of few calls as of many: they have one histogram, over what most calls of their stay
 * took, in which those of a place are not missing that only have not ended yet.
 */

import { ODD, type Mix } from '../samples/odd-calls.ts';
import { clamp } from './numbers.ts';

/** Weights of bins of the logarithm of a ratio; plain data. */
export interface TailState {
  /** Of calls that are alike, over the expected duration: a row per octave of calls in flight. */
  readonly rows: readonly (readonly number[])[];
  readonly odd: readonly number[];
  /** Weight of all calls that the odd ones are among. */
  readonly calls: number;
}

const OCTAVES = 10;
const BINS = 52;
const BIN_WIDTH = 0.04;
/** Lower edge of the first bin; it takes all below. */
const FIRST = -0.2;
/** Up to 45 times what most take. */
const ODD_FIRST = Math.log(ODD);
const ODD_BINS = 64;
/** Calls after which a row, or that of the odd ones, has forgotten half. */
const MEMORY_CALLS = 600;
/** What all rows together count as in a row of their own: neighbours and little evidence lean on it. */
const COMMON_CALLS = 40;
/** Before anything is known. */
const UNKNOWN_TAIL = 1.3;
const UNKNOWN_CALLS = 10;
const LEAST_TAIL = 1.03;
const MOST_TAIL = 6;
/** Share of calls beyond p95. */
const LATE = 0.05;

export function initialTail(): TailState {
  const rows = Array.from({ length: OCTAVES }, () => new Array<number>(BINS).fill(0));
  return { rows, odd: new Array<number>(ODD_BINS).fill(0), calls: 0 };
}

export interface TailCall {
  readonly inFlight: number;
  /** Measured over expected duration. */
  readonly ratio: number;
}

/** @param calls - that are alike */
export function withCalls(before: TailState, calls: readonly TailCall[]): TailState {
  if (calls.length === 0) return before;
  const rows = new Map<number, number[]>();
  for (const { inFlight, ratio } of calls) {
    const octave = octaveOf(inFlight);
    let row = rows.get(octave);
    if (row === undefined) rows.set(octave, (row = (before.rows[octave] as readonly number[]).slice()));
    (row[binOf(ratio, FIRST, BINS)] as number) += 1;
  }
  const fading = 0.5 ** (calls.length / MEMORY_CALLS);
  const faded = before.rows.map((old, octave) => {
    const row = rows.get(octave);
    if (row === undefined) return old;
    for (let bin = 0; bin < BINS; bin += 1) (row[bin] as number) *= fading;
    return row;
  });
  return { ...before, rows: faded };
}

/** Takes in how many calls are odd, and by how much. */
export function withOddness(
  { rows, odd, calls: known }: TailState,
  calls: readonly { readonly oddness?: number }[],
): TailState {
  const fading = 0.5 ** (calls.length / MEMORY_CALLS);
  const now = odd.map((weight) => weight * fading);
  for (const { oddness = 1 } of calls) {
    if (oddness > ODD) (now[binOf(oddness, ODD_FIRST, ODD_BINS)] as number) += 1;
  }
  return { rows, odd: now, calls: known * fading + calls.length };
}

/** What all calls take over what most do. */
export function mixOf({ odd, calls }: TailState): Mix {
  const all = calls + UNKNOWN_CALLS;
  let [more, squares] = [0, 0];
  odd.forEach((weight, bin) => {
    const over = Math.expm1(ODD_FIRST + (bin + 0.5) * BIN_WIDTH);
    more += weight * over;
    squares += weight * over ** 2;
  });
  const above = more / all;
  return { mean: 1 + above, spread: Math.sqrt(squares / all - above ** 2) / (1 + above) };
}

const known = new WeakMap<TailState, Float64Array>();

/** p95 over what most calls take at each octave; interpolate with `tailAt`. */
export function tailsOf(state: TailState): Float64Array {
  let tails = known.get(state);
  if (tails === undefined) known.set(state, (tails = measured(state)));
  return tails;
}

function measured({ rows, odd, calls: all }: TailState): Float64Array {
  const share = sum(odd) / (all + UNKNOWN_CALLS);
  if (share >= LATE) return new Float64Array(OCTAVES).fill(quantileOf(odd, 1 - LATE / share, ODD_FIRST));
  const common = new Float64Array(BINS);
  for (const row of rows) for (let bin = 0; bin < BINS; bin += 1) (common[bin] as number) += row[bin] as number;
  const total = sum(common);
  const scale = total > 0 ? Math.min(1, COMMON_CALLS / total) : 0;
  const tails = new Float64Array(OCTAVES);
  const mixed = new Float64Array(BINS);
  rows.forEach((row, octave) => {
    for (let bin = 0; bin < BINS; bin += 1) mixed[bin] = (row[bin] as number) + scale * (common[bin] as number);
    const calls = sum(mixed);
    const own = clamp(quantileOf(mixed, (1 - LATE) / (1 - share), FIRST), LEAST_TAIL, MOST_TAIL);
    tails[octave] = (own * calls + UNKNOWN_TAIL * UNKNOWN_CALLS) / (calls + UNKNOWN_CALLS);
  });
  return tails;
}

export function tailAt(tails: Float64Array, inFlight: number): number {
  const at = clamp(Math.log2(inFlight), 0, OCTAVES - 1);
  const low = Math.min(OCTAVES - 2, Math.floor(at));
  const below = tails[low] as number;
  return below + (at - low) * ((tails[low + 1] as number) - below);
}

/** @param first - lower edge of the first bin */
function quantileOf(row: ArrayLike<number>, percentile: number, first: number): number {
  const total = sum(row);
  if (total === 0) return 1;
  const rank = percentile * total;
  let seen = 0;
  for (let bin = 0; bin < row.length; bin += 1) {
    const weight = row[bin] as number;
    if (seen + weight > rank) return Math.exp(first + (bin + (rank - seen) / weight) * BIN_WIDTH);
    seen += weight;
  }
  return Math.exp(first + row.length * BIN_WIDTH);
}

function octaveOf(inFlight: number): number {
  return clamp(Math.round(Math.log2(inFlight)), 0, OCTAVES - 1);
}

function binOf(ratio: number, first: number, bins: number): number {
  return clamp(Math.floor((Math.log(ratio) - first) / BIN_WIDTH), 0, bins - 1);
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i += 1) total += values[i] as number;
  return total;
}
