/**
 * Is there more to do than the stage can take?
 *
 * - `saturated`: the source is held back whenever it gives; or what queued up before becomes no younger.
 * - `carrying`: everything that comes is taken.
 * - `draining`: what queued up before (a burst, an outage, a cold start) is late already.
 */

import type { StageGoal } from '../../../control/goal.ts';
import type { StageObservation } from '../../../control/observation.ts';
import type { StageSettings } from '../../../control/settings.ts';
import { clamp } from '../model/numbers.ts';
import { isWaiting, NEVER_WAITED, nextWaiting, type Waiting } from './waiting.ts';
import { withArrivals, type Arrivals } from './arrivals.ts';

export type LoadRegime = 'saturated' | 'carrying' | 'draining';

/** Plain data. */
export interface RegimeState {
  readonly regime: LoadRegime;
  readonly isSaturated: boolean;
  readonly arrivals: Arrivals | undefined;
  /** Periods in a row that speak for another regime. */
  readonly turning: number;
  /** Age of the oldest event when they began, ms. */
  readonly turningFromMs?: number;
  /** When the event loop last stood still for longer than the target, monotonic ms. */
  readonly pausedAt: number;
  /** Length of the period before, ms. */
  readonly periodMs?: number;
  /** The longest call of late; undefined: none. */
  readonly longest?: LongCall | undefined;
  /** Events of the edge in which what waits was accepted. */
  readonly edge?: number;
  /** Absent: it never did. */
  readonly waiting?: Waiting;
  /** Age of the oldest event, ms. */
  readonly oldestMs?: number;
  /** Periods in which a backlog behind a full edge became no younger, less those in which it did. Default 0. */
  readonly behind?: number;
}

/** A call whose length explains the age of what queued up while it ran, until that is gone as well. */
interface LongCall {
  readonly ms: number;
  /** Monotonic ms. */
  readonly until: number;
}

export interface RegimeInput {
  readonly observation: StageObservation;
  /** In force during the observed period. */
  readonly settings: StageSettings;
  readonly goal: StageGoal;
}

/** Share of the time in which the edge is full, from which on the source is held back, and below which it is not. */
export const FULL_RATIO = 0.5;
const FREE_RATIO = 0.3;
/** The same of a source that waits: one as fast as the stage is held back for moments, and would give more all the same. */
const WAITING_FULL_RATIO = 0.1;
const WAITING_FREE_RATIO = 0.02;
const TURNING_PERIODS = 4;
/** What waits is a backlog when it is older than the target and so many times what the edge in front explains. */
const BACKLOG_AGE = 3;
/** A source that always has more fills the edge, and so much of what it explains is all that waits. */
const SATURATED_AGE = 2;
/** A backlog that has become younger by so much meanwhile is being worked off. */
const YOUNGER = 0.8;
/** What is left in an edge that has become smaller explains so many targets of it. */
const MOST_EXPLAINED = 10;
/** Of the target: a backlog is worked off once nothing is older. */
const WORKED_OFF = 0.5;
/** A pause of the event loop of this share of the target leaves a backlog; for so long nothing is changed for its sake. */
const PAUSED_SHARE = 0.5;
export const PAUSED_MS = 500;
/** A backlog that has become no younger for so long is not being worked off by what is known: the search decides. */
const BEHIND_PERIODS = 10;
const MOST_BEHIND = 20;
/** What queued up while a call ran is gone so many times its length after its end. */
const GONE_CALLS = 2;

export const FIRST_REGIME: RegimeState = {
  regime: 'saturated',
  isSaturated: false,
  arrivals: undefined,
  turning: 0,
  pausedAt: Number.MIN_SAFE_INTEGER,
};

export function nextRegime(before: RegimeState, input: RegimeInput): RegimeState {
  return afterPause(before, input) ?? followed(before, input);
}

/** A pause leaves a backlog that is no sign of the load: bursts of the data path work it off. */
function afterPause(before: RegimeState, { observation, goal }: RegimeInput): RegimeState | undefined {
  const { pause, at, durationMs } = observation;
  // A period that came late tells of a pause before the pause itself is told.
  const stoodMs = Math.max(pause?.durationMs ?? 0, durationMs - (before.periodMs ?? durationMs));
  if (before.isSaturated || stoodMs < PAUSED_SHARE * goal.p95Ms) return undefined;
  if (at - before.pausedAt < 2 * PAUSED_MS) return undefined; // pauses as frequent as this are part of the load
  return { ...before, pausedAt: at };
}

function followed(before: RegimeState, { observation, settings, goal }: RegimeInput): RegimeState {
  const { pausedAt } = before;
  const seen = observation.fullRatio < FREE_RATIO || before.arrivals === undefined;
  const arrivals = seen ? withArrivals(before.arrivals, observation) : before.arrivals;
  const { oldestMs } = observation;
  const longest = longestOf(before.longest, observation);
  // What is left of a larger edge waited for all that was accepted with it, also for what is done by now.
  const isOverfull = observation.backlogEvents > settings.edgeEvents;
  const edge = isOverfull ? Math.max(before.edge ?? 0, observation.backlogEvents) : settings.edgeEvents;
  const waiting = nextWaiting(before.waiting ?? NEVER_WAITED, observation, goal, settings);
  const step = (regime: LoadRegime, turning = 0): RegimeState => ({
    regime,
    isSaturated: regime === 'saturated',
    arrivals,
    turning,
    turningFromMs: turning > 1 ? (before.turningFromMs ?? oldestMs) : oldestMs,
    pausedAt,
    periodMs: observation.durationMs,
    longest,
    edge,
    waiting,
    oldestMs,
    behind: 0,
  });
  if (observation.at - pausedAt < PAUSED_MS) return step(before.regime, before.turning);
  // Events of refused calls are old, however few there are, and so is what waits for their slots.
  const isRefused = before.isSaturated && observation.rejected + observation.waitingRetries > 0;
  const ahead = isOverfull ? edge : observation.backlogEvents;
  const { edgeEvents } = settings;
  const explaining = { ahead, edgeEvents, p95Ms: goal.p95Ms, longestMs: longest?.ms ?? 0 };
  const isOlderThan = (factor: number): boolean =>
    oldestMs > goal.p95Ms && oldestMs > factor * explainedMs(observation, explaining);
  const waits = isWaiting(waiting);
  const isFull = observation.fullRatio >= (waits ? WAITING_FULL_RATIO : FULL_RATIO);
  const isFree = observation.fullRatio < (waits ? WAITING_FREE_RATIO : FREE_RATIO);
  // What fills the edges of a flow of several stages, or comes from a source that waits, is what the sources have: it is not
  // worked off by being late.
  const isFed = goal.isFed === true || waits;
  const isNoBacklog = waits || (isFed && !isFree);
  if (!isRefused && !isNoBacklog && isOlderThan(BACKLOG_AGE)) {
    const isYounger = !isFull || oldestMs < (before.oldestMs ?? Infinity);
    const behind = clamp((before.behind ?? 0) + (isYounger ? -1 : 1), 0, MOST_BEHIND);
    const isSought = goal.isShared !== true && behind >= (isBehind(before) ? 1 : BEHIND_PERIODS);
    return { ...step(isSought ? 'saturated' : 'draining'), behind };
  }
  const turning = before.turning + 1;
  switch (before.regime) {
    case 'saturated':
      if (!isFree) return step('saturated');
      return turning >= TURNING_PERIODS || before.arrivals === undefined
        ? step('carrying')
        : step('saturated', turning);
    case 'carrying':
      if (!isFull) return step('carrying');
      if (!isFed) return step('draining');
      return turning < TURNING_PERIODS ? step('carrying', turning) : step('saturated');
    case 'draining':
      if (isFull) {
        if (isNoBacklog) return step('saturated');
        if (isOlderThan(SATURATED_AGE)) return step('draining');
        if (turning < TURNING_PERIODS) return step('draining', turning);
        return step(oldestMs < YOUNGER * (before.turningFromMs ?? 0) ? 'draining' : 'saturated');
      }
      return step(oldestMs < WORKED_OFF * goal.p95Ms ? 'carrying' : 'draining');
  }
}

/** Saturated, and what waits is late already. */
export function isBehind({ isSaturated, behind }: RegimeState): boolean {
  return isSaturated && (behind ?? 0) > 0;
}

function longestOf(before: LongCall | undefined, { samples, at }: StageObservation): LongCall | undefined {
  let longest = before !== undefined && before.until > at ? before : undefined;
  for (const { durationMs: ms, endedAt, outcome } of samples) {
    if (outcome === 'ok' && ms >= (longest?.ms ?? 0)) longest = { ms, until: endedAt + GONE_CALLS * ms };
  }
  return longest;
}

/**
 * For how long the edge in front and the calls make an event wait; one that is older waited outside. An edge that was
 * larger once explains some of that, but not that it is worked off for seconds.
 */
function explainedMs(
  observation: StageObservation,
  { ahead, edgeEvents, p95Ms, longestMs }: Record<'ahead' | 'edgeEvents' | 'p95Ms' | 'longestMs', number>,
): number {
  const { samples } = observation;
  const callMs = samples.reduce((sum, call) => sum + call.durationMs, 0) / Math.max(1, samples.length);
  const rate = rateOf(observation, callMs);
  const edgeMs = Math.min(ahead / rate, Math.max(edgeEvents / rate, MOST_EXPLAINED * p95Ms));
  return (rate === 0 ? Infinity : edgeMs) + Math.max(callMs, longestMs);
}

/** Events per ms. What calls longer than a period have done when they end in it, was not done in it alone: by Little's law then. */
function rateOf({ done, durationMs, samples, inFlight }: StageObservation, callMs: number): number {
  if (callMs <= durationMs) return done / durationMs;
  const batch = samples.reduce((sum, call) => sum + call.batch, 0) / samples.length;
  return (batch * Math.max(1, inFlight)) / callMs;
}
