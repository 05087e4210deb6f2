/**
 * The stage solver: batch size and concurrency of a stage, jointly.
 *
 * One period: what refusals say -> what the calls cost (learn) -> is there more to do than the stage can take (load)
 * -> the best operating point (choice), reached by a sweep at a cold start and corrected by a trim on the measured
 * p95 -> decisions.
 *
 * Observation used: samples, calls, busyRatio, fullRatio, latency, pause, gate. Pure; state is plain data.
 * Objective, in this order: p95 within the target, throughput, few calls in flight.
 */

import type { StageGoal } from '../../control/goal.ts';
import type { StageObservation } from '../../control/observation.ts';
import type { StageSettings } from '../../control/settings.ts';
import { CONTROL_PERIOD_MS, type Controller, type Step } from '../controller.ts';
import type { Point } from './cost-model.ts';
import { decisionsFor } from './explain.ts';
import { followLoad, initialLoad, type LoadState } from './load/load.ts';
import { BLANK_SURFACE, learn, surfaceOf, type SurfaceState } from './model/surface.ts';
import type { Plan } from './plan.ts';
import { heedRefusals, initialRefusals, type Limits, type RefusalState } from './refusals/refusals.ts';
import { initialSamples, isSamePoint, pointOf, presentStay, usableCalls, type SampleState } from './samples.ts';
import { candidateAt, type Candidate, type SearchSpace } from './search/candidates.ts';
import { choose } from './search/choice.ts';
import { FIRST_SWEEP, sweep, type SweepState } from './search/sweep.ts';
import { bestTrial, FIRST_TRIAL, restAfter, trialLengthMs, type TrialState } from './trial/trial.ts';
import { FIRST_TRIM, trim, type TrimState } from './trim.ts';

export interface SolverState {
  readonly samples: SampleState;
  readonly surface: SurfaceState;
  readonly sweep: SweepState | undefined;
  readonly trial: TrialState;
  readonly trim: TrimState;
  readonly refusals: RefusalState;
  readonly load: LoadState;
}

export const stageSolver: Controller<SolverState> = {
  name: 'stage solver',
  knobs: ['batchLimit', 'concurrency', 'burstConcurrency', 'burstAgeMs', 'lingerMs', 'minGapMs', 'edgeEvents'],
  initial: (settings) => ({
    samples: initialSamples(settings),
    surface: BLANK_SURFACE,
    sweep: FIRST_SWEEP,
    trial: FIRST_TRIAL,
    trim: FIRST_TRIM,
    refusals: initialRefusals(),
    load: initialLoad(),
  }),
  step,
};

function step(
  before: SolverState,
  observation: StageObservation,
  settings: StageSettings,
  goal: StageGoal,
): Step<SolverState> {
  const refused = heedRefusals(before.refusals, observation, settings, goal);
  const learned = withCallsOf(before, observation, settings);
  const model = surfaceOf(learned.surface);
  const current = pointOf(settings);
  const space = spaceOf(learned, goal, refused.limits);
  const best = model.isInformed ? saturatedPlan(choose(space, current)) : undefined;
  const { limits } = refused;
  const load = followLoad(before.load, {
    observation,
    settings,
    goal,
    model,
    limits,
    best,
    budget: learned.trim.budget,
  });
  const state: SolverState = { ...learned, refusals: refused.state, load: load.state };
  const pacing: Plan = {
    kind: 'move',
    settings: refused.settings,
    reason: refused.reason ?? 'the target takes so many calls per second',
    evidence: {},
  };
  const { state: next, plan } =
    load.plan !== undefined
      ? { state, plan: load.plan }
      : load.state.isSaturated && model.isInformed && !limits.hold
        ? saturated(state, observation, current, space, goal)
        : { state, plan: undefined };
  const together = { ...(plan ?? pacing), settings: { ...plan?.settings, ...refused.settings } };
  return { state: next, decisions: decisionsFor(together, settings, observation, goal) };
}

function withCallsOf(before: SolverState, observation: StageObservation, settings: StageSettings): SolverState {
  const model = surfaceOf(before.surface);
  const expectedMs = ({ batch, inFlight }: Point): number | undefined =>
    model.isInformed ? model.predict(batch, inFlight).ms : undefined;
  const { state: samples, calls } = usableCalls(before.samples, observation, settings, expectedMs);
  return { ...before, samples, surface: learn(before.surface, calls, observation.at) };
}

function spaceOf(state: SolverState, { p95Ms, bounds }: StageGoal, limits: Limits): SearchSpace {
  const { min, max } = bounds.concurrency;
  return {
    model: surfaceOf(state.surface),
    p95Ms: p95Ms * state.trim.budget,
    batch: bounds.batchLimit,
    concurrency: { min, max: Math.max(min, Math.min(max, limits.maxConcurrency ?? max)) },
    callsPerMs: limits.callsPerSecond === undefined ? undefined : limits.callsPerSecond / 1000,
  };
}

interface Chosen {
  readonly state: SolverState;
  readonly plan: Plan | undefined;
}

function saturated(
  before: SolverState,
  observation: StageObservation,
  current: Point,
  space: SearchSpace,
  goal: StageGoal,
): Chosen {
  const here = candidateAt(space, current);
  const { ms } = space.model.predict(current.batch, current.inFlight);
  const stay = presentStay(before.samples);
  const age = observation.at - stay.from;
  if (before.sweep !== undefined) {
    if (stay.used < 1 || age < SETTLED_CALLS * ms) return { state: before, plan: undefined };
    const swept = sweep(before.sweep, space, current);
    const state = { ...before, sweep: swept.state };
    return { state, plan: saturatedPlan(candidateAt(space, swept.next), 'growing while it helps') };
  }
  if (before.trial.base !== undefined) return returned(before, observation, space, ms);
  const trimmed = trim(before.trim, {
    observation,
    targetMs: goal.p95Ms,
    used: here.p95Ms / space.p95Ms,
    delayPeriods: (2 * ms) / CONTROL_PERIOD_MS,
  });
  const state = { ...before, trim: trimmed };
  if (age < SETTLED_CALLS * ms) return { state, plan: undefined };
  const trimmedSpace = { ...space, p95Ms: goal.p95Ms * trimmed.budget };
  const chosen = choose(trimmedSpace, current);
  if (observation.at < before.trial.nextAt) return { state, plan: saturatedPlan(chosen) };
  return tried(state, observation, trimmedSpace, chosen, ms);
}

/** A point is left alone until it is so many calls old. */
const SETTLED_CALLS = 1.6;

/** The end of a trial: to wherever is best now. */
function returned(before: SolverState, { at }: StageObservation, space: SearchSpace, ms: number): Chosen {
  const { base, until } = before.trial;
  if (base === undefined || at < until - 1) return { state: before, plan: undefined };
  const { base: _, ...trial } = before.trial;
  const plan = saturatedPlan(candidateAt(space, base), 'the trial is over');
  void ms;
  return { state: { ...before, trial }, plan: { ...plan, kind: 'revert' } };
}

function tried(
  before: SolverState,
  { at }: StageObservation,
  space: SearchSpace,
  chosen: Candidate,
  ms: number,
): Chosen {
  const base = { batch: Math.round(chosen.batch), inFlight: Math.round(chosen.inFlight) };
  const trial = bestTrial(space, base);
  if (trial === undefined) {
    const idle = { ...before.trial, nextAt: at + IDLE_MS };
    return { state: { ...before, trial: idle }, plan: saturatedPlan(chosen) };
  }
  const lengthMs = trialLengthMs(Math.max(ms, space.model.predict(trial.batch, trial.inFlight).ms), CONTROL_PERIOD_MS);
  const until = at + Math.ceil(lengthMs / CONTROL_PERIOD_MS) * CONTROL_PERIOD_MS;
  const nextAt = until + SETTLED_CALLS * ms + lengthMs * restAfter(trial);
  const plan = saturatedPlan(trial, 'a neighbour might do better');
  return {
    state: { ...before, trial: { base, until, nextAt } },
    plan: { ...plan, kind: 'trial', evidence: { ...plan.evidence, gain: trial.gain, loss: trial.loss } },
  };
}

/** When nothing is worth a trial, this long until the next look, ms. */
const IDLE_MS = 500;

function saturatedPlan(candidate: Candidate, reason = 'the most throughput within the target'): Plan {
  const { batch, inFlight, throughput, p95Ms } = candidate;
  return {
    kind: 'move',
    // A full edge holds one batch: more would only be older when its turn comes.
    settings: { batchLimit: batch, concurrency: inFlight, burstConcurrency: inFlight, lingerMs: 0, edgeEvents: batch },
    reason,
    evidence: { p95Ms },
    expected: { throughput: throughput * 1000, p95Ms },
  };
}
