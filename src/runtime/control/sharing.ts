/**
 * What the stages of a run share: the latency target, calls in flight, memory. Gathers what the arbiter, the
 * resource strategy, the weights and the buffer manager need to know, asks each at its own pace, and turns what
 * they say into goals and bounds of the stages.
 *
 * Time scales (each sees the faster one as settled): limits and grants each control period, edges each second, and
 * budgets where they are far off, budgets and grants every 5 s, weights every 10 s. A changed goal makes its stage's controller wait for two
 * control periods: what it sees until then was caused by the change.
 *
 * Invariants (sharing.test.ts)
 * - No setting is above a limit, in any mode, frozen or not.
 * - `off` and frozen: budgets, weights and sizes stay as they are.
 */

import { changesBetween, type Decision, type AllotmentKnob } from '../../control/decision.ts';
import { within, type Bound, type KnobBounds } from '../../control/goal.ts';
import type { StageObservation } from '../../control/observation.ts';
import type { KnobName, Settings } from '../../control/settings.ts';
import type { Weights } from '../../control/work-class.ts';
import type { FixedEnergy } from '../../energy/energy-config.ts';
import { shiftedWeights, START_WEIGHTS, weightsWith } from '../../energy/weights.ts';
import type { TuningMode } from '../../flow/run.ts';
import type { ResourceReader, ResourceSample } from '../../metrics/resources.ts';
import type { SharedSnapshot } from '../../metrics/snapshot.ts';
import type { ResourceStrategy } from '../../resource/resource-strategy.ts';
import {
  allotmentsOf,
  ARBITER_PERIOD_MS,
  initialArbiter,
  redivided,
  stepArbiter,
  withFreshGrants,
  withoutBindingCaps,
  withPermits,
  type ArbiterGoal,
  type ArbiterState,
  type ArbiterStep,
} from '../../tuning/arbiter/arbiter.ts';
import type { Allotments } from '../../tuning/arbiter/allotment.ts';
import { sharesTarget, type FlowGraph } from '../../tuning/arbiter/flow-graph.ts';
import { upstreamTimes, withTimes, type CumulativeTimes } from '../../tuning/arbiter/own-view.ts';
import { predictBatch, type BatchPrediction } from '../../tuning/arbiter/prediction.ts';
import { isSaturated, type StageReport } from '../../tuning/arbiter/stage-report.ts';
import { quantile } from '../../stats/histogram.ts';
import { CONTROL_PERIOD_MS } from '../../tuning/controller.ts';
import { Contention } from './contention.ts';
import type { ControlledStage } from './controlled-stage.ts';
import { EdgeSizing } from './edge-sizing.ts';
import { FlowReports, type FlowTotals } from '../flow-reports.ts';
import { SharedCalls } from './shared-calls.ts';

export interface SharingOptions {
  readonly graph: FlowGraph;
  /** All stages, also those that are not in the graph. */
  readonly stages: readonly ControlledStage[];
  readonly settings: Settings;
  /** What users and targets allow now. */
  readonly boundsOf: (stage: ControlledStage) => KnobBounds;
  readonly isFrozen: () => boolean;
  readonly mode: TuningMode;
  /** Of the flow, ms. */
  readonly p95Ms: number;
  /** Ratios 0..1. */
  readonly memoryTarget: number;
  readonly cpuCritical: number;
  readonly strategy: ResourceStrategy;
  readonly fixed: () => FixedEnergy;
  readonly resources: ResourceReader;
  readonly hasWishes: boolean;
  readonly decided: (decision: Decision<KnobName | AllotmentKnob>) => void;
  readonly notice: (level: 'info' | 'warn', message: string) => void;
}

/** What comes late waits outside of the flow; for so many control periods it is then taken for behind. */
const BEHIND_PERIODS = 10;
const EDGES_MS = 1000;
/** Budgets that are far from what calls take are divided anew. */
const BUDGETS_MS = 1000;
const WEIGHTS_MS = 10_000;
/** The first look at a new run comes early: until then shares rest on nothing. */
const FIRST_MS = 1000;
/** A stage whose goal has moved learns nothing for so long. */
const QUIET_MS = 2 * CONTROL_PERIOD_MS;
/** A stage that is busy for so many periods on end is held by its cap; queues that fill and drain make it busy for one or two. */
const BUSY = 0.9;
const BUSY_PERIODS = 5;

export class Sharing {
  readonly #options: SharingOptions;
  readonly #reports: FlowReports;
  readonly #edges: EdgeSizing;
  readonly #calls: SharedCalls;
  readonly #quietUntil = new Map<string, number>();
  /** Control periods on end in which each stage was busy. */
  readonly #busyFor = new Map<string, number>();
  #arbiter: ArbiterState;
  #allotments: Allotments;
  #weights: Weights = START_WEIGHTS;
  #behindFor = 0;
  #times: CumulativeTimes = {};
  #upstream: Readonly<Record<string, number>> = {};
  #permits: number;
  readonly #contention = new Contention();
  #due: { arbiter: number; budgets: number; edges: number; weights: number } | undefined;
  #latest: readonly StageReport[] = [];

  constructor(options: SharingOptions) {
    this.#options = options;
    this.#permits = options.strategy.units;
    this.#arbiter = initialArbiter(options.graph, this.#goal());
    this.#allotments = allotmentsOf(options.graph, this.#arbiter);
    this.#calls = new SharedCalls(this.#arbiter.grants);
    this.#reports = new FlowReports(options.graph);
    const settingsOf = (stage: string) => options.settings.get(stage);
    this.#edges = new EdgeSizing({ ...options, settingsOf, shares: options.graph.stages.length });
    this.#obey(Number.NEGATIVE_INFINITY, 'calls in flight are shared');
  }

  /** Others share the target with a stage. */
  isShared(stage: string): boolean {
    return sharesTarget(this.#options.graph, stage);
  }

  /** Another stage feeds it, and the flow is not behind what comes: that would be a backlog, in front of whatever caps the flow. */
  isFed(stage: string): boolean {
    return this.upstreamOf(stage) > 0 && this.#behindFor <= 0;
  }

  /** p95 that a stage may add, ms. */
  budgetOf(stage: string): number {
    return this.#allotments[stage]?.budgetMs ?? this.#options.p95Ms;
  }

  /** p95 at which events reach a stage, ms. */
  upstreamOf(stage: string): number {
    return this.#upstream[stage] ?? 0;
  }

  /** Whether a stage's controller should wait: its goal has just moved. */
  isQuiet(stage: string, at: number): boolean {
    return at < (this.#quietUntil.get(stage) ?? Number.NEGATIVE_INFINITY);
  }

  /** What a stage's controller may do now. */
  boundsOf(stage: ControlledStage): KnobBounds {
    return this.limited(stage, this.#options.boundsOf(stage));
  }

  /** What limits, grants and caps leave of bounds. */
  limited(stage: ControlledStage, bounds: KnobBounds): KnobBounds {
    // A cap gives way to what a user holds; a limit does not.
    const cap = Math.max(bounds.concurrency.min, this.#capOf(stage.name));
    const calls = Math.max(1, Math.min(this.#calls.mostOf(stage.name), cap));
    const events = this.#edges.maxEvents(stage.name);
    if (calls === Infinity && events === Infinity) return bounds;
    return {
      ...bounds,
      concurrency: atMost(bounds.concurrency, calls),
      burstConcurrency: atMost(bounds.burstConcurrency, calls),
      edgeEvents: atMost(bounds.edgeEvents, events),
    };
  }

  /** A controller asks for a queue of so many events. @returns what is granted: no more than can be in time */
  wished(stage: string, edgeEvents: number): number {
    this.#edges.wished(stage, edgeEvents);
    return Math.min(edgeEvents, this.#edges.timelyEvents(stage, this.budgetOf(stage)));
  }

  weights(fixed: FixedEnergy['weights']): Weights {
    return weightsWith(fixed, this.#weights);
  }

  /** Weights are others now: calls are shared by them as of the next period. */
  regrant(): void {
    this.#arbiter = withFreshGrants(this.#options.graph, this.#arbiter, this.#latest, this.#goal());
  }

  predict(batch: number): BatchPrediction | { readonly reason: string } {
    return predictBatch(batch, this.#latest, this.#arbiter.pass);
  }

  /**
   * What the p95 would be with the calls of a prediction, ms: each ms more that a call takes comes once in the call
   * itself, and once more in the wait for a slot. Null while batches are not what limits the flow.
   */
  predictP95({ stage, callMs: [then, now] }: BatchPrediction): number | null {
    const report = this.#latest.find((each) => each.stage === stage);
    if (report?.p95Ms === undefined || !isSaturated(report)) return null;
    return Math.max(then, report.p95Ms + (then - now) * (1 + 1 / report.concurrency));
  }

  /** One control period: what every stage did in it, and what the flow has done so far. */
  period(at: number, observations: readonly StageObservation[], totals: FlowTotals): void {
    const { graph, resources } = this.#options;
    const sample = resources.read();
    if (this.#due === undefined) this.#reports.start(at, totals);
    const due = {
      arbiter: at + FIRST_MS,
      budgets: at + 2 * BUDGETS_MS,
      edges: at + EDGES_MS,
      weights: at + WEIGHTS_MS,
    };
    this.#due ??= due;
    const waitsOutside = ({ stage, newestMs }: StageObservation): boolean =>
      this.upstreamOf(stage) === 0 && newestMs > this.#options.p95Ms;
    this.#behindFor = observations.some(waitsOutside) ? BEHIND_PERIODS : this.#behindFor - 1;
    this.#times = withTimes(this.#times, observations);
    this.#upstream = upstreamTimes(graph, this.#times);
    this.#reports.add(
      observations,
      (stage) => this.#options.settings.get(stage),
      (stage) => this.#isHeldByCalls(stage),
    );
    for (const { stage, busyRatio } of observations) {
      this.#busyFor.set(stage, busyRatio >= BUSY ? (this.#busyFor.get(stage) ?? 0) + 1 : 0);
    }
    this.#edges.observe(observations, (observation) => this.#isLate(observation));
    const reason = this.#limit(at, observations, sample);
    if (this.#mayMove) {
      this.#arbiter = withoutBindingCaps(this.#arbiter, (stage) => (this.#busyFor.get(stage) ?? 0) >= BUSY_PERIODS);
      if (at >= this.#due.arbiter) this.#arbitrate(at, totals, observations);
      if (at >= this.#due.budgets) this.#redivide(at);
      if (at >= this.#due.weights) this.#shiftWeights(at);
      if (at >= this.#due.edges) this.#sizeEdges(at, observations, sample);
    }
    this.#allotments = allotmentsOf(graph, this.#arbiter);
    this.#calls.period(this.#permits, this.#arbiter.grants, observations);
    this.#obey(at, reason);
  }

  snapshot(): SharedSnapshot {
    return {
      weights: this.weights(this.#options.fixed().weights),
      calls: orNull(this.#permits),
      memory: this.#edges.band,
      stages: this.#options.graph.stages.map(({ name }) => ({
        name,
        budgetMs: this.budgetOf(name),
        upstreamMs: this.upstreamOf(name),
        maxCalls: orNull(Math.min(this.#calls.mostOf(name), this.#capOf(name))),
      })),
    };
  }

  get #mayMove(): boolean {
    return this.#options.mode === 'auto' && !this.#options.isFrozen();
  }

  /** Limits of resources, and contention for CPU: how many calls all stages may share. */
  #limit(at: number, observations: readonly StageObservation[], { cpuRatio, memoryRatio }: ResourceSample): string {
    const { strategy, graph, settings, cpuCritical } = this.#options;
    const inUse = observations.reduce((sum, { inFlight }) => sum + inFlight, 0);
    const utilization = strategy.units === Infinity ? 0 : inUse / strategy.units;
    const verdict = strategy.step({ at, utilization, cpuRatio, memoryRatio }, inUse);
    if (cpuRatio !== null && graph.stages.length > 1) {
      const inForce = graph.stages.map(({ name }) => settings.get(name).concurrency);
      this.#contention.follow(cpuRatio, cpuCritical, inForce, this.#mayMove);
    }
    // Each stage keeps one call: a flow that stands still never comes below a limit again.
    this.#permits = Math.max(graph.stages.length, Math.min(verdict.units, this.#contention.calls));
    this.#arbiter = withPermits(graph, this.#arbiter, this.#latest, this.#goal());
    return verdict.reason ?? 'calls in flight are shared';
  }

  #arbitrate(at: number, totals: FlowTotals, observations: readonly StageObservation[]): void {
    const { graph, settings } = this.#options;
    (this.#due as { arbiter: number }).arbiter = at + ARBITER_PERIOD_MS;
    const input = this.#reports.take(at, totals, observations, (stage) => settings.get(stage));
    this.#latest = input.stages;
    this.#follows(at, stepArbiter(graph, this.#arbiter, input, this.#goal()));
  }

  #redivide(at: number): void {
    (this.#due as { budgets: number }).budgets = at + BUDGETS_MS;
    this.#follows(at, redivided(this.#options.graph, this.#arbiter, this.#reports.costs(), this.#goal(), at));
  }

  #follows(at: number, { state, decisions }: ArbiterStep): void {
    this.#arbiter = state;
    for (const decision of decisions) {
      this.#quietUntil.set(decision.stage, at + QUIET_MS);
      this.#options.decided(decision);
    }
  }

  #shiftWeights(at: number): void {
    (this.#due as { weights: number }).weights = at + WEIGHTS_MS;
    const { weights: fixed } = this.#options.fixed();
    const prices = this.#reports.takePrices();
    this.#weights = shiftedWeights(weightsWith(fixed, this.#weights), prices, fixed);
  }

  #sizeEdges(at: number, observations: readonly StageObservation[], sample: ResourceSample): void {
    (this.#due as { edges: number }).edges = at + EDGES_MS;
    const { settings, stages } = this.#options;
    const sizes = this.#edges.adjust(observations, (stage) => this.budgetOf(stage), sample);
    for (const stage of stages) {
      const size = sizes.get(stage.name);
      if (size === undefined) continue;
      const bounds = this.boundsOf(stage);
      const current = settings.get(stage.name);
      settings.update(stage.name, {
        edgeEvents: within(bounds.edgeEvents, size.edgeEvents ?? current.edgeEvents),
        edgeBytes: within(bounds.edgeBytes, size.edgeBytes ?? current.edgeBytes),
      });
    }
  }

  /** Brings every setting within the bounds that are in force now. */
  #obey(at: number, reason: string): void {
    const { settings, stages, decided } = this.#options;
    for (const stage of stages) {
      const current = settings.get(stage.name);
      const { concurrency, burstConcurrency, edgeEvents } = this.boundsOf(stage);
      const next = {
        ...current,
        concurrency: Math.min(current.concurrency, concurrency.max),
        burstConcurrency: Math.min(current.burstConcurrency, burstConcurrency.max),
        edgeEvents: Math.min(current.edgeEvents, edgeEvents.max),
      };
      const changes = changesBetween(current, next);
      if (changes.length === 0) continue;
      settings.update(stage.name, next);
      if (at > Number.NEGATIVE_INFINITY)
        decided({ kind: 'trim', stage: stage.name, at, changes, reason, evidence: {} });
    }
  }

  #isLate({ stage, latency }: StageObservation): boolean {
    return (quantile(latency, 0.95) ?? 0) - this.upstreamOf(stage) > this.budgetOf(stage);
  }

  #isHeldByCalls(stage: string): boolean {
    return this.#options.settings.get(stage).concurrency >= this.#calls.mostOf(stage);
  }

  #capOf(stage: string): number {
    return this.#arbiter.caps[stage] ?? Infinity;
  }

  #goal(): ArbiterGoal {
    const { p95Ms, fixed, stages, boundsOf } = this.#options;
    const concurrency = Object.fromEntries(stages.map((stage) => [stage.name, boundsOf(stage).concurrency]));
    return { p95Ms, permits: this.#permits, weights: this.weights(fixed().weights), concurrency };
  }
}

function atMost({ min, max }: Bound, limit: number): Bound {
  return limit >= max ? { min, max } : { min: Math.min(min, limit), max: limit };
}

function orNull(value: number): number | null {
  return value === Infinity ? null : value;
}
