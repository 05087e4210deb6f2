/**
 * What to do while there is always more than the stage can take: a sweep at the cold start, then the best point by the
 * model, trials of its neighbours, and a trim of the latency budget.
 */

import type { StageGoal } from '../../control/goal.ts';
import type { StageObservation } from '../../control/observation.ts';
import { CONTROL_PERIOD_MS } from '../controller.ts';
import type { Point } from './cost-model.ts';
import { isSamePlace } from './model/cells.ts';
import { learn, measuredIn, settledIn, type SurfaceState } from './model/surface.ts';
import { holding } from './held.ts';
import { backTo, saturatedPlan, visitTo } from './moves.ts';
import type { Plan } from './plan.ts';
import { presentStay, type SampleState } from './samples/samples.ts';
import { isSamePoint } from './samples/stays.ts';
import { leastMs as leastMsOf } from './samples/unended.ts';
import { anchorAmong } from './search/anchor.ts';
import { candidateAt, isMore, isWithin, type Candidate, type SearchSpace } from './search/candidates.ts';
import { choose } from './search/choice.ts';
import { isHopeless, retreat, sweep, type SweepState } from './search/sweep.ts';
import { looked, placeFrom, withLook, withWall, type LookState } from './trial/look.ts';
import { bestTrial, restAfter, trialLengthMs, type TrialState } from './trial/trial.ts';
import { budgetOf, noteFailures, trim, type TrimState } from './trim.ts';

export interface SearchState {
  readonly samples: SampleState;
  readonly surface: SurfaceState;
  /** Undefined once it is over. */
  readonly sweep: SweepState | undefined;
  readonly trial: TrialState;
  readonly look: LookState;
  readonly trim: TrimState;
}

export interface SearchInput {
  /** Events per ms that are enough, of a stage that is held (held.ts). */
  readonly enough?: number | undefined;
  /** The source waits while it is held back (load/waiting.ts): how full the edge is says how fast it is. Default false. */
  readonly isWaiting?: boolean;
  /** Share of the target that predictions might take before it became far slower (recall.ts). Absent: it has not. */
  readonly usualBudget?: number | undefined;
  /** Calls seem to hang for want of room (refusals/congestion.ts). Default false. */
  readonly isCongested?: boolean;
  readonly observation: StageObservation;
  /** In force during the observed period. */
  readonly current: Point;
  readonly space: SearchSpace;
  readonly goal: StageGoal;
}

export interface Searched<S extends SearchState> {
  readonly state: S;
  /** Undefined: stay. */
  readonly plan: Plan | undefined;
}

/** A point is left alone until it is so many calls old. */
const SETTLED_CALLS = 1.6;
/** Calls that have not ended last longer than so many targets on average: there is nothing to wait for, nor to try. */
const LOST = 1.5;
/** Calls that a step of the sweep rests on, unless that takes too many durations. */
const SWEEP_CALLS = 3;
const THIN_CALLS = 5;
/** A share of the calls in flight that began before the stay hangs; how they end is waited for, for so long at most, ms. */
const HANGING = 0.25;
const HANG_MS = 2_000;
/**
 * A stage that waits part of the time, for events or until what it did is taken, has nothing to gain from a neighbour, and
 * does not show what that gives: shares of the time with a full edge, and of its calls in flight. In a flow of several stages
 * what comes, comes in the batches of the one before: the edge is not always full, and calls tell alone.
 */
const HELD_FULL = 0.9;
const HELD_BUSY = 0.8;
/** When nothing is worth a trial, this long until the next look, ms. */
const IDLE_MS = 500;

export function saturated<S extends SearchState>(given: S, input: SearchInput): Searched<S> {
  const { observation, current, space, goal } = input;
  const before = { ...given, trim: noteFailures(given.trim, observation) };
  const { ms } = space.model.predict(current.batch, current.inFlight);
  const stay = presentStay(before.samples);
  const { enough } = input;
  const isLost = leastMsOf(before.samples.unended) > LOST * goal.p95Ms;
  const isYoung = !isLost && observation.at - stay.from < SETTLED_CALLS * ms;
  if (before.sweep !== undefined && enough === undefined) {
    if (input.isCongested === true && isHanging(before.samples, observation)) return { state: before, plan: undefined };
    const isThin = stay.used < SWEEP_CALLS;
    if (isThin && isHopeless(before.sweep, space, current)) return retreating(before, input);
    // Odd calls wait for others of their stay: what they tell of it is to come.
    const isPatient =
      observation.at - stay.from < THIN_CALLS * ms ||
      before.samples.waiting.some(({ startedAt }) => startedAt >= stay.from);
    return isYoung || (isThin && isPatient) ? { state: before, plan: undefined } : swept(before, before.sweep, input);
  }
  if (before.look.visit !== undefined) return looking(before, input);
  if (before.surface.strange.length > 0) return wondering(before, input);
  if (before.trial.visit !== undefined) return visiting(before, before.trial.visit, input);
  if (enough !== undefined) {
    // Without a call that tells what the last move did it makes nothing larger, nor in the middle of a sweep.
    const mayGrow = stay.used > 0 && before.sweep === undefined;
    const chosen = isYoung ? undefined : holding(space, enough, current, mayGrow);
    return { state: before, plan: chosen && saturatedPlan(chosen, 'what follows takes no more') };
  }
  const trimmed = trim(before.trim, {
    observation,
    targetMs: goal.p95Ms,
    used: candidateAt(space, current).p95Ms / space.p95Ms,
    usual: input.usualBudget,
    delayPeriods: (2 * ms) / CONTROL_PERIOD_MS,
  });
  const state = { ...before, trim: trimmed };
  if (isYoung) return { state, plan: undefined };
  const trimmedSpace = { ...space, p95Ms: goal.p95Ms * budgetOf(trimmed) };
  const chosen = choose(trimmedSpace, current);
  // Double after double without a call that tells what the last one did: by the model as it was before, all of them pay.
  if (stay.used === 0 && isMore(chosen, current)) return { state, plan: undefined };
  const isFed = goal.isShared === true || input.isWaiting === true || observation.fullRatio >= HELD_FULL;
  const isIdle = !isFed || observation.busyRatio < HELD_BUSY;
  if (isIdle && goal.isShared !== true && isFine(trimmedSpace, current)) return { state, plan: undefined };
  if (isIdle || isLost || observation.at < before.trial.nextAt) return { state, plan: saturatedPlan(chosen) };
  const isDue = goal.isShared !== true && observation.at >= (state.look.nextAt ?? Infinity);
  const look = isDue && isSamePoint(rounded(chosen), current) ? placeFrom(space, current) : undefined;
  if (look === undefined) return tried(state, { ...input, space: trimmedSpace }, chosen, ms);
  const begun = withLook(state.look, candidateAt(space, current), ms, observation.at);
  return { state: { ...state, look: begun }, plan: visitTo(space, look, LOOKING) };
}

/** Of a stage that waits: what it could do more is not what it lacks, and calls that find little to do tell little of others. */
function isFine(space: SearchSpace, current: Point): boolean {
  if (space.callsPerMs !== undefined || !isWithin(space, current)) return false;
  return candidateAt(space, current).p95Ms <= space.p95Ms;
}

function isHanging(samples: SampleState, { at, inFlight }: StageObservation): boolean {
  return samples.unended.former > HANGING * inFlight && at - presentStay(samples).from < HANG_MS;
}

const LOOKING = 'many more and smaller calls might do better';

function looking<S extends SearchState>(before: S, { observation, current, space, goal }: SearchInput): Searched<S> {
  const leastMs = leastMsOf(before.samples.unended);
  const { look, next, won } = looked(before.look, { observation, current, space, targetMs: goal.p95Ms, leastMs });
  const { at } = observation;
  if (next === undefined)
    return { state: { ...before, look, surface: learn(before.surface, won, at, true) }, plan: undefined };
  if (look.visit !== undefined) return { state: { ...before, look }, plan: visitTo(space, next, LOOKING) };
  // Those of its calls that still last would count for the next place.
  const nextAt = Math.max(before.trial.nextAt, at + SETTLED_CALLS * leastMs);
  return { state: { ...before, look, trial: { nextAt } }, plan: backTo(space, next) };
}

function swept<S extends SearchState>(
  before: S,
  state: SweepState,
  { observation: { at }, space, current }: SearchInput,
): Searched<S> {
  const { state: next, next: point, isWall } = sweep(state, space, current);
  const { ms } = space.model.predict(point.batch, point.inFlight);
  return {
    state: { ...before, sweep: next, look: isWall === true ? withWall(before.look, at, ms) : before.look },
    plan: saturatedPlan(candidateAt(space, point), 'throughput still grows: looking further'),
  };
}

/** Calls are in flight for so long that more of them would only be driven further into whatever holds them up. */
function retreating<S extends SearchState>(before: S, { space, current }: SearchInput): Searched<S> {
  const { state, next } = retreat(current);
  return {
    state: { ...before, sweep: state },
    plan: saturatedPlan(candidateAt(space, next), 'calls do not end in time: a step back'),
  };
}

/** Is it this place, or everything? A place that is known tells, the one seen last if it is worth being at. */
function wondering<S extends SearchState>(before: S, { current, space }: SearchInput): Searched<S> {
  const state = { ...before, trial: { nextAt: before.trial.nextAt } };
  const anchor = anchorAmong(settledIn(before.surface), space, current);
  if (anchor === undefined || isSamePlace(anchor, current)) return { state, plan: undefined };
  const plan = saturatedPlan(
    candidateAt(space, anchor),
    'calls take quite another time than expected: back to what is known',
  );
  return { state, plan: { ...plan, kind: 'revert' } };
}

function visiting<S extends SearchState>(
  before: S,
  { base, until }: { readonly base: Point; readonly until: number },
  { observation, space }: SearchInput,
): Searched<S> {
  if (observation.at < until - CONTROL_PERIOD_MS / 2) return { state: before, plan: undefined };
  return { state: { ...before, trial: { nextAt: before.trial.nextAt } }, plan: backTo(space, base) };
}

function rounded({ batch, inFlight }: Point): Point {
  return { batch: Math.round(batch), inFlight: Math.round(inFlight) };
}

function tried<S extends SearchState>(
  before: S,
  { observation: { at }, space }: SearchInput,
  chosen: Candidate,
  ms: number,
): Searched<S> {
  const base = rounded(chosen);
  const trial = bestTrial(space, base, measuredIn(before.surface));
  if (trial === undefined) {
    return { state: { ...before, trial: { nextAt: at + IDLE_MS } }, plan: saturatedPlan(chosen) };
  }
  const lengthMs = trialLengthMs(Math.max(ms, space.model.predict(trial.batch, trial.inFlight).ms), CONTROL_PERIOD_MS);
  const until = at + Math.ceil(lengthMs / CONTROL_PERIOD_MS) * CONTROL_PERIOD_MS;
  const nextAt = until + SETTLED_CALLS * ms + lengthMs * restAfter(trial);
  const plan = visitTo(space, trial, 'a neighbour might do better');
  return {
    state: { ...before, trial: { visit: { base, until }, nextAt } },
    plan: { ...plan, evidence: { ...plan.evidence, gain: trial.gain, loss: trial.loss } },
  };
}
