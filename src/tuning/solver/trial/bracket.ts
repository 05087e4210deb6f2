/**
 * Bisection towards a cliff. Between a good point and a bad one further up the same axis, a smooth model sees a slope;
 * it may as well be a cliff just before the bad one (a page, a packet, a pool's size, a convoy from so many calls on).
 * If the cliff is equally likely anywhere between, the middle is worth a visit: each one halves what is unknown.
 */

import type { CostModel, Point } from '../cost-model.ts';
import { candidateAt, isWithin, type Candidate, type SearchSpace } from '../search/candidates.ts';

/** A point that has been measured. */
export interface Measured extends Point {
  readonly ms: number;
}

export interface Bisection extends Candidate {
  readonly gain: number;
  readonly loss: number;
}

/** A bad point is one that costs so much throughput against the good one. */
const BAD = 0.02;
/** Where to visit: in the middle, or nearer to the good point when the middle may cost too much. */
const SHARES = [0.5, 0.25];
export const MOST_LOSS = 0.35;
/** A bad point counts for the axis while its other coordinate is within this factor. */
const SAME_AXIS = 2;
/** How far below the good point the slope before the cliff is taken, as a factor. */
const BEFORE = 1.5;
/** Brackets narrower than this are done; in concurrency they end at neighbours. */
const NARROW_BATCH = 1.03;

/** Undefined: no bracket is open, or none is worth a visit. */
export function bestBisection(space: SearchSpace, base: Point, measured: readonly Measured[]): Bisection | undefined {
  const found = [bisection(space, base, measured, 'batch'), bisection(space, base, measured, 'inFlight')];
  return found.reduce((one, other) => ((other?.gain ?? 0) > (one?.gain ?? 0) ? other : one), undefined);
}

function bisection(
  space: SearchSpace,
  base: Point,
  measured: readonly Measured[],
  axis: keyof Point,
): Bisection | undefined {
  const bad = firstBad(space.model, base, measured, axis);
  if (bad === undefined) return undefined;
  if (axis === 'batch' && bad.batch < base.batch * NARROW_BATCH) return undefined;
  for (const share of SHARES) {
    const found = visitAt(space, base, bad, axis, share);
    if (found !== undefined && found.loss <= MOST_LOSS) return found;
  }
  return undefined;
}

/** @param share - how far towards the bad point, of the logarithmic distance */
function visitAt(space: SearchSpace, base: Point, bad: Point, axis: keyof Point, share: number): Bisection | undefined {
  const low = base[axis];
  const point = { ...base, [axis]: Math.max(low + 1, Math.round(low * (bad[axis] / low) ** share)) };
  if (point[axis] >= bad[axis] || !isWithin(space, point)) return undefined;
  const at = candidateAt(space, base);
  const candidate = candidateAt(space, point);
  const grown = Math.log(point[axis] / low);
  const slope = slopeBelow(space.model, base, axis);
  // If the cliff comes later, the visit must meet the target.
  if (at.p95Ms * Math.exp(slope * grown) > space.p95Ms) return undefined;
  const isLater = Math.log(bad[axis] / point[axis]) / Math.log(bad[axis] / low);
  const gain = isLater * (1 - slope) * grown;
  const loss = (1 - isLater) * Math.max(0, at.score - candidate.score);
  return { ...candidate, gain, loss };
}

/** The nearest measured point up the axis that does worse by more than BAD. */
function firstBad(
  model: CostModel,
  base: Point,
  measured: readonly Measured[],
  axis: keyof Point,
): Measured | undefined {
  const other = axis === 'batch' ? 'inFlight' : 'batch';
  const rate = Math.log((base.batch * base.inFlight) / model.predict(base.batch, base.inFlight).ms);
  return measured
    .filter((point) => {
      if (point[axis] <= base[axis] * 1.01 || Math.abs(Math.log(point[other] / base[other])) > Math.log(SAME_AXIS))
        return false;
      const there = { ...base, [axis]: point[axis] };
      return Math.log((there.batch * there.inFlight) / model.predict(there.batch, there.inFlight).ms) < rate - BAD;
    })
    .reduce<Measured | undefined>((one, each) => (one === undefined || each[axis] < one[axis] ? each : one), undefined);
}

/** d log ms / d log axis just below the point. */
function slopeBelow(model: CostModel, base: Point, axis: keyof Point): number {
  const below = { ...base, [axis]: Math.max(1, base[axis] / BEFORE) };
  if (below[axis] >= base[axis]) return 0;
  const rise = Math.log(model.predict(base.batch, base.inFlight).ms / model.predict(below.batch, below.inFlight).ms);
  return Math.max(0, rise / Math.log(base[axis] / below[axis]));
}
