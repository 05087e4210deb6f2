/**
 * Bisection towards a cliff. Between a good point and a bad one further up the same axis, a smooth model sees a slope;
 * it may as well be a cliff just before the bad one (a page, a packet, a pool's size, a convoy from so many calls on).
 * If the cliff is equally likely anywhere between, the middle is worth a visit: each one halves what is unknown.
 */

import type { CostModel, Point } from '../cost-model.ts';
import { candidateAt, isWithin, type Candidate, type SearchSpace } from '../search/candidates.ts';

/** A point that has been measured, and how well: the standard deviation of log ms. */
export interface Measured extends Point {
  readonly doubt: number;
}

export interface Bisection extends Candidate {
  readonly gain: number;
  readonly loss: number;
}

/** A bad point is one that costs so much throughput against the good one, beyond its doubt. */
const BAD = 0.02;
/** A point that is not bad is known when its doubt is below this: the cliff comes later. */
const KNOWN = 0.05;
/** It is on the same line while its other coordinate is within this factor. */
const SAME_LINE = 1.3;
/** What a visit in batch may take of the target by prediction: it is short. */
const MOST_LATE = 1.3;
/** Where to visit: in the middle, or nearer to the good point when the middle may cost too much. */
const SHARES = [0.5, 0.25];
export const MOST_LOSS = 0.35;
/** How far below the good point the slope before the cliff is taken, as a factor. */
const BEFORE = 1.5;
/** Brackets narrower than this are done. */
const NARROW = 1.03;

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
  const { low, bad } = bracketOn(axis, space, base, measured);
  if (bad === undefined || bad < low * NARROW) return undefined;
  for (const share of SHARES) {
    const at = Math.max(low + 1, Math.round(low * (bad / low) ** share));
    if (at >= bad) return undefined;
    const found = visitTo(moved(base, axis, at), { axis, low, bad }, space, base);
    if (found !== undefined && found.loss <= MOST_LOSS) return found;
  }
  return undefined;
}

interface Bracket {
  readonly low: number;
  readonly bad: number | undefined;
}

/** The nearest bad point up the axis, and the furthest before it that is known not to be bad. */
function bracketOn(axis: keyof Point, space: SearchSpace, base: Point, measured: readonly Measured[]): Bracket {
  const other = axis === 'batch' ? 'inFlight' : 'batch';
  const rateAt = (value: number): number => {
    const { batch, inFlight } = moved(base, axis, value);
    return Math.log((batch * inFlight) / space.model.predict(batch, inFlight).ms);
  };
  const rate = rateAt(base[axis]);
  let [low, bad] = [base[axis], Infinity];
  for (const point of measured) {
    if (point[axis] > base[axis] * 1.01 && rateAt(point[axis]) < rate - BAD - point.doubt)
      bad = Math.min(bad, point[axis]);
  }
  for (const point of measured) {
    const isOnLine = Math.abs(Math.log(point[other] / base[other])) <= Math.log(SAME_LINE) && point.doubt < KNOWN;
    if (isOnLine && point[axis] < bad) low = Math.max(low, Math.round(point[axis]));
  }
  return { low, bad: bad === Infinity ? undefined : bad };
}

function visitTo(
  point: Point,
  { axis, low, bad }: { readonly axis: keyof Point; readonly low: number; readonly bad: number },
  space: SearchSpace,
  base: Point,
): Bisection | undefined {
  if (!isWithin(space, point)) return undefined;
  const good = candidateAt(space, moved(base, axis, low));
  const at = candidateAt(space, base);
  const candidate = axis === 'batch' ? candidateAt(space, point) : inTime(space, point);
  if (candidate.p95Ms > MOST_LATE * space.p95Ms) return undefined;
  const grown = Math.log(point[axis] / low);
  const slope = slopeBelow(space.model, good, axis);
  // If the cliff comes later, the target must still be met.
  if (good.p95Ms * Math.exp(slope * grown) > space.p95Ms) return undefined;
  const isLater = Math.log(bad / point[axis]) / Math.log(bad / low);
  const gain = isLater * (good.score - at.score + (1 - slope) * grown);
  const loss = (1 - isLater) * Math.max(0, at.score - candidate.score);
  return { ...candidate, gain, loss };
}

/** The same concurrency with a batch that meets the target even if the slope is as the model has it. */
function inTime(space: SearchSpace, point: Point): Candidate {
  let candidate = candidateAt(space, point);
  while (candidate.p95Ms > space.p95Ms && candidate.batch > space.batch.min) {
    const batch = Math.max(space.batch.min, Math.floor(candidate.batch * 0.8));
    candidate = candidateAt(space, { batch, inFlight: point.inFlight });
  }
  return candidate;
}

/** d log ms / d log axis just below the point. */
function slopeBelow(model: CostModel, { batch, inFlight }: Point, axis: keyof Point): number {
  const here = { batch, inFlight };
  const below = moved(here, axis, Math.max(1, here[axis] / BEFORE));
  if (below[axis] >= here[axis]) return 0;
  const rise = Math.log(model.predict(batch, inFlight).ms / model.predict(below.batch, below.inFlight).ms);
  return Math.max(0, rise / Math.log(here[axis] / below[axis]));
}

function moved({ batch, inFlight }: Point, axis: keyof Point, to: number): Point {
  return axis === 'batch' ? { batch: to, inFlight } : { batch, inFlight: to };
}
