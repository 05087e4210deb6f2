/**
 * One run of a flow as its user sees it: what it does now, what it has decided, and how to steer and end it.
 *
 * Invariant (flow-run.test.ts): `done` settles exactly once, when the run's life (run-life.ts) is over.
 */

import type { DecisionFilter, DecisionRecord } from '../../control/decision-record.ts';
import type { Bound } from '../../control/goal.ts';
import type { StageObservation } from '../../control/observation.ts';
import type { Settings } from '../../control/settings.ts';
import type { Energy } from '../../energy/energy.ts';
import type { DeadLetter } from '../../event/dead-letter.ts';
import { guaranteeOf, type Guarantee } from '../../flow/guarantee.ts';
import type { Pin, Run, RunEvents, RunnableFlow, RunOptions, RunPatterns, RunSummary } from '../../flow/run.ts';
import type { FlowSnapshot, RunState } from '../../metrics/snapshot.ts';
import { systemMetrics, type SystemMetrics } from '../../metrics/system-metrics.ts';
import type { Duration } from '../../time/duration.ts';
import type { Controller } from '../../tuning/controller.ts';
import type { Host } from '../host.ts';
import { Listeners } from './listeners.ts';
import { RunLife } from './run-life.ts';
import { LiveRunPatterns } from './run-patterns.ts';
import { snapshotOf } from './snapshot.ts';

export class FlowRun implements Run {
  readonly flow: string;
  readonly done: Promise<RunSummary>;
  readonly patterns: RunPatterns;
  readonly guarantee: Guarantee;
  readonly #definition: RunnableFlow;
  readonly #host: Host;
  readonly #life: RunLife;
  readonly #listeners = new Listeners<RunEvents>();
  readonly #startedAt: number;

  constructor(definition: RunnableFlow, options: RunOptions, host: Host, controller?: Controller<unknown>) {
    this.#definition = definition;
    this.#host = host;
    this.flow = definition.name;
    this.#startedAt = host.scheduler.now();
    this.#life = new RunLife({ definition, options, host, controller, listeners: this.#listeners });
    const { plan, checkpoints, opened } = this.#life;
    this.guarantee = guaranteeOf(plan, checkpoints !== undefined);
    this.patterns = new LiveRunPatterns(
      this.flow,
      () => new Map(opened.topology.segments.flatMap((segment) => [...segment.patterns()])),
    );
    this.done = this.#life.live().then(() => this.#summary());
  }

  get state(): RunState {
    return this.#life.state;
  }

  get settings(): Settings {
    return this.#life.control.settings;
  }

  get energy(): Energy {
    return this.#life.control.energy;
  }

  metrics(): SystemMetrics {
    return systemMetrics(this.#life.meters, this.#host.resources);
  }

  snapshot(): FlowSnapshot {
    const { state, meters, deadLetters, opened, control } = this.#life;
    return snapshotOf({
      flow: this.flow,
      state,
      at: this.#host.scheduler.wall(),
      uptimeMs: this.#host.scheduler.now() - this.#startedAt,
      system: this.metrics(),
      targets: this.#definition.targets,
      meters,
      deadLettered: deadLetters.count,
      topology: opened.topology,
      observations: this.observations(),
      loopUtilization: this.#host.loopUtilization(),
      shared: control.sharing.snapshot(),
      settingsVersion: control.settings.version,
    });
  }

  observations(): readonly StageObservation[] {
    return this.#life.control.loop.observations();
  }

  deadLetters(): readonly DeadLetter[] {
    return this.#life.deadLetters.newest();
  }

  on<K extends keyof RunEvents>(event: K, listener: (value: RunEvents[K]) => void): () => void {
    return this.#listeners.on(event, listener);
  }

  decisions(filter?: DecisionFilter): readonly DecisionRecord[] {
    return this.#life.control.log.list(filter);
  }

  pin(path: string, value: number): void {
    this.#life.control.steering.pin(path, value);
  }

  bound(path: string, bound: Partial<Bound>): void {
    this.#life.control.steering.bound(path, bound);
  }

  unpin(path: string): boolean {
    return this.#life.control.steering.unpin(path);
  }

  pins(): readonly Pin[] {
    return this.#life.control.pins();
  }

  freeze(): void {
    this.#life.control.steering.freeze();
  }

  thaw(): void {
    this.#life.control.steering.thaw();
  }

  drain(options: { readonly timeout?: Duration } = {}): Promise<RunSummary> {
    this.#life.drain(options.timeout);
    return this.done;
  }

  stop(): Promise<RunSummary> {
    this.#life.stop();
    return this.done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain().catch(() => undefined);
  }

  #summary(): RunSummary {
    const { totals } = this.snapshot();
    const durationMs = this.#host.scheduler.now() - this.#startedAt;
    const metrics = systemMetrics(this.#life.meters.overall(), this.#host.resources);
    return { flow: this.flow, state: this.state === 'stopped' ? 'stopped' : 'done', ...totals, durationMs, metrics };
  }
}
