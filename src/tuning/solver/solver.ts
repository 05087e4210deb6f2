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
import type { Controller, Step } from '../controller.ts';
import type { Point } from './cost-model.ts';
import { decisionsFor } from './explain.ts';
import { nextBulk } from './load/bulk.ts';
import type { LoadInput } from './load/load-input.ts';
import { followLoad, initialLoad, isWaitedFor, LATE, predictedAt, type LoadState } from './load/load.ts';
import type { Use } from './load/use.ts';
import { NO_SLOWDOWN, watchForSlowdown, type SlowdownState } from './load/slowdown.ts';
import { BLANK_SURFACE, learn, surfaceOf } from './model/surface.ts';
import { outlookOf } from './outlook.ts';
import type { Plan } from './plan.ts';
import { beforeDisturbance, NOTHING_RECALLED, recall, type RecallState } from './recall.ts';
import { heedRefusals, initialRefusals, type Limits, type RefusalState } from './refusals/refusals.ts';
import type { UsableCall } from './samples/calls.ts';
import { initialSamples, presentStay, usableCalls } from './samples/samples.ts';
import { pointOf } from './samples/stays.ts';
import { saturated, type SearchInput, type Searched, type SearchState } from './saturated.ts';
import type { SearchSpace } from './search/candidates.ts';
import { choose } from './search/choice.ts';
import { FIRST_SWEEP } from './search/sweep.ts';
import { spaceOf } from './space.ts';
import { besidesLook, FIRST_LOOK, withoutLook } from './trial/look.ts';
import { FIRST_TRIAL } from './trial/trial.ts';
import { budgetOf, FIRST_TRIM, UNTRIMMED } from './trim.ts';

export interface SolverState extends SearchState {
  readonly refusals: RefusalState;
  readonly load: LoadState;
  readonly slowdown: SlowdownState;
  readonly recall: RecallState;
}

export const stageSolver: Controller<SolverState> = {
  name: 'stage solver',
  knobs: ['batchLimit', 'concurrency', 'burstConcurrency', 'burstAgeMs', 'lingerMs', 'minGapMs', 'edgeEvents'],
  initial: (settings) => ({
    samples: initialSamples(settings),
    surface: BLANK_SURFACE,
    sweep: FIRST_SWEEP,
    trial: FIRST_TRIAL,
    look: FIRST_LOOK,
    trim: FIRST_TRIM,
    refusals: initialRefusals(),
    load: initialLoad(),
    slowdown: NO_SLOWDOWN,
    recall: NOTHING_RECALLED,
  }),
  step,
  outlook: outlookOf,
};

/** A batch becomes smaller by this factor at most from one period to the next. */
const MOST_SHRINK = 4;

function step(
  before: SolverState,
  observation: StageObservation,
  settings: StageSettings,
  goal: StageGoal,
): Step<SolverState> {
  const refused = heedRefusals(before.refusals, observation, settings, goal);
  const { learned, isDoubtful } = withSlowdown(
    withCallsOf(withBulk(before, observation, settings, goal), observation, settings),
    {
      observation,
      settings,
      goal,
      limits: refused.limits,
    },
  );
  const model = surfaceOf(learned.surface);
  const current = pointOf(settings);
  const space = spaceOf(learned, goal, refused.limits);
  const { limits } = refused;
  const load = followLoad(learned.load, {
    observation,
    settings: withoutVisit(settings, learned),
    goal,
    model,
    limits,
    isSeen: presentStay(learned.samples).used > 0,
    best: () => choose(space, current),
    most: () => choose({ ...space, p95Ms: LATE * space.p95Ms }, current),
  });
  const state: SolverState = { ...learned, refusals: refused.state, load: load.state };
  const pacing: Plan = {
    kind: 'move',
    settings: refused.settings,
    reason: refused.reason ?? 'the target takes so many calls per second',
    evidence: refused.evidence ?? {},
  };
  const { state: next, plan } =
    load.plan !== undefined
      ? { state: unvisited(state, observation.at), plan: isDoubtful ? undefined : load.plan }
      : load.state.isSaturated && model.isInformed && !limits.hold
        ? searched(
            state,
            {
              observation,
              current,
              space: withEnough(space, load.state),
              goal,
              isWaiting: isWaitedFor(load.state),
              isCongested: limits.isCongested === true,
              usualBudget: beforeDisturbance(state.recall)?.trim.budget,
              enough: enoughOf(load.state.use, goal, limits),
            },
            load.state.aimMs ?? goal.p95Ms,
            before.load.aimMs ?? goal.p95Ms,
          )
        : { state, plan: undefined };
  const together = { ...(plan ?? pacing), settings: { ...gently(plan?.settings, settings), ...refused.settings } };
  return { state: next, decisions: decisionsFor(together, settings, observation, goal) };
}

function unvisited(state: SolverState, at: number): SolverState {
  return { ...state, trial: { nextAt: state.trial.nextAt }, look: withoutLook(state.look, at) };
}

/** What a stage that is held by what follows can do more than it does. */
const ROOM = 1.5;

/** What a source gives and no more, whatever the stage could do: more calls would only find less each. */
function withEnough(space: SearchSpace, load: LoadState): SearchSpace {
  const gives = isWaitedFor(load) ? load.waiting?.gives : undefined;
  return gives === undefined ? space : { ...space, enough: ROOM * gives.rate };
}

/** Alone, nothing follows that could hold it, and a pace explains calls that stand idle. */
function enoughOf({ isHeld, rate }: Use, { isShared }: StageGoal, { callsPerSecond }: Limits): number | undefined {
  return isShared === true && isHeld && callsPerSecond === undefined ? ROOM * rate : undefined;
}

/** The load's rules keep much as it is: not a place that was only visited. */
function withoutVisit(settings: StageSettings, { trial, look }: SearchState): StageSettings {
  const base = (trial.visit ?? look.visit)?.base;
  return base === undefined ? settings : { ...settings, batchLimit: base.batch, concurrency: base.inFlight };
}

/**
 * Smaller batches by steps: what a call of one event costs is a guess until smaller ones have been seen, and
 * first calls, which also connect and compile, make it a bad one.
 */
function gently(planned: Plan['settings'] | undefined, { batchLimit }: StageSettings): Plan['settings'] {
  const least = Math.ceil(batchLimit / MOST_SHRINK);
  if (planned?.batchLimit === undefined || planned.batchLimit >= least) return planned ?? {};
  const { edgeEvents } = planned;
  return {
    ...planned,
    batchLimit: least,
    ...(edgeEvents !== undefined && { edgeEvents: Math.max(edgeEvents, least) }),
  };
}

/**
 * The search with a target that can be kept. One that was put in place of an infeasible one is not trimmed: it follows
 * from predictions, so the least p95 that is measured may lie above it, and no budget would mend that.
 */
function searched(state: SolverState, input: SearchInput, aimMs: number, wasMs: number): Searched<SolverState> {
  const { p95Ms } = input.goal;
  const trim = aimMs !== p95Ms ? UNTRIMMED : wasMs !== p95Ms ? FIRST_TRIM : state.trim;
  const space = { ...input.space, p95Ms: aimMs * budgetOf(trim) };
  return saturated({ ...state, trim }, { ...input, space, goal: { ...input.goal, p95Ms: aimMs } });
}

function withBulk(before: SolverState, ...input: readonly [StageObservation, StageSettings, StageGoal]): SolverState {
  const { load } = before;
  return { ...before, load: { ...load, bulk: nextBulk(load.bulk, ...input) } };
}

function withCallsOf(before: SolverState, observation: StageObservation, settings: StageSettings): SolverState {
  const model = surfaceOf(before.surface);
  const expectedMs = ({ batch, inFlight }: Point): number | undefined =>
    model.isInformed ? model.typicalMs(batch, inFlight) : undefined;
  const usable = usableCalls(before.samples, observation, settings, expectedMs, model.mix);
  const { state: samples, calls, hasStood, isSlow } = usable;
  const own = besidesLook(before.look, calls);
  const surface = learn(before.surface, own, observation.at, before.sweep !== undefined, isSlow);
  return withRecalled({ ...before, samples, surface }, own, observation.at, hasStood);
}

/** Only where the search decides: it is what flees from a target that has become slow. */
function withRecalled(now: SolverState, calls: readonly UsableCall[], at: number, hasStood: boolean): SolverState {
  if (!now.load.isSaturated || now.sweep !== undefined) return { ...now, recall: NOTHING_RECALLED };
  const { state, back } = recall(now.recall, { surface: now.surface, trim: now.trim }, calls, at, hasStood);
  return back === undefined ? { ...now, recall: state } : { ...now, ...back, recall: state, trial: FIRST_TRIAL };
}

/** Only where all that comes is taken: a saturated stage looks for itself what has changed. */
function withSlowdown(
  before: SolverState,
  input: Pick<LoadInput, 'observation' | 'settings' | 'goal' | 'limits'>,
): { readonly learned: SolverState; readonly isDoubtful: boolean } {
  if (before.load.isSaturated) return { learned: { ...before, slowdown: NO_SLOWDOWN }, isDoubtful: false };
  const { state, surface, isDoubtful } = watchForSlowdown(before.slowdown, {
    ...input,
    surface: before.surface,
    predictedMs: (model) => predictedAt(before.load, model, input),
  });
  return { learned: { ...before, slowdown: state, surface }, isDoubtful };
}
