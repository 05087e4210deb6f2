/**
 * The least p95 that a saturated stage can reach: calls of the smallest batch, at the concurrency at which the call
 * and the wait for a slot together are shortest. A target below it is served as well as can be, and said to be so.
 *
 * Believed only after it has been looked at for a while: extrapolation alone once made a trap, a point of which the
 * model thought too badly to try it.
 */

import type { Bound, StageGoal } from '../../../control/goal.ts';
import { p95Of, throughputOf, type CostModel } from '../cost-model.ts';
import { behindMs } from './bulk.ts';

/** A target is infeasible when the floor is above this share of it, for so many periods in a row. */
const NEAR = 0.97;
const BELIEVED_PERIODS = 15;
/** Of the floor, that is then aimed at: a little more buys throughput. */
const ALLOWED = 1.05;

export interface Floor {
  /** Periods in a row in which the target seemed infeasible. */
  readonly periods: number;
}

export const FEASIBLE: Floor = { periods: 0 };

/** @param mostInFlight - of calls that may be tried */
export function floorMs(model: CostModel, { bounds }: StageGoal, mostInFlight: number, bulk = 0): number {
  let least = Infinity;
  const most = Math.min(mostInFlight, 2 * model.explored.inFlight);
  for (let inFlight = bounds.concurrency.min; inFlight <= Math.max(most, bounds.concurrency.min); inFlight += 1) {
    const p95Ms = leastOf(model, bounds.batchLimit, inFlight, bulk);
    if (p95Ms > least) break;
    least = p95Ms;
  }
  return least;
}

/** Of events that come together, the smallest batches are not the quickest. */
function leastOf(model: CostModel, { min, max }: Bound, inFlight: number, bulk: number): number {
  let least = Infinity;
  for (let batch = min; ; batch = Math.min(max, 2 * batch)) {
    const cost = model.predict(batch, inFlight);
    least = Math.min(least, p95Of(cost, inFlight) + behindMs(bulk, batch, throughputOf(cost, { batch, inFlight })));
    if (batch >= Math.min(bulk, max)) return least;
  }
}

export function nextFloor(before: Floor, leastMs: number, { p95Ms }: StageGoal): Floor {
  return leastMs > NEAR * p95Ms ? { periods: before.periods + 1 } : FEASIBLE;
}

/** What is aimed at, ms: the target, or where that is infeasible a little above the floor. */
export function aimMs({ periods }: Floor, leastMs: number, { p95Ms }: StageGoal): number {
  return periods >= BELIEVED_PERIODS ? Math.max(p95Ms, ALLOWED * leastMs) : p95Ms;
}
