/**
 * What is on its way, divided among calls. Callers that wait for their answers are so many whatever the settings are, so of n calls each
 * has an nth of them to do: that says how soon events would be done, and how many a call is to leave to the others. Without a limit
 * those who were answered together come together and are taken by one call, and further ones find nothing.
 */

import type { StageObservation } from '../../../control/observation.ts';
import type { CostModel } from '../cost-model.ts';
import type { LoadInput } from './load-input.ts';

/** A second. */
const GAIN = 0.1;
/** Over its share: calls end at different times. */
const ROOM = 1.25;
/** Of calls in flight: below it some find nothing. Where events come one by one, natural batches keep all of them busy. */
const IDLE = 0.8;
/** Of a time: less than this is clearly shorter. */
const CLEARLY = 0.95;

/** Events that are on their way, a mean over time (Little's law), smoothed. */
export function withEvents(before: number, { latency, durationMs }: StageObservation): number {
  if (durationMs <= 0) return before;
  const events = latency.sum / durationMs;
  return before === 0 ? events : before + GAIN * (events - before);
}

/** With so many calls in force, some of them found nothing. */
export function isIdleWith(
  inFlight: number,
  { observation, settings }: Pick<LoadInput, 'observation' | 'settings'>,
): boolean {
  return settings.concurrency === inFlight && observation.busyRatio < IDLE;
}

/**
 * Most events that one of so many calls takes; undefined where it takes hardly longer with all of them, so that there is nothing to divide:
 * a load that waits for nobody may come thirtyfold within a period.
 */
export function shareOf(model: CostModel, events: number, inFlight: number): number | undefined {
  const share = Math.max(1, Math.ceil((ROOM * events) / inFlight));
  if (share >= events || model.predict(share, inFlight).ms > CLEARLY * model.predict(events, inFlight).ms)
    return undefined;
  return share;
}

/** With so many calls, so many events would be done clearly sooner than with so many others. */
export function isSooner(model: CostModel, events: number, inFlight: number, than: number): boolean {
  return meanMs(model, events, inFlight) < CLEARLY * meanMs(model, events, than);
}

/** Mean ms of an event: its call, and the wait for one, half of the time between two ends where all are taken. */
export function meanMs(model: CostModel, events: number, inFlight: number): number {
  if (inFlight >= events) return model.predict(1, Math.max(1, events)).ms;
  return model.predict(events / inFlight, inFlight).ms * (1 + 1 / (2 * inFlight));
}
