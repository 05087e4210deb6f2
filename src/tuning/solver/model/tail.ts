/**
 * How far p95 of a call's duration lies above its mean, by concurrency: queues in the target even out what single
 * calls scatter. Learned from the durations over what the model expects, in decaying histograms per octave of n.
 */

import { clamp } from './numbers.ts';

/** Weights of bins of log(duration / expected), one row per octave of calls in flight; plain data. */
export type TailState = readonly (readonly number[])[];

const OCTAVES = 10;
const BINS = 52;
const BIN_WIDTH = 0.04;
/** Lower edge of the first bin; it takes all below. */
const FIRST = -0.2;
/** Calls after which a row has forgotten half. */
const MEMORY_CALLS = 600;
/** What all rows together count as in a row of their own: neighbours and little evidence lean on it. */
const COMMON_CALLS = 40;
/** Before anything is known. */
const UNKNOWN_TAIL = 1.3;
const UNKNOWN_CALLS = 10;
const LEAST_TAIL = 1.03;
const MOST_TAIL = 6;
const PERCENTILE = 0.95;

export function initialTail(): TailState {
  return Array.from({ length: OCTAVES }, () => new Array<number>(BINS).fill(0));
}

export interface TailCall {
  readonly inFlight: number;
  /** Measured over expected duration. */
  readonly ratio: number;
}

export function withCalls(before: TailState, calls: readonly TailCall[]): TailState {
  if (calls.length === 0) return before;
  const rows = new Map<number, number[]>();
  for (const { inFlight, ratio } of calls) {
    const octave = octaveOf(inFlight);
    let row = rows.get(octave);
    if (row === undefined) rows.set(octave, (row = (before[octave] as readonly number[]).slice()));
    (row[binOf(ratio)] as number) += 1;
  }
  const fading = 0.5 ** (calls.length / MEMORY_CALLS);
  return before.map((old, octave) => {
    const row = rows.get(octave);
    if (row === undefined) return old;
    for (let bin = 0; bin < BINS; bin += 1) (row[bin] as number) *= fading;
    return row;
  });
}

const known = new WeakMap<TailState, Float64Array>();

/** p95 over mean at each octave; interpolate with `tailAt`. */
export function tailsOf(state: TailState): Float64Array {
  let tails = known.get(state);
  if (tails === undefined) known.set(state, (tails = measured(state)));
  return tails;
}

function measured(state: TailState): Float64Array {
  const common = new Float64Array(BINS);
  for (const row of state) for (let bin = 0; bin < BINS; bin += 1) (common[bin] as number) += row[bin] as number;
  const total = sum(common);
  const scale = total > 0 ? Math.min(1, COMMON_CALLS / total) : 0;
  const tails = new Float64Array(OCTAVES);
  const mixed = new Float64Array(BINS);
  state.forEach((row, octave) => {
    for (let bin = 0; bin < BINS; bin += 1) mixed[bin] = (row[bin] as number) + scale * (common[bin] as number);
    const calls = sum(mixed);
    const own = clamp(quantileOf(mixed, calls), LEAST_TAIL, MOST_TAIL);
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

function quantileOf(row: Float64Array, total: number): number {
  if (total === 0) return 1;
  const rank = PERCENTILE * total;
  let seen = 0;
  for (let bin = 0; bin < BINS; bin += 1) {
    const weight = row[bin] as number;
    if (seen + weight >= rank) return Math.exp(FIRST + (bin + (rank - seen) / weight) * BIN_WIDTH);
    seen += weight;
  }
  return Math.exp(FIRST + BINS * BIN_WIDTH);
}

function octaveOf(inFlight: number): number {
  return clamp(Math.round(Math.log2(inFlight)), 0, OCTAVES - 1);
}

function binOf(ratio: number): number {
  return clamp(Math.floor((Math.log(ratio) - FIRST) / BIN_WIDTH), 0, BINS - 1);
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i += 1) total += values[i] as number;
  return total;
}
