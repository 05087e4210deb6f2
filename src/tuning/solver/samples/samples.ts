/**
 * From the calls of a period to those that say what a call costs.
 *
 * Invariants (samples.test.ts)
 * - A call belongs to the operating point under which it started. Those that ended within the stay at a point are the
 *   quickest of those that started there, so of a short stay the calls count by their start: once all that started at
 *   that time have ended, and not at all when they started so late that most of their time lay beyond the stay, or are
 *   the stragglers of one that is over.
 * - Calls that are odd (odd-calls.ts) count for the tail only, wherever they end: else the more the search moves, the fewer of them are seen.
 * - Of a target that has become slow (begun.ts) all calls count where they began, however late they end.
 * - Nothing that ran across a pause of the event loop or a standstill of the target, failed or was refused counts.
 */

import type { CallSample, StageObservation } from '../../../control/observation.ts';
import type { StageSettings } from '../../../control/settings.ts';
import type { Point } from '../cost-model.ts';
import { areSlow, withBegun, type Begun } from './begun.ts';
import { isInTransit, startOf, usableCall, type UsableCall } from './calls.ts';
import { HEARD, NEWEST, ODD, oddnessOf, wholeMs, type Mix } from './odd-calls.ts';
import { NO_STANDSTILL, watchForStandstill, type Standstill } from './standstill.ts';
import { continued, firstStay, isBeyond, shownMs, stayOf, type Stay } from './stays.ts';
import { leastMs, NONE_UNENDED, unended, type Unended } from './unended.ts';

export interface SampleState {
  /** The newest last. */
  readonly stays: readonly Stay[];
  /** Calls of which it is too early to say whether they count. */
  readonly waiting: readonly UsableCall[];
  readonly begun: readonly Begun[];
  readonly unended: Unended;
  readonly standstill: Standstill;
}

export interface SampleStep {
  readonly state: SampleState;
  readonly calls: readonly UsableCall[];
  /** The target stood still, and goes on. */
  readonly hasStood: boolean;
  /** Most calls that began lately take far longer than was expected. */
  readonly isSlow: boolean;
}

/** Calls that started so many durations ago have all ended, but for stragglers. */
const ALL_ENDED = 1.6;
/** Of a stay that is over, calls that last so many times longer than others come one by one: each alone would mislead. */
const STRAGGLING = 2;
/** A stay of so many durations is long: which of its calls ended first makes no difference. */
const LONG_STAY = 10;
/** Calls that wait are bounded; it is those that began first which say something first. */
const MAX_WAITING = 512;
/** Calls by which the calls in flight of a stay are averaged. */
const LATELY = 64;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

export function initialSamples(settings: StageSettings): SampleState {
  return {
    stays: [firstStay(settings)],
    waiting: [],
    begun: [],
    unended: NONE_UNENDED,
    standstill: NO_STANDSTILL,
  };
}

/** The stay that goes on. */
export function presentStay({ stays }: SampleState): Stay {
  return stays.at(-1) as Stay;
}

/**
 * @param expectedMs - what most calls of a point take; undefined while nothing is known
 * @param mix - what all take over that
 */
export function usableCalls(
  before: SampleState,
  observation: StageObservation,
  settings: StageSettings,
  expectedMs: (point: Point) => number | undefined,
  mix: Mix,
): SampleStep {
  const stays = continued(before.stays, settings, observation);
  const waiting: UsableCall[] = [];
  const calls: UsableCall[] = [];
  const counted: Writable<Stay>[] = stays.map((stay) => ({ ...stay }));
  const presentMs = expectedMs((stays.at(-1) as Stay).point) ?? 0;
  const { state: standstill, overAt } = watchForStandstill(before.standstill, observation, presentMs);
  const begun = withBegun(before.begun, observation, before.unended.inFlight, presentMs);
  const isSlow = areSlow(begun, observation.at);
  const fresh = freshCalls(observation, counted, overAt, expectedMs);
  const ended = [...before.waiting, ...fresh];
  const expected = stays.map((stay) => Math.min(expectedMs(stay.point) ?? 0, shownMs(stay, ended)));
  for (const call of ended) {
    const index = stayOf(call, stays);
    const stay = counted[index];
    if (stay === undefined) continue;
    const ms = expected[index] as number;
    const oddness = isSlow ? 1 : oddnessOf(wholeMs(call, stay.point, expectedMs), stay.recent, ms);
    const verdict = verdictOn(call, stay, { ms, oddness, isSlow, now: observation.at });
    if (verdict === 'wait') waiting.push(call);
    const placed = { ...call, inFlight: stay.inFlight ?? call.inFlight };
    if (verdict === 'straggler') {
      const isToldOf = call.isStraggler === true || oddness > ODD;
      calls.push({ ...placed, isStraggler: true, ...(isToldOf && { oddness }) });
    }
    if (verdict !== 'use') continue;
    stay.used += 1;
    if (isBeyond(call, stay)) {
      // Only the longest calls of a stay see how many are in flight after it: by their mean they would be a place of their own.
      calls.push(placed);
      continue;
    }
    calls.push(call);
    stay.inFlight ??= call.inFlight;
    stay.inFlight += (call.inFlight - stay.inFlight) / Math.min(stay.used, LATELY);
  }
  const present = counted.at(-1) as Stay;
  const still = unended(before.unended, observation, present.from, stays !== before.stays);
  const late = lateCall(still, observation, present, expected.at(-1) ?? 0, mix);
  return {
    state: { stays: counted, waiting: waiting.slice(0, MAX_WAITING), begun, unended: still, standstill },
    calls: late === undefined ? calls : [...calls, late],
    hasStood: overAt > -Infinity,
    isSlow,
  };
}

/** Those that saw calls in flight change tell of no place, and those of them that ended once their stay was over, how many are odd. */
function freshCalls(
  observation: StageObservation,
  stays: Writable<Stay>[],
  overAt: number,
  expectedMs: (point: Point) => number | undefined,
): UsableCall[] {
  return observation.samples.flatMap((sample) => {
    if (!isSound(sample, observation) || startOf(sample) < overAt) return [];
    const call = usableCall(sample);
    const stay = stays[stayOf(call, stays)];
    if (stay === undefined) return [];
    // Those that end once it is over are its slowest.
    const isBelated = sample.endedAt > (stay.to ?? Infinity) && stay.recent.length >= HEARD;
    if (isInTransit(sample)) return isBelated ? { ...call, isStraggler: true } : [];
    if (!isBelated) stay.recent = [...stay.recent, wholeMs(call, stay.point, expectedMs)].slice(-NEWEST);
    return call;
  });
}

/** Calls in flight have lasted far longer than they should: as if one of them had ended now. */
function lateCall(
  still: Unended,
  { fullRatio, samples, pause, gate, waitingRetries }: StageObservation,
  { point, from }: Stay,
  expectedMs: number,
  { mean, spread }: Mix,
): UsableCall | undefined {
  const ms = leastMs(still);
  const late = LATE + (BY_CHANCE * spread) / Math.sqrt(still.own + still.ended || 1);
  const isPlain = fullRatio >= SATURATED && pause === undefined && gate === 'open' && waitingRetries === 0;
  if (!isPlain || expectedMs === 0 || ms < late * mean * expectedMs) return undefined;
  if (samples.some(({ outcome }) => outcome !== 'ok')) return undefined;
  return { batch: point.batch, inFlight: Math.max(1, still.own), ms: ms / mean, startedAt: from, isUnended: true };
}

/** Batches are whole then. */
const SATURATED = 0.5;
/** Over what was expected, and standard deviations of the mean of so many calls above it. */
const LATE = 1.4;
const BY_CHANCE = 3;

type Verdict = 'use' | 'straggler' | 'wait' | 'drop';

interface Expectation {
  readonly ms: number;
  readonly oddness: number;
  readonly isSlow: boolean;
  readonly now: number;
}

function verdictOn(call: UsableCall, stay: Stay, { ms, oddness, isSlow, now }: Expectation): Verdict {
  const { from, to = now, used, recent } = stay;
  if (call.isStraggler === true) return 'straggler';
  // Where more calls came after it, by how its own end it would be as slow as what came.
  if (isSlow && stay.hasMoreCalls !== true) return 'use';
  if (stay.to !== undefined) {
    if (call.startedAt > to - ms) return 'drop';
    // Where none of the others was heard of, it is no straggler: all of them may last so long.
    if (used > 0 && call.ms > STRAGGLING * ms) return 'straggler';
  }
  // Which of them is odd, others of the stay tell, or that they do not end either.
  if (oddness > ODD && (stay.to === undefined || used > 0)) {
    const isUnheard = recent.length < HEARD;
    const waitedMs = now - call.startedAt - call.ms;
    if (stay.to === undefined && waitedMs < (isUnheard ? HEARD : 1) * ms) return 'wait';
    if (stay.to !== undefined || !isUnheard) return 'straggler';
  }
  if (to - from >= LONG_STAY * ms) return 'use';
  return now >= call.startedAt + ALL_ENDED * ms ? 'use' : 'wait';
}

function isSound(sample: CallSample, { pause }: StageObservation): boolean {
  if (sample.outcome !== 'ok') return false;
  if (pause === undefined) return true;
  return startOf(sample) >= pause.endedAt || sample.endedAt < pause.endedAt - pause.durationMs;
}
