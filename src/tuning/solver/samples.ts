/**
 * From the calls of a period to those that say what a call costs.
 *
 * Invariants (samples.test.ts)
 * - A call counts for the operating point under which it started. One that started under an older point is left
 *   out: it saw two regimes. Cutting by completion instead would see, of a new point, only its quickest calls.
 * - Nothing that ran across a pause of the event loop, failed or was refused counts.
 */

import type { CallSample, StageObservation } from '../../control/observation.ts';
import type { StageSettings } from '../../control/settings.ts';
import type { Point } from './cost-model.ts';

/** When the operating point last changed, and calls that wait until all of their time have ended. */
export interface SampleState {
  readonly point: Point;
  /** Monotonic ms since which the point is in force. */
  readonly since: number;
  /** Calls of a point that is too young: until the slow ones have ended too, the quick ones would deceive. */
  readonly waiting: readonly UsableCall[];
}

export interface UsableCall {
  readonly batch: number;
  /** Mean calls in flight while it ran. */
  readonly inFlight: number;
  readonly ms: number;
}

export interface SampleStep {
  readonly state: SampleState;
  readonly calls: readonly UsableCall[];
}

/** A point counts once it is as old as so many calls take. */
const RIPE_CALLS = 1.3;
/** Calls that wait are bounded like those of one observation. */
const MAX_WAITING = 512;

export function initialSamples(settings: StageSettings): SampleState {
  return { point: pointOf(settings), since: 0, waiting: [] };
}

export function pointOf({ batchLimit, concurrency }: StageSettings): Point {
  return { batch: batchLimit, inFlight: concurrency };
}

/** @param expectedMs - what a call of the current point takes; undefined while nothing is known */
export function usableCalls(
  before: SampleState,
  observation: StageObservation,
  settings: StageSettings,
  expectedMs: number | undefined,
): SampleStep {
  const periodBegan = observation.at - observation.durationMs;
  const point = pointOf(settings);
  const isSame = point.batch === before.point.batch && point.inFlight === before.point.inFlight;
  const since = isSame ? before.since : periodBegan;
  const usable = observation.samples.filter((sample) => isUsable(sample, since, observation)).map(usableCall);
  const calls = isSame ? [...before.waiting, ...usable] : usable;
  const isRipe = expectedMs === undefined || observation.at - since >= RIPE_CALLS * expectedMs;
  return isRipe
    ? { state: { point, since, waiting: [] }, calls }
    : { state: { point, since, waiting: calls.slice(-MAX_WAITING) }, calls: [] };
}

function isUsable(sample: CallSample, since: number, { pause }: StageObservation): boolean {
  const startedAt = sample.endedAt - sample.durationMs;
  if (sample.outcome !== 'ok' || startedAt < since - CLOCK_MS) return false;
  if (pause === undefined) return true;
  return startedAt >= pause.endedAt || sample.endedAt < pause.endedAt - pause.durationMs;
}

/** Clocks have so much play, ms. */
const CLOCK_MS = 1e-6;

function usableCall({ batch, inFlightMean, durationMs }: CallSample): UsableCall {
  return { batch, inFlight: Math.max(1, inFlightMean), ms: Math.max(durationMs, MIN_MS) };
}

/** Shorter calls are as good as none. */
const MIN_MS = 1e-3;
