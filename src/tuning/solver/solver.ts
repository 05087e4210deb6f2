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
import { initialSamples, pointOf, usableCalls, type SampleState } from './samples.ts';
import { candidateAt, type Candidate, type SearchSpace } from './search/candidates.ts';
import { choose } from './search/choice.ts';
import { FIRST_SWEEP, sweep, type SweepState } from './search/sweep.ts';
import { FIRST_TRIM, trim, type TrimState } from './trim.ts';

export interface SolverState {
  readonly samples: SampleState;
  readonly surface: SurfaceState;
  readonly sweep: SweepState | undefined;
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
  const point = pointOf(settings);
  const expectedMs = model.isInformed ? model.predict(point.batch, point.inFlight).ms : undefined;
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

function saturated(
  before: SolverState,
  observation: StageObservation,
  current: Point,
  space: SearchSpace,
  goal: StageGoal,
): { state: SolverState; plan: Plan | undefined } {
  const here = candidateAt(space, current);
  const ms = space.model.predict(current.batch, current.inFlight).ms;
  const isRipe = before.samples.waiting.length === 0 && observation.at - before.samples.since >= 1.3 * ms;
  if (!isRipe) return { state: before, plan: undefined };
  if (before.sweep !== undefined) {
    const swept = sweep(before.sweep, space, current);
    const state = { ...before, sweep: swept.state };
    return { state, plan: saturatedPlan(candidateAt(space, swept.next), 'growing while it helps') };
  }
  const trimmed = trim(before.trim, {
    observation,
    targetMs: goal.p95Ms,
    used: here.p95Ms / space.p95Ms,
    delayPeriods: (2 * ms) / CONTROL_PERIOD_MS,
  });
  const state = { ...before, trim: trimmed };
  return { state, plan: saturatedPlan(choose(spaceOf(state, goal, { hold: false }), current)) };
}

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
