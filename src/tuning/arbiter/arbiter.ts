/**
 * The slow half of tuning: what stages share. Every 5 s it divides the latency target and the calls in flight
 * between them, from one pass over the graph; within what it allots, the solver of each stage decides alone.
 *
 * One knob has one writer: the arbiter writes no setting of a stage, only its goal (the budget and the bound of its
 * concurrency). Pure; state is plain data.
 *
 * Invariants (arbiter.test.ts)
 * - Budgets sum to at most the target along every path; grants sum to at most the total, from the first moment on.
 * - A flow of one stage gets all of both, and never a decision.
 * - A stage upstream of one that takes no more gets no more calls than it needs for what passes.
 * - A move that did worse than predicted is taken back (guard.ts).
 */

import type { Weights } from '../../control/work-class.ts';
import { decisionsBetween, type AllotmentDecision, type Allotments } from './allotment.ts';
import { pathsOf, upstreamOf, type FlowGraph } from './flow-graph.ts';
import { graphPass, type GraphPass, type Selectivities, type SourceRate } from './graph-pass.ts';
import { freshGuard, isOnHold, judge, withMove, type FlowFigures, type GuardState } from './guard.ts';
import { moveBudget, startBudgets, type Budgets } from './latency-budget.ts';
import type { CallCost } from './call-cost.ts';
import { claimsOf } from './permit-claims.ts';
import { grantsFor, type Grants } from './permits.ts';
import { isSaturated, perSecond, type StageReport } from './stage-report.ts';
import { expectedRatio, leastOf, msAtOneBatch, stageTimes } from './stage-times.ts';

/** How often the arbiter steps, ms. */
export const ARBITER_PERIOD_MS = 5000;

export interface ArbiterGoal {
  /** p95 of acceptance to confirmation by every sink, ms. */
  readonly p95Ms: number;
  /** Calls in flight of all stages together; Infinity where they are not shared. */
  readonly permits: number;
  readonly weights: Weights;
  /** What users and targets allow of each stage's concurrency; min === max is a pin. */
  readonly concurrency: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
}

export interface ArbiterInput {
  readonly figures: FlowFigures;
  readonly stages: readonly StageReport[];
  readonly sources: readonly SourceRate[];
}

/** What the arbiter divides. */
interface Division {
  readonly budgets: Budgets;
  /** Undefined while permits are not shared. */
  readonly grants: Grants | undefined;
}

export interface ArbiterState extends Division {
  /** Calls of stages upstream of the one that takes no more. */
  readonly caps: Grants;
  /** Budgets rest on measured calls, no longer on equal shares. */
  readonly isStarted: boolean;
  readonly selectivities: Selectivities;
  /** Slow periods in a row in which each stage was saturated. */
  readonly saturatedFor: Readonly<Record<string, number>>;
  readonly guard: GuardState<Division>;
  /** As of the last step; what weights and predictions rest on. */
  readonly pass: GraphPass | undefined;
}

export interface ArbiterStep {
  readonly state: ArbiterState;
  readonly allotments: Allotments;
  readonly decisions: readonly AllotmentDecision[];
}

/** Periods until a saturated stage counts as one that takes no more: its solver had time to find more. */
const EXHAUSTED = 2;
/** Calls that a stage keeps beyond those it needs: durations vary. */
const HEADROOM = 1.5;
/** Logarithm of a budget over what calls of one size speak for: a factor of 1.5. */
const FAR_OFF = 0.4;
/** Changes of grants up to this are not worth it: of a stage's calls, and at least one call. */
const IGNORED_SHIFT = 0.15;

export function initialArbiter(graph: FlowGraph, goal: ArbiterGoal): ArbiterState {
  return {
    budgets: startBudgets(graph, pathsOf(graph), {}, goal.p95Ms),
    grants: goal.permits === Infinity ? undefined : grantsFor(goal.permits, claimsOf(graph, [], goal), goal.weights),
    caps: {},
    isStarted: false,
    selectivities: {},
    saturatedFor: {},
    guard: freshGuard(),
    pass: undefined,
  };
}

export function allotmentsOf(
  { stages }: FlowGraph,
  { budgets, grants, caps }: Division & Pick<ArbiterState, 'caps'>,
): Allotments {
  return Object.fromEntries(
    stages.map(({ name }) => [
      name,
      { budgetMs: budgets[name] ?? 0, maxCalls: Math.min(grants?.[name] ?? Infinity, caps[name] ?? Infinity) },
    ]),
  );
}

export function stepArbiter(
  graph: FlowGraph,
  before: ArbiterState,
  input: ArbiterInput,
  goal: ArbiterGoal,
): ArbiterStep {
  const { figures, stages } = input;
  const { at } = figures;
  const { state: guard, failed } = judge(before.guard, figures, goal.p95Ms);
  const passed = withPass(graph, { ...before, guard }, input);
  const capped = { ...passed, caps: capsFor(graph, passed, stages) };
  if (failed !== undefined) {
    const evidence = evidenceOf(figures, failed.predicted);
    const why = (): string => 'it did worse than predicted';
    return told(graph, before, { ...capped, ...failed.before }, { kind: 'revert', at, evidence }, why);
  }
  const granted = regranted(graph, capped, stages, goal, figures);
  const { state, why } = rebudgeted(graph, granted, stages, goal, figures);
  return told(graph, before, state, { kind: 'move', at, evidence: evidenceOf(figures) }, () => why ?? '');
}

function told(
  graph: FlowGraph,
  before: ArbiterState,
  state: ArbiterState,
  what: Pick<AllotmentDecision, 'kind' | 'at' | 'evidence'>,
  whyBudget: () => string,
): ArbiterStep {
  const allotments = allotmentsOf(graph, state);
  const whyCalls = (stage: string): string => {
    const [from, to] = [before.caps[stage], state.caps[stage]];
    if (to !== undefined && to !== from) return `${state.pass?.bottleneck ?? 'what follows'} takes no more than passes`;
    if (from !== undefined && to === undefined) return 'what follows takes more again';
    return what.kind === 'revert' ? whyBudget() : 'calls go where the flow needs them';
  };
  const reasons = { budgetMs: whyBudget, maxCalls: whyCalls };
  return { state, allotments, decisions: decisionsBetween(allotmentsOf(graph, before), allotments, what, reasons) };
}

function evidenceOf({ throughput, p95Ms }: FlowFigures, predicted?: number): Record<string, number> {
  return {
    throughputPerSecond: throughput,
    ...(p95Ms === undefined ? {} : { p95Ms }),
    ...(predicted === undefined ? {} : { predictedPerSecond: predicted }),
  };
}

/** What flows where, and which stage takes no more. */
function withPass(graph: FlowGraph, state: ArbiterState, { stages, sources }: ArbiterInput): ArbiterState {
  const saturatedFor = Object.fromEntries(
    stages.map((report) => [report.stage, isSaturated(report) ? (state.saturatedFor[report.stage] ?? 0) + 1 : 0]),
  );
  const rates = stages.map((report) => ({
    stage: report.stage,
    arrivedPerSecond: perSecond(report.arrived, report),
    donePerSecond: perSecond(report.done, report),
    capacityPerSecond: (saturatedFor[report.stage] ?? 0) >= EXHAUSTED ? perSecond(report.done, report) : undefined,
  }));
  const pass = graphPass(graph, sources, rates, state.selectivities);
  return { ...state, saturatedFor, pass, selectivities: pass.selectivities };
}

/** For what passes, a stage upstream of the bottleneck needs what it uses now: it is held back already. */
function capsFor(graph: FlowGraph, { pass, caps }: ArbiterState, stages: readonly StageReport[]): Grants {
  if (pass?.bottleneck === undefined) return {};
  const upstream = upstreamOf(graph, pass.bottleneck);
  return Object.fromEntries(
    stages
      .filter(({ stage }) => upstream.has(stage))
      .map(({ stage, inFlightMean }) => {
        const needed = 1 + Math.ceil(HEADROOM * inFlightMean);
        const cap = caps[stage];
        return [stage, cap === undefined || needed > cap ? needed : cap];
      }),
  );
}

/** A cap that binds is wrong: the stage behind takes more again. To be asked every control period. */
export function withoutBindingCaps(state: ArbiterState, isBusy: (stage: string) => boolean): ArbiterState {
  const binding = Object.keys(state.caps).filter(isBusy);
  if (binding.length === 0) return state;
  return {
    ...state,
    caps: Object.fromEntries(Object.entries(state.caps).filter(([stage]) => !binding.includes(stage))),
  };
}

/** Grants for another total at once, whatever was measured: a limit is never exceeded. */
export function withPermits(
  graph: FlowGraph,
  state: ArbiterState,
  stages: readonly StageReport[],
  goal: ArbiterGoal,
): ArbiterState {
  if (goal.permits === Infinity) return state.grants === undefined ? state : { ...state, grants: undefined };
  const granted = total(Object.values(state.grants ?? {}));
  return granted === goal.permits ? state : { ...state, grants: grantsOf(graph, state, stages, goal) };
}

/** Grants by what was measured last, with other weights. */
export function withFreshGrants(
  graph: FlowGraph,
  state: ArbiterState,
  stages: readonly StageReport[],
  goal: ArbiterGoal,
): ArbiterState {
  return state.grants === undefined ? state : { ...state, grants: grantsOf(graph, state, stages, goal) };
}

function regranted(
  graph: FlowGraph,
  state: ArbiterState,
  stages: readonly StageReport[],
  goal: ArbiterGoal,
  figures: FlowFigures,
): ArbiterState {
  const current = withPermits(graph, state, stages, goal);
  const { grants } = current;
  if (grants === undefined || isOnHold(state.guard, 'grants', figures.at)) return current;
  const wanted = grantsOf(graph, state, stages, goal);
  const isWorthIt = graph.stages.some(({ name }) => {
    const [from, to] = [grants[name] ?? 0, wanted[name] ?? 0];
    return Math.abs(to - from) > Math.max(1, IGNORED_SHIFT * from);
  });
  if (!isWorthIt) return current;
  const move = { key: 'grants', before: divisionOf(current), figures, predicted: figures.throughput };
  return { ...current, grants: wanted, guard: withMove(current.guard, move) };
}

function grantsOf(graph: FlowGraph, state: ArbiterState, stages: readonly StageReport[], goal: ArbiterGoal): Grants {
  return grantsFor(goal.permits, claimsOf(graph, stages, goal, state), goal.weights);
}

function rebudgeted(
  graph: FlowGraph,
  state: ArbiterState,
  stages: readonly StageReport[],
  { p95Ms }: ArbiterGoal,
  figures: FlowFigures,
): { readonly state: ArbiterState; readonly why: string | undefined } {
  const paths = pathsOf(graph);
  const least = Object.fromEntries(stages.map((report) => [report.stage, leastOf(report)]));
  if (!state.isStarted) {
    if (Object.values(least).some((ms) => ms === undefined)) return { state, why: undefined };
    const budgets = startBudgets(graph, paths, least, p95Ms);
    return { state: { ...state, budgets, isStarted: true }, why: 'time goes where calls take it' };
  }
  const times = stageTimes(graph, stages, state);
  const move = paths === undefined ? undefined : moveBudget(paths, state.budgets, times, p95Ms);
  if (move === undefined) return { state, why: undefined };
  const key = `${move.from.join('+')}>${move.to}`;
  if (isOnHold(state.guard, key, figures.at)) return { state, why: undefined };
  const report = stages.find(({ stage }) => stage === move.to);
  const isBottleneck = report !== undefined && state.pass?.bottleneck === move.to;
  const ratio = isBottleneck ? expectedRatio(report, state.budgets[move.to] ?? 0, move.ms) : 1;
  const predicted = figures.throughput * ratio;
  const guard = withMove(state.guard, { key, before: divisionOf(state), figures, predicted });
  return { state: { ...state, budgets: move.budgets, guard }, why: `time gains most at ${move.to}` };
}

/**
 * Budgets by what calls of one size take at each stage, where they are far from that: the work has moved from one stage to
 * another, or the first look was a guess. Step by step that would take a minute. To be asked every second.
 */
export function redivided(
  graph: FlowGraph,
  before: ArbiterState,
  costs: Readonly<Record<string, CallCost>>,
  { p95Ms }: ArbiterGoal,
  at: number,
): ArbiterStep {
  const { batch, ms } = msAtOneBatch(costs);
  const isKnown = before.isStarted && graph.stages.every(({ name }) => ms[name] !== undefined);
  const budgets = isKnown ? startBudgets(graph, pathsOf(graph), ms, p95Ms) : before.budgets;
  const isFarOff = graph.stages.some(
    ({ name }) => Math.abs(Math.log((budgets[name] ?? 0) / (before.budgets[name] ?? 0))) > FAR_OFF,
  );
  // What was predicted of moves before holds no longer.
  const state = isFarOff ? { ...before, budgets, guard: { ...before.guard, pending: [] } } : before;
  return told(graph, before, state, { kind: 'move', at, evidence: { batch } }, () => 'time goes where calls take it');
}

function divisionOf({ budgets, grants }: Division): Division {
  return { budgets, grants };
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
