/**
 * From the calls of a period to those that say what a call costs.
 *
 * Invariants (samples.test.ts)
 * - A call belongs to the operating point under which it started. Those that ended within the stay at a point are the
 *   quickest of those that started there, so of a short stay the calls count by their start: once all that started at
 *   that time have ended, and not at all when they started so late that most of their time lay beyond the stay, or are
 *   the stragglers of one that is over.
 * - Nothing that ran across a pause of the event loop or a standstill of the target, failed or was refused counts.
 */

import type { CallSample, StageObservation } from '../../control/observation.ts';
import type { StageSettings } from '../../control/settings.ts';
import type { Point } from './cost-model.ts';
import { NO_STANDSTILL, watchForStandstill, type Standstill } from './standstill.ts';
import { leastMs, NONE_UNENDED, unended, type Unended } from './unended.ts';

/** A stay at an operating point, monotonic ms. */
export interface Stay {
  readonly point: Point;
  readonly from: number;
  /** Absent: it goes on. */
  readonly to?: number;
  /** Over, another number of calls was in flight after it. */
  readonly hasOtherCalls?: boolean;
  /** Calls of it that have been used. */
  readonly used: number;
  /** Mean calls in flight while those of them ran that ended in it. */
  readonly inFlight?: number | undefined;
}

export interface SampleState {
  /** The newest last. */
  readonly stays: readonly Stay[];
  /** Calls of which it is too early to say whether they count. */
  readonly waiting: readonly UsableCall[];
  readonly unended: Unended;
  readonly standstill: Standstill;
}

export interface UsableCall {
  readonly batch: number;
  /** Mean calls in flight while it ran. */
  readonly inFlight: number;
  readonly ms: number;
  readonly startedAt: number;
  /** Ended long after those that started with it: it tells how long calls may last, not how long they do on average. */
  readonly isStraggler?: boolean;
  /** Stands for calls that have not ended. */
  readonly isUnended?: boolean;
}

export interface SampleStep {
  readonly state: SampleState;
  readonly calls: readonly UsableCall[];
  /** The target stood still, and goes on. */
  readonly hasStood: boolean;
}

/** Calls that started so many durations ago have all ended, but for stragglers. */
const ALL_ENDED = 1.6;
/** Of a stay that is over, calls that last so many times longer than others come one by one: each alone would mislead. */
const STRAGGLING = 2;
/** Over the longest that have ended. */
const LONGER = 4;
/** A stay of so many durations is long: which of its calls ended first makes no difference. */
const LONG_STAY = 10;
const MAX_STAYS = 4;
/** Calls that wait are bounded; it is those that began first which say something first. */
const MAX_WAITING = 512;
/** Nothing was seen yet. */
const NEVER = Number.MIN_SAFE_INTEGER;
/** Clocks have so much play, ms. */
const CLOCK_MS = 1e-6;
/** Shorter calls are as good as none. */
const MIN_MS = 1e-3;

export function initialSamples(settings: StageSettings): SampleState {
  return {
    stays: [{ point: pointOf(settings), from: NEVER, used: 0 }],
    waiting: [],
    unended: NONE_UNENDED,
    standstill: NO_STANDSTILL,
  };
}

export function pointOf({ batchLimit, concurrency }: StageSettings): Point {
  return { batch: batchLimit, inFlight: concurrency };
}

export function isSamePoint(one: Point, other: Point): boolean {
  return one.batch === other.batch && one.inFlight === other.inFlight;
}

/** The stay that goes on. */
export function presentStay({ stays }: SampleState): Stay {
  return stays.at(-1) as Stay;
}

/** @param expectedMs - what a call of a point takes; undefined while nothing is known */
export function usableCalls(
  before: SampleState,
  observation: StageObservation,
  settings: StageSettings,
  expectedMs: (point: Point) => number | undefined,
): SampleStep {
  const stays = continued(before.stays, pointOf(settings), observation);
  const waiting: UsableCall[] = [];
  const calls: UsableCall[] = [];
  const counted: Writable<Stay>[] = stays.map((stay) => ({ ...stay }));
  const { state: standstill, overAt } = watchForStandstill(
    before.standstill,
    observation,
    expectedMs((stays.at(-1) as Stay).point) ?? 0,
  );
  const fresh = observation.samples
    .filter((sample) => isSound(sample, observation) && startOf(sample) >= overAt)
    .map(usableCall);
  const ended = [...before.waiting, ...fresh];
  const expected = stays.map((stay) => Math.min(expectedMs(stay.point) ?? 0, shownMs(stay, ended)));
  for (const call of ended) {
    const index = stayOf(call, stays);
    const verdict = verdictOn(call, stays[index], expected[index] ?? 0, observation.at);
    if (verdict === 'wait') waiting.push(call);
    if (verdict === 'straggler') calls.push({ ...call, isStraggler: true });
    if (verdict !== 'use') continue;
    const stay = counted[index] as Writable<Stay>;
    stay.used += 1;
    if (isBeyond(call, stay)) {
      // Only the longest calls of a stay see how many are in flight after it: by their mean they would be a place of their own.
      calls.push({ ...call, inFlight: stay.inFlight ?? call.inFlight });
      continue;
    }
    calls.push(call);
    stay.inFlight ??= call.inFlight;
    stay.inFlight += (call.inFlight - stay.inFlight) / Math.min(stay.used, LATELY);
  }
  const present = counted.at(-1) as Stay;
  const still = unended(before.unended, observation, present.from, stays !== before.stays);
  const late = lateCall(still, observation, present, expected.at(-1) ?? 0);
  return {
    state: { stays: counted, waiting: waiting.slice(0, MAX_WAITING), unended: still, standstill },
    calls: late === undefined ? calls : [...calls, late],
    hasStood: overAt > -Infinity,
  };
}

function stayOf({ startedAt }: UsableCall, stays: readonly Stay[]): number {
  return stays.findLastIndex(({ from }) => startedAt >= from - CLOCK_MS);
}

/** What calls of a stay are known to take at most, once every slot has had one: what was expected of a place never seen may be far more. */
function shownMs({ point, from, to = Infinity }: Stay, ended: readonly UsableCall[]): number {
  const own = ended.filter(({ startedAt }) => startedAt >= from - CLOCK_MS && startedAt < to);
  return own.length < point.inFlight ? Infinity : LONGER * Math.max(...own.map(({ ms }) => ms));
}

/** Calls in flight have lasted far longer than they should: as if one of them had ended now. */
function lateCall(
  still: Unended,
  { fullRatio, samples, pause, gate, waitingRetries }: StageObservation,
  { point, from }: Stay,
  expectedMs: number,
): UsableCall | undefined {
  const ms = leastMs(still);
  const isPlain = fullRatio >= SATURATED && pause === undefined && gate === 'open' && waitingRetries === 0;
  if (!isPlain || expectedMs === 0 || ms < LATE * expectedMs) return undefined;
  if (samples.some(({ outcome }) => outcome !== 'ok')) return undefined;
  return { batch: point.batch, inFlight: Math.max(1, still.own), ms, startedAt: from, isUnended: true };
}

/** Batches are whole then. */
const SATURATED = 0.5;
/** Over what was expected. */
const LATE = 1.4;

function continued(stays: readonly Stay[], point: Point, { at, durationMs }: StageObservation): readonly Stay[] {
  const present = stays.at(-1) as Stay;
  const changedAt = at - durationMs;
  if (present.from === NEVER) return [{ point, from: changedAt, used: 0 }];
  if (isSamePoint(present.point, point)) return stays;
  const hasOtherCalls = present.point.inFlight !== point.inFlight;
  const left = { ...present, to: changedAt, hasOtherCalls };
  return [...stays.slice(1 - MAX_STAYS, -1), left, { point, from: changedAt, used: 0 }];
}

function isBeyond({ startedAt, ms }: UsableCall, { to = Infinity, hasOtherCalls }: Stay): boolean {
  return hasOtherCalls === true && startedAt + ms > to;
}

/** Calls. */
const LATELY = 64;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

type Verdict = 'use' | 'straggler' | 'wait' | 'drop';

function verdictOn(call: UsableCall, stay: Stay | undefined, ms: number, now: number): Verdict {
  if (stay === undefined) return 'drop';
  const { from, to = now, used } = stay;
  if (stay.to !== undefined) {
    if (call.startedAt > to - ms) return 'drop';
    // Where none of the others was heard of, it is no straggler: all of them may last so long.
    if (used > 0 && call.ms > STRAGGLING * ms) return 'straggler';
  }
  if (to - from >= LONG_STAY * ms) return 'use';
  return now >= call.startedAt + ALL_ENDED * ms ? 'use' : 'wait';
}

function isSound(sample: CallSample, { pause }: StageObservation): boolean {
  if (sample.outcome !== 'ok' || isInTransit(sample)) return false;
  if (pause === undefined) return true;
  return startOf(sample) >= pause.endedAt || sample.endedAt < pause.endedAt - pause.durationMs;
}

/** The number of calls in flight was changing. */
export function isInTransit({ inFlightAtStart, inFlightMean }: CallSample): boolean {
  return inFlightMean > 3 && Math.abs(Math.log(inFlightAtStart / inFlightMean)) > TRANSIT;
}

const TRANSIT = 0.25;

export function startOf({ endedAt, durationMs }: CallSample): number {
  return endedAt - durationMs;
}

export function usableCall(sample: CallSample): UsableCall {
  const { batch, inFlightMean, durationMs } = sample;
  return {
    batch,
    inFlight: Math.max(1, inFlightMean),
    ms: Math.max(durationMs, MIN_MS),
    startedAt: startOf(sample),
  };
}
