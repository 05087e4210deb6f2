/**
 * Which concurrency carries a load in time, by measurement. Under a load that does not wait, batches and calls in flight
 * follow from each other and from what comes, so the model has seen few combinations of them, and what it says of others may
 * be far off. While the stage is in time that does no harm. Where it stays late with what the model thinks best, what is
 * measured decides: a hill climb over the concurrency.
 *
 * Invariants (seek.test.ts)
 * - Nothing is tried while the stage is in time, nor for the sake of what a pause or the target's refusals explain, nor
 *   while a queue grows old: then it is short of capacity, which is no question of a little more or less.
 * - What is tried and does not help is taken back; after that it rests, each time for twice as long, up to a minute.
 * - It begins with as many calls as there are, those of bursts among them; then there are no bursts, so that what is measured is of so many.
 * - What helped is kept while the load and its target are as they were.
 */

import type { StageGoal } from '../../../control/goal.ts';
import { within, type Bound } from '../../../control/goal.ts';
import type { StageObservation } from '../../../control/observation.ts';
import { mean, quantile } from '../../../stats/histogram.ts';

/** Plain data. */
export type Seek = Watching | Trying | Holding;

interface Watching {
  readonly kind: 'watching';
  /** Periods in a row in which the stage was late. */
  readonly periods: number;
  readonly restMs: number;
}

interface Trying {
  readonly kind: 'trying';
  readonly inFlight: number;
  /** Undefined: it is the first, which others are compared with. */
  readonly best: Measured | undefined;
  readonly direction: 1 | -1;
  /** The other direction has nothing better. */
  readonly hasTurned: boolean;
  readonly seen: Seen;
  readonly restMs: number;
}

interface Holding {
  readonly kind: 'holding';
  readonly best: Measured;
  /** Smoothed. */
  readonly lateness: number;
  readonly until: number;
  readonly restMs: number;
}

interface Measured {
  readonly inFlight: number;
  readonly lateness: number;
}

interface Seen {
  readonly periods: number;
  readonly calls: number;
  /** Of lateness. */
  readonly sum: number;
}

export interface SeekInput {
  readonly observation: StageObservation;
  readonly goal: Pick<StageGoal, 'p95Ms' | 'avgMs'>;
  /** In force during the observed period. */
  readonly inFlight: number;
  /** Of calls in flight. */
  readonly bound: Bound;
  /** Calls that began with the settings in force have ended. */
  readonly isSeen: boolean;
}

/** Of a target: what is later than this is late. */
const LATE = 0.9;
/** The model has its turn first. */
const LATE_PERIODS = 5;
/** Where events wait for a call for less than this share of their time, more calls make them no earlier. */
const WAITING = 0.15;
/** From one concurrency to the next. */
const STEP = 1.4;
/** A place is known after so many periods with so many calls for each slot. */
const SEEN_PERIODS = 2;
const SEEN_CALLS = 2;
/** Less late by so much is better. */
const BETTER = 0.95;
/** So much later or earlier, and the load or its target is another. */
const CHANGED = 1.5;
const GAIN = 0.2;
const FIRST_REST_MS = 3000;
const LONGEST_REST_MS = 60_000;

export const WATCHING: Watching = { kind: 'watching', periods: 0, restMs: FIRST_REST_MS };
const UNSEEN: Seen = { periods: -1, calls: 0, sum: 0 };

/** The concurrency that measurements speak for; undefined: the model's. */
export function soughtInFlight(seek: Seek): number | undefined {
  switch (seek.kind) {
    case 'watching':
      return undefined;
    case 'trying':
      return seek.inFlight;
    case 'holding':
      return seek.best.inFlight;
  }
}

/** One period of carrying a load. */
export function nextSeek(before: Seek, input: SeekInput): Seek {
  const lateness = latenessOf(input);
  const sought = soughtInFlight(before);
  const isMoved = sought !== undefined && sought !== input.inFlight;
  if (isMoved || input.observation.oldestMs > input.goal.p95Ms) return { ...WATCHING, restMs: before.restMs };
  if (lateness === undefined) return before;
  switch (before.kind) {
    case 'watching':
      return watched(before, lateness, input);
    case 'trying':
      return tried(before, lateness, input);
    case 'holding':
      return held(before, lateness, input);
  }
}

/** The worse of p95 and mean over its target; undefined where nothing was confirmed, or something else explains it. */
function latenessOf({ observation, goal: { p95Ms, avgMs = Infinity } }: SeekInput): number | undefined {
  const { latency, pause, rejected, failed, gate } = observation;
  const [p95, average] = [quantile(latency, 0.95), mean(latency)];
  if (p95 === undefined || average === undefined) return undefined;
  if (pause !== undefined || rejected > 0 || failed > 0 || gate !== 'open') return undefined;
  return Math.max(p95 / p95Ms, average / avgMs);
}

function watched({ periods, restMs }: Watching, lateness: number, input: SeekInput): Seek {
  if (lateness <= LATE) return { ...WATCHING, restMs };
  if (periods + 1 < LATE_PERIODS) return { kind: 'watching', periods: periods + 1, restMs };
  const inFlight = within(input.bound, Math.max(input.inFlight, Math.round(inFlightOf(input.observation))));
  return { kind: 'trying', inFlight, best: undefined, direction: 1, hasTurned: false, seen: UNSEEN, restMs };
}

function tried(before: Trying, lateness: number, input: SeekInput): Seek {
  const { inFlight, best, direction, hasTurned } = before;
  const seen = seenWith(before.seen, lateness, input);
  if (seen.periods < SEEN_PERIODS || seen.calls < SEEN_CALLS * inFlight) return { ...before, seen };
  const here = { inFlight, lateness: seen.sum / seen.periods };
  if (best === undefined) return further(before, here, waitingOf(input.observation) < WAITING ? -1 : 1, false, input);
  if (here.lateness < BETTER * best.lateness) {
    return here.lateness <= LATE ? holding(here, before, input) : further(before, here, direction, true, input);
  }
  return hasTurned ? holding(best, before, input) : further(before, best, direction === 1 ? -1 : 1, true, input);
}

/** With those of bursts. */
function inFlightOf({ samples }: StageObservation): number {
  return samples.reduce((sum, { inFlightMean }) => sum + inFlightMean, 0) / Math.max(1, samples.length);
}

/** Of the time from acceptance to confirmation, what is not the call itself. */
function waitingOf({ samples, latency }: StageObservation): number {
  const events = samples.reduce((sum, { batch }) => sum + batch, 0);
  const callMs = samples.reduce((sum, { batch, durationMs }) => sum + batch * durationMs, 0) / Math.max(1, events);
  const meanMs = mean(latency) ?? 0;
  return meanMs > 0 ? Math.max(0, 1 - callMs / meanMs) : 0;
}

/** The first period at a place shows the one before it. */
function seenWith({ periods, calls, sum }: Seen, lateness: number, { observation, isSeen }: SeekInput): Seen {
  if (periods < 0) return { ...UNSEEN, periods: 0 };
  if (!isSeen) return { periods, calls, sum };
  return { periods: periods + 1, calls: calls + observation.calls, sum: sum + lateness };
}

function further(before: Trying, best: Measured, direction: 1 | -1, hasTurned: boolean, input: SeekInput): Seek {
  const inFlight = within(input.bound, nextTo(best.inFlight, direction));
  if (inFlight !== best.inFlight) return { ...before, inFlight, best, direction, hasTurned, seen: UNSEEN };
  return hasTurned ? holding(best, before, input) : further(before, best, direction === 1 ? -1 : 1, true, input);
}

function nextTo(inFlight: number, direction: 1 | -1): number {
  return direction === 1
    ? Math.max(inFlight + 1, Math.round(inFlight * STEP))
    : Math.min(inFlight - 1, Math.round(inFlight / STEP));
}

function holding(best: Measured, { restMs }: Trying, { observation }: SeekInput): Holding {
  const { lateness } = best;
  return { kind: 'holding', best, lateness, until: observation.at + restMs, restMs };
}

function held(before: Holding, now: number, { observation, inFlight }: SeekInput): Seek {
  const { best, until, restMs } = before;
  const lateness = before.lateness + GAIN * (now - before.lateness);
  if (Math.abs(Math.log(lateness / best.lateness)) > Math.log(CHANGED)) return WATCHING;
  if (observation.at < until || lateness <= LATE) return { ...before, lateness };
  const rested = Math.min(LONGEST_REST_MS, 2 * restMs);
  return { kind: 'trying', inFlight, best: undefined, direction: 1, hasTurned: false, seen: UNSEEN, restMs: rested };
}
