/**
 * A target that stood still for a while (a lock, a lost link, a restart) and goes on: the calls that it held tell of that, and nothing of
 * their place. They all end at once, and by them every place would take many times as long.
 *
 * Invariants (standstill.test.ts)
 * - Only after calls that were in time: what takes long from the first call on, or does so again, is how things are.
 * - Only calls that ran meanwhile: where there was nothing to do, none ended either.
 */

import type { StageObservation } from '../../../control/observation.ts';

/** Plain data. */
export interface Standstill {
  /** When the last call ended, monotonic ms. Absent: none has. */
  readonly lastEndAt?: number;
  readonly wasInTime: boolean;
}

export interface StandstillStep {
  readonly state: Standstill;
  /** Calls that began before do not count. */
  readonly overAt: number;
}

export const NO_STANDSTILL: Standstill = { wasInTime: false };

/** Shorter ones are a matter of noise. */
const LEAST_MS = 300;
/** Over what a call was expected to take: none ended for so long, and calls that are in time. */
const LONG = 5;
const IN_TIME = 2;

/** @param expectedMs - of a call at the place in force; 0 = not known */
export function watchForStandstill(
  before: Standstill,
  { samples }: StageObservation,
  expectedMs: number,
): StandstillStep {
  const [first] = samples;
  if (first === undefined) return { state: before, overAt: -Infinity };
  let [firstEnded, lastEndAt, totalMs] = [first, first.endedAt, 0];
  for (const sample of samples) {
    if (sample.endedAt < firstEnded.endedAt) firstEnded = sample;
    lastEndAt = Math.max(lastEndAt, sample.endedAt);
    totalMs += sample.durationMs;
  }
  const { endedAt, durationMs } = firstEnded;
  const stoodMs = Math.min(durationMs, endedAt - (before.lastEndAt ?? endedAt));
  const hasStood = before.wasInTime && stoodMs > Math.max(LEAST_MS, LONG * expectedMs);
  const wasInTime = !hasStood && totalMs <= IN_TIME * expectedMs * samples.length;
  return { state: { lastEndAt, wasInTime }, overAt: hasStood ? endedAt : -Infinity };
}
