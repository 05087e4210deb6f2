/**
 * Trials: short visits to a neighbour and back (a switchback), while the stage is saturated. The model compares the
 * two with the common level taken out, so what drifts meanwhile does not matter.
 *
 * Which neighbour: the largest expected improvement (Jones et al. 1998), less what the visit is expected to cost.
 * When: the less there is to be learned and the more it costs, the later. No trial is above the target by prediction.
 */

import type { Point } from '../cost-model.ts';
import { candidateAt, candidatesIn, withinReach, type Candidate, type SearchSpace } from '../search/candidates.ts';
import { PARSIMONY } from '../search/choice.ts';
import { bestBisection, MOST_LOSS, type Measured } from './bracket.ts';

export interface TrialState {
  /** The visit that is under way: from where, and until when, monotonic ms. */
  readonly visit?: { readonly base: Point; readonly until: number } | undefined;
  /** No trial before this. */
  readonly nextAt: number;
}

export const FIRST_TRIAL: TrialState = { nextAt: 0 };

export interface Trial extends Candidate {
  /** Expected improvement and loss, logarithms of throughput. */
  readonly gain: number;
  readonly loss: number;
}

/** A visit lasts so many calls, at least a period and at most MOST_MS. */
const CALLS = 2.6;
const MOST_MS = 1500;
/** Below this expected improvement a trial is not worth its trouble. */
const LEAST_GAIN = 0.0012;
/** Throughput that trials may cost, as a share. */
const SPENT = 0.008;
const LEAST_REST = 2;
/** A doubt at which there is nothing to be learned. */
const KNOWN = 0.004;
const SHORTLIST = 60;

export function trialLengthMs(callMs: number, periodMs: number): number {
  return Math.max(periodMs, Math.min(MOST_MS, CALLS * callMs));
}

/** Undefined: nothing is worth a trial. */
export function bestTrial(space: SearchSpace, base: Point, measured: readonly Measured[]): Trial | undefined {
  const improvement = bestImprovement(space, base);
  const bisected = bestBisection(space, base, measured);
  if (bisected === undefined || bisected.gain < LEAST_GAIN) return improvement;
  return improvement !== undefined && worthOf(improvement) > worthOf(bisected) ? improvement : bisected;
}

function bestImprovement(space: SearchSpace, base: Point): Trial | undefined {
  const at = candidateAt(space, base);
  const uncertain = space.model.doubt(base.batch, base.inFlight);
  let best: Trial | undefined;
  const reachable = candidatesIn(withinReach(space), base)
    .filter((each) => each.p95Ms <= space.p95Ms * 1.001 && at.score - each.score < MOST_LOSS && !isNear(each, base))
    .sort((one, other) => other.score - one.score);
  const every = Math.max(1, reachable.length / SHORTLIST);
  for (let i = 0; i < reachable.length; i += every) {
    const candidate = reachable[Math.floor(i)] as Candidate;
    const own = space.model.doubt(candidate.batch, candidate.inFlight);
    if (own < KNOWN) continue;
    const doubt = Math.hypot(own, uncertain);
    if (candidate.p95Ms * Math.exp(RISK * doubt) > space.p95Ms * 1.1) continue;
    // What would not be moved to is not worth a visit.
    const margin = candidate.inFlight > base.inFlight ? PARSIMONY : 0;
    const gain = expectedImprovement(candidate.score - at.score - margin, doubt);
    const trial = { ...candidate, gain, loss: Math.max(0, at.score - candidate.score) };
    if (gain >= LEAST_GAIN && worthOf(trial) > (best === undefined ? 0 : worthOf(best))) best = trial;
  }
  return best;
}

/** Too near to be another place. */
function isNear(one: Point, other: Point): boolean {
  return one.inFlight === other.inFlight && Math.abs(Math.log(one.batch / other.batch)) < 0.015;
}

function worthOf({ gain, loss }: Trial): number {
  return gain - LOSS_WEIGHT * loss;
}

/** Share of the doubt by which a neighbour may turn out to be slower; it must still nearly meet the target. */
const RISK = 0.7;
/** A visit's loss against the gain that stays. */
const LOSS_WEIGHT = 0.05;

/** How long to rest after a trial, as multiples of its length. */
export function restAfter({ loss }: Trial): number {
  return LEAST_REST + loss / SPENT;
}

/** E[max(0, difference)] of a normal distribution. */
function expectedImprovement(mean: number, sd: number): number {
  if (sd <= 0) return Math.max(0, mean);
  const z = mean / sd;
  return mean * cumulative(z) + sd * Math.exp(-(z * z) / 2) * 0.3989422804;
}

/** Of the standard normal distribution; logistic approximation, error below 0.01. */
function cumulative(z: number): number {
  return 1 / (1 + Math.exp(-1.702 * z));
}
