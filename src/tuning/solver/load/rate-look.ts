/** How many events come with so many calls in flight: looked at for some periods, with what chance makes of it. */

import type { StageObservation } from '../../../control/observation.ts';
import { mean } from '../../../stats/histogram.ts';

/** What has come so far; plain data. */
export interface RateLook {
  readonly inFlight: number;
  /** Below 0 while what comes is of what was before. */
  readonly periods: number;
  readonly sum: number;
  readonly squares: number;
}

/** Events per period that came with so many calls, and the variance of that mean. */
export interface Place {
  readonly inFlight: number;
  readonly rate: number;
  readonly variance: number;
}

/** A look takes so many periods, or so many times as long as an event, since clients send again only then; but it ends. */
const LOOK_PERIODS = 10;
const LOOK_TIMES = 5;
const MOST_PERIODS = 100;
/** What was accepted with the calls before is done in the first period, and answered in the second. */
const SKIPPED = 2;
/** Clearly more: by this factor, and by so many standard deviations. */
const CLEARLY = 1.1;
const SIGMAS = 4;

export function unseen(inFlight: number): RateLook {
  return { inFlight, periods: -SKIPPED, sum: 0, squares: 0 };
}

export function lookOn({ inFlight, periods, sum, squares }: RateLook, { arrived }: StageObservation): RateLook {
  if (periods < 0) return { inFlight, periods: periods + 1, sum, squares };
  return { inFlight, periods: periods + 1, sum: sum + arrived, squares: squares + arrived * arrived };
}

export function hasSeen({ periods }: RateLook, { latency, durationMs }: StageObservation): boolean {
  const times = (LOOK_TIMES * (mean(latency) ?? 0)) / durationMs;
  return periods >= Math.min(MOST_PERIODS, Math.max(LOOK_PERIODS, times));
}

/** Events that come one by one vary as chance has it (Poisson), at least. */
export function placeOf({ inFlight, periods, sum, squares }: RateLook): Place {
  const rate = sum / periods;
  return { inFlight, rate, variance: Math.max(rate, squares / periods - rate * rate) / periods };
}

export function isClearlyMore(more: Place, less: Place): boolean {
  const deviation = Math.sqrt(more.variance + less.variance);
  return more.rate > CLEARLY * less.rate && more.rate - less.rate > SIGMAS * deviation;
}
