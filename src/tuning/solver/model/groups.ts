/** Calls of a period by the place that they are of: within 3 % of batch and of calls in flight. */

import type { Point } from '../cost-model.ts';
import type { UsableCall } from '../samples/calls.ts';
import { MAX_CELLS } from './cells.ts';
import { clamp, square } from './numbers.ts';

/** What one period saw of one place. */
export interface Group extends Point {
  readonly logMs: number;
  readonly variance: number;
  readonly calls: number;
}

/** Sums over the calls of one place. */
interface Sums {
  batch: number;
  inFlight: number;
  ms: number;
  squares: number;
  calls: number;
}

/** Logarithm: places within it are one. */
const WIDTH = 0.03;
/** More steps of that width than calls in flight may span: two steps in one number. */
const STEPS = 2 ** 16;
/** Calls disturb each other, so many count less than independent ones. */
const CORRELATION = 1.5;
/** Error of a period's mean that more calls do not reduce. */
const COMMON_ERROR = 0.006;
const MOST_GROUPS = MAX_CELLS / 2;
const SCATTER_GAIN = 0.1;

export function sumsOf(calls: readonly UsableCall[]): Sums[] {
  const sums = new Map<number, Sums>();
  for (const { batch, inFlight, ms } of calls) {
    const key = Math.round(Math.log(batch) / WIDTH) * STEPS + Math.round(Math.log(inFlight) / WIDTH);
    let sum = sums.get(key);
    if (sum === undefined) sums.set(key, (sum = { batch: 0, inFlight: 0, ms: 0, squares: 0, calls: 0 }));
    sum.batch += batch;
    sum.inFlight += inFlight;
    sum.ms += ms;
    sum.squares += ms * ms;
    sum.calls += 1;
  }
  return [...sums.values()];
}

/** Those of the most calls, the most first. */
export function groupsOf(sums: readonly Sums[], scatter: number): Group[] {
  return [...sums]
    .sort((one, other) => other.calls - one.calls)
    .slice(0, MOST_GROUPS)
    .map(({ batch, inFlight, ms, calls }) => ({
      batch: batch / calls,
      inFlight: inFlight / calls,
      // The logarithm of a mean of few lies below that of the true one.
      logMs: Math.log(ms / calls) + scatter / 2 / calls,
      variance: (scatter * CORRELATION) / calls + square(COMMON_ERROR),
      calls,
    }));
}

/** Variance of a single call's duration over its squared mean, within places. */
export function scatterOf(before: number, sums: readonly Sums[]): number {
  let [deviation, degrees] = [0, 0];
  for (const { ms, squares, calls } of sums) {
    if (calls < 2) continue;
    const mean = ms / calls;
    deviation += (squares - calls * mean * mean) / (mean * mean);
    degrees += calls - 1;
  }
  if (degrees === 0) return before;
  const gain = SCATTER_GAIN * Math.min(1, degrees / 20);
  return before + gain * (clamp(deviation / degrees, 4e-4, 4) - before);
}
