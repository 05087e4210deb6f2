/**
 * A look far away: as many events in flight, but in four or sixteen times as many, smaller calls. Beyond a wall (so many calls, so many
 * events at once) that may do better, and nothing on this side of it tells: trials only go to neighbours.
 *
 * It makes no more events late than are in flight anyway, and is given up as soon as it cannot win. It is measured and not learned,
 * because a convoy or a cliff that far off would bend the model where the stage is; only what wins is learned.
 */

import type { StageObservation } from '../../../control/observation.ts';
import { p95Of, throughputOf, type Point } from '../cost-model.ts';
import { isInTransit, usableCall, type UsableCall } from '../samples/calls.ts';
import { isWithin, type Candidate, type SearchSpace } from '../search/candidates.ts';

export interface LookState {
  /** The one that is under way. */
  readonly visit?: Visit | undefined;
  /** Between these times, monotonic ms, the calls of the last one started; no end: it goes on. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** None before this; undefined: no wall was met. */
  readonly nextAt: number | undefined;
  /** The rest after the next one, ms. */
  readonly restMs: number;
}

interface Visit {
  /** What there is to be won over: a point, its events per ms, and ms of its calls. */
  readonly base: Point;
  readonly rate: number;
  readonly callMs: number;
  /** Of the stay at the present place, and the calls of it that have ended. */
  readonly from: number;
  readonly calls: readonly UsableCall[];
}

/** So many more calls, and once more where that is not yet bad. */
const SPREAD = 4;
/** Durations of a call of the base that each place is looked at. */
const LENGTH = 2.6;
const LEAST_CALLS = 3;
const MOST_CALLS = 64;
/** Throughput over the base's: it must win so much, and may win further off while it keeps so much. */
const WINS = 1.08;
const KEEPS = 0.8;
/** Durations of a call from the wall to the look: what there is to be won over must be known. */
const DUE_AFTER = 20;
/** Another load or another version of the target may have moved the wall: it is looked for again, each time after twice as long. */
const FIRST_REST_MS = 60_000;

export const FIRST_LOOK: LookState = { nextAt: undefined, restMs: FIRST_REST_MS };

/** A wall was met, or got over: there may be another one. */
export function withWall(before: LookState, at: number, callMs: number): LookState {
  return { ...before, nextAt: at + DUE_AFTER * callMs };
}

/** Calls of a look say nothing that should be learned. */
export function besidesLook({ from, to = Infinity }: LookState, calls: readonly UsableCall[]): readonly UsableCall[] {
  return from === undefined ? calls : calls.filter(({ startedAt }) => startedAt < from || startedAt >= to);
}

/** Undefined: out of bounds, or more calls could not start. */
export function placeFrom(space: SearchSpace, { batch, inFlight }: Point): Point | undefined {
  const place = { batch: Math.round(batch / SPREAD), inFlight: Math.round(inFlight * SPREAD) };
  return space.callsPerMs === undefined && batch >= SPREAD && isWithin(space, place) ? place : undefined;
}

export function withLook({ restMs }: LookState, base: Candidate, callMs: number, at: number): LookState {
  const { batch, inFlight, throughput: rate } = base;
  return {
    visit: { base: { batch, inFlight }, rate, callMs, from: at, calls: [] },
    from: at,
    nextAt: at + restMs,
    restMs: 2 * restMs,
  };
}

/** The search for the most throughput is over, or the look is. */
export function withoutLook(before: LookState, at: number): LookState {
  return before.visit === undefined ? before : { ...before, visit: undefined, to: at };
}

export interface Looked {
  readonly look: LookState;
  /** Where to go; undefined: stay. */
  readonly next: Point | undefined;
  /** Calls of a place that won. */
  readonly won: readonly UsableCall[];
}

export interface LookInput {
  readonly observation: StageObservation;
  readonly current: Point;
  readonly space: SearchSpace;
  readonly targetMs: number;
  /** What calls that have not ended yet will take at least, on average. */
  readonly leastMs: number;
}

export function looked(before: LookState, input: LookInput): Looked {
  const under = before.visit;
  if (under === undefined) return { look: before, next: undefined, won: [] };
  const { observation, current, space } = input;
  const { at } = observation;
  const visit = { ...under, calls: [...under.calls, ...callsOf(under, observation)].slice(0, MOST_CALLS) };
  const look = { ...before, visit };
  const verdict = verdictOn(visit, input);
  if (verdict === 'wait') return { look, next: undefined, won: [] };
  if (verdict === 'won') {
    const over = withWall({ ...FIRST_LOOK, from: look.from, to: at }, at, visit.callMs);
    return { look: over, next: undefined, won: visit.calls };
  }
  const further = verdict === 'further' ? placeFrom(space, current) : undefined;
  if (further === undefined) return { look: withoutLook(look, at), next: visit.base, won: [] };
  return { look: { ...look, visit: { ...visit, from: at, calls: [] } }, next: further, won: [] };
}

function callsOf({ from }: Visit, { samples }: StageObservation): UsableCall[] {
  return samples
    .filter((sample) => sample.outcome === 'ok' && !isInTransit(sample))
    .map(usableCall)
    .filter(({ startedAt }) => startedAt >= from);
}

function verdictOn(
  { calls, from, rate, callMs }: Visit,
  { observation, current, space, targetMs, leastMs }: LookInput,
): 'wait' | 'back' | 'further' | 'won' {
  const { at, failed, rejected, pause } = observation;
  if (failed > 0 || rejected > 0 || pause !== undefined) return 'back';
  const ofBase = (ms: number): number => throughputOf({ ms, tail: 1 }, current) / rate;
  if (ofBase(leastMs) < KEEPS) return 'back';
  if (at - from < LENGTH * callMs) return 'wait';
  if (calls.length < LEAST_CALLS) return 'back';
  const ms = Math.max(leastMs, calls.reduce((sum, call) => sum + call.ms, 0) / calls.length);
  const { tail } = space.model.predict(current.batch, current.inFlight);
  const isInTime = p95Of({ ms, tail }, current.inFlight) <= targetMs;
  if (isInTime && ofBase(ms) > WINS) return 'won';
  return ofBase(ms) > KEEPS ? 'further' : 'back';
}
