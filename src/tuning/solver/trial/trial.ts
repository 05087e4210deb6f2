/**
 * Trials: short visits to a neighbour and back (a switchback), while the stage is saturated. The model compares the
 * two with the common level taken out, so what drifts meanwhile does not matter.
 *
 * Which neighbour: the one that is expected to win most (Jones et al. 1998) per time that it takes, the rest after it
 * included. What is expected goes by the model, but its doubt also by how far all that was measured is (novelty.ts).
 * When: the more a trial costs and the less it promises, the longer the rest after it.
 */

import type { Point } from '../cost-model.ts';
import {
  candidateAt,
  isWithin,
  OVER_TARGET,
  withinReach,
  type Candidate,
  type SearchSpace,
} from '../search/candidates.ts';
import { bestBisection, type Measured } from './bracket.ts';
import { noveltyOf } from './novelty.ts';

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
/**
 * More calls must win so much of what they would win in proportion: two stages in front of one target each win by more
 * calls from the other, and both would find reasons for more until there is nothing left to win.
 */
const PRICE_OF_CALLS = 0.25;
/** Below this expected improvement a trial is not worth its trouble. */
const LEAST_GAIN = 0.0012;
/** No visit that is expected to cost more while it lasts. */
const MOST_RISK = 0.35;
/** Throughput that trials may cost, as a share. */
const SPENT = 0.008;
/** And more where much may be won: this share of it. */
const PROMISE = 0.1;
const LEAST_REST = 3;

export function trialLengthMs(callMs: number, periodMs: number): number {
  return Math.max(periodMs, Math.min(MOST_MS, CALLS * callMs));
}

/** Undefined: nothing is worth a trial. */
export function bestTrial(space: SearchSpace, base: Point, measured: readonly Measured[]): Trial | undefined {
  const improvement = bestImprovement(space, base, measured);
  const bisected = bestBisection(space, base, measured);
  if (bisected === undefined || bisected.gain < LEAST_GAIN) return improvement;
  return improvement !== undefined && worthOf(improvement) > worthOf(bisected) ? improvement : bisected;
}

function bestImprovement(space: SearchSpace, base: Point, measured: readonly Measured[]): Trial | undefined {
  const at = candidateAt(space, base);
  const uncertain = space.model.doubt(base.batch, base.inFlight);
  let best: Trial | undefined;
  for (const candidate of neighboursOf(withinReach(space), base)) {
    const own = Math.max(space.model.doubt(candidate.batch, candidate.inFlight), noveltyOf(candidate, measured));
    const price = PRICE_OF_CALLS * Math.max(0, Math.log(candidate.inFlight / base.inFlight));
    const trial = { ...candidate, ...prospects(candidate, space, at.score + price, Math.hypot(own, uncertain)) };
    if (trial.gain >= LEAST_GAIN && trial.loss < MOST_RISK && worthOf(trial) > (best === undefined ? 0 : worthOf(best)))
      best = trial;
  }
  return best;
}

/** As factors of the base's. */
const BATCH_FACTORS = [1 / 2, 1 / 1.5, 1 / 1.2, 1 / 1.07, 1, 1.07, 1.2, 1.5, 2];
const CALL_FACTORS = [1 / 2, 1 / 1.6, 1 / 1.25, 1, 1.25, 1.6, 2];

/** Batches and calls in flight about the base's, each with each. */
function neighboursOf(space: SearchSpace, base: Point): Candidate[] {
  const found: Candidate[] = [];
  const calls = new Set([
    base.inFlight - 1,
    base.inFlight + 1,
    ...CALL_FACTORS.map((factor) => Math.round(base.inFlight * factor)),
  ]);
  for (const inFlight of calls) {
    for (const batch of new Set(BATCH_FACTORS.map((factor) => Math.round(base.batch * factor)))) {
      const point = { batch, inFlight };
      if (isWithin(space, point) && !isNear(point, base)) found.push(candidateAt(space, point));
    }
  }
  return found;
}

/**
 * What a visit promises and what it is expected to cost, both by what calls may turn out to take: the doubt's normal
 * distribution in seven points of equal weight.
 */
function prospects(
  { throughput, p95Ms }: Candidate,
  space: SearchSpace,
  base: number,
  doubt: number,
): Pick<Trial, 'gain' | 'loss'> {
  let [gain, loss] = [0, 0];
  for (const z of SEVENTHS) {
    const late = Math.log(p95Ms / space.p95Ms) + z * doubt;
    const better = Math.log(throughput) - z * doubt - (late > 0 ? OVER_TARGET * late : 0) - base;
    if (better > 0) gain += better / SEVENTHS.length;
    else loss -= better / SEVENTHS.length;
  }
  return { gain, loss };
}

/** Means of the sevenths of a standard normal distribution. */
const SEVENTHS = [-1.576, -0.79, -0.366, 0, 0.366, 0.79, 1.576];

/** Too near to be another place. */
function isNear(one: Point, other: Point): boolean {
  return one.inFlight === other.inFlight && Math.abs(Math.log(one.batch / other.batch)) < 0.015;
}

/** What is won per time that it takes, the rest included. */
function worthOf(trial: Trial): number {
  return trial.gain / (1 + restAfter(trial));
}

/** How long to rest after a trial, as multiples of its length. */
export function restAfter({ gain, loss }: Pick<Trial, 'gain' | 'loss'>): number {
  return LEAST_REST + loss / (SPENT + PROMISE * gain);
}
