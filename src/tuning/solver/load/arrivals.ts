/** How many events come, as feed-forward: a load that rises is followed at once, one that falls slowly. */

import type { StageObservation } from '../../../control/observation.ts';

/** Plain data. */
export interface Arrivals {
  /** Events per ms; 0 while nothing came. */
  readonly rate: number;
  /** Periods since the start or the last step: the first ones weigh more. */
  readonly seen: number;
  /** Periods to leave out: around a pause of the event loop nothing comes, then all at once. */
  readonly skip: number;
}

const GAIN = 0.3;
/** What comes in bursts, such as the results of windows, comes again: a rate is forgotten slowly. */
const FALLING_GAIN = 0.05;
/** Fewer events in a period say less. */
const LEAST_GAIN = 0.03;
const FULL_EVENTS = 30;
/** A rate so much higher is a step, if that is more than chance. */
const STEP_RATIO = 1.3;
const STEP_SIGMAS = 4;
const SKIP_AFTER_PAUSE = 1;

export function withArrivals(before: Arrivals | undefined, { arrived, durationMs, pause }: StageObservation): Arrivals {
  const former = before ?? { rate: 0, seen: 0, skip: 0 };
  if (pause !== undefined) return { ...former, skip: SKIP_AFTER_PAUSE };
  if (former.skip > 0) return { ...former, skip: former.skip - 1 };
  if (durationMs <= 0) return former;
  const rate = arrived / durationMs;
  const expected = former.rate * durationMs;
  const isStep = arrived > STEP_RATIO * expected && arrived - expected > STEP_SIGMAS * Math.sqrt(expected + 1);
  const seen = isStep ? 1 : former.seen + 1;
  const evidence = (arrived < expected ? FALLING_GAIN : GAIN) * Math.min(1, Math.max(arrived, expected) / FULL_EVENTS);
  const gain = Math.max(LEAST_GAIN, evidence, 1 / seen);
  return { rate: former.rate + gain * (rate - former.rate), seen, skip: 0 };
}
