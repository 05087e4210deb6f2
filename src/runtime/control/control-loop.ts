/**
 * Every control period: observe all stages, let the controller of each think, apply what it decided, say so.
 *
 * Invariants (control-loop.test.ts)
 * - Nothing leaves the bounds of a stage, whatever a controller says.
 * - `advise`: what would move is said, once, and nothing moves. `off`: stages are observed, no controller runs.
 * - A controller that throws loses its stage, not the run: settings stay as they are, and a notice says so.
 */

import type { Decision, DecisionKind, KnobChange } from '../../control/decision.ts';
import type { Measured } from '../../control/decision-record.ts';
import { within, type KnobBounds, type StageGoal, type TuningGoal } from '../../control/goal.ts';
import type { Pause, StageObservation } from '../../control/observation.ts';
import type { KnobName, Settings, StageSettings } from '../../control/settings.ts';
import { messageOf, ShutdownError } from '../../errors/errors.ts';
import type { TuningMode } from '../../flow/run.ts';
import { quantile } from '../../stats/histogram.ts';
import type { Scheduler, Timer } from '../../time/clock.ts';
import { absoluteChanges, ownSettings, ownView } from '../../tuning/arbiter/own-view.ts';
import { CONTROL_PERIOD_MS, type Controller, type Outlook } from '../../tuning/controller.ts';
import type { ControlledStage } from './controlled-stage.ts';
import type { DecisionLog } from './decision-log.ts';
import { LatencyShape } from './latency-shape.ts';
import { ObservationWindow } from './observation-window.ts';
import { PauseWatch } from './pause-watch.ts';
import type { Stage } from '../stage/stage.ts';
import type { FlowTotals } from '../flow-reports.ts';
import type { Sharing } from './sharing.ts';

export interface ControlLoopOptions {
  readonly stages: readonly ControlledStage[];
  readonly settings: Settings;
  readonly sharing: Sharing;
  /** What the flow has done so far. */
  readonly totals: () => FlowTotals;
  readonly log: DecisionLog;
  readonly controller: Controller<unknown>;
  readonly mode: TuningMode;
  readonly goal: TuningGoal;
  /** What the flow must keep, ms. */
  readonly latency: { readonly avgMs: number; readonly p95Ms: number };
  /** Of whatever controllers draw at random. */
  readonly seed: number;
  readonly scheduler: Scheduler;
  readonly notice: (level: 'info' | 'warn', message: string) => void;
}

/** A stage under control. */
interface Controlled {
  readonly declared: ControlledStage;
  readonly stage: Stage;
  readonly window: ObservationWindow;
  readonly shape: LatencyShape;
  /** The controller's; undefined before its first step, and for ever where none runs. */
  state: unknown;
  isTuned: boolean;
  /** Where the newest advice would have gone. */
  advised: readonly KnobChange[];
}

/** Advice that differs less from the one before is no news. */
const SAME_ADVICE = 0.25;
/** A change up to this share is a correction. */
const SMALL_CHANGE = 0.25;

export class ControlLoop {
  readonly #options: ControlLoopOptions;
  readonly #pauses: PauseWatch;
  #controlled: readonly Controlled[] = [];
  #timer: Timer | undefined;
  #isOver = false;
  /** Who waits for the end of the next period. */
  #waiting: { readonly resolve: () => void; readonly reject: (cause: unknown) => void }[] = [];

  constructor(options: ControlLoopOptions) {
    this.#options = options;
    this.#pauses = new PauseWatch(options.scheduler);
  }

  start(stages: readonly Stage[]): void {
    const { stages: all, mode } = this.#options;
    this.#controlled = stages.flatMap((stage) => {
      const declared = all.find(({ name }) => name === stage.name);
      if (declared === undefined) return [];
      const isTuned = declared.isTuned && mode !== 'off';
      return [
        {
          declared,
          stage,
          window: new ObservationWindow(),
          shape: new LatencyShape(),
          state: undefined,
          isTuned,
          advised: [],
        },
      ];
    });
    this.observe();
    this.#pauses.start();
    this.#next();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#pauses.stop();
    this.#isOver = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new ShutdownError('the run is over'));
  }

  /** Resolves at the end of the next period, when settings may change. @throws ShutdownError when none comes */
  nextPeriod(): Promise<void> {
    if (this.#isOver) return Promise.reject(new ShutdownError('the run is over'));
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** What each stage did over the last half second. */
  observations(): readonly StageObservation[] {
    return this.#controlled.flatMap(({ window }) => window.merged() ?? []);
  }

  /** What the controller of a stage would choose within other bounds; undefined while it cannot say. */
  outlook(stage: ControlledStage, bounds: KnobBounds): Outlook | undefined {
    const { controller, sharing } = this.#options;
    const each = this.#controlled.find(({ declared }) => declared === stage);
    if (each?.state === undefined) return undefined;
    return controller.outlook?.(each.state, { ...this.#goalOf(each), bounds: sharing.limited(stage, bounds) });
  }

  /** Looks at every stage, and moves nothing. */
  observe(): void {
    for (const each of this.#controlled) this.#observe(each, undefined);
  }

  #next(): void {
    this.#timer = this.#options.scheduler.after(CONTROL_PERIOD_MS, () => {
      this.#tick();
      this.#next();
    });
  }

  #tick(): void {
    const pause = this.#pauses.take();
    const observed = this.#controlled.map((each) => [each, this.#observe(each, pause)] as const);
    const { sharing, scheduler, totals } = this.#options;
    const at = scheduler.now();
    const observations = observed.map(([, observation]) => observation);
    sharing.period(at, observations, totals());
    for (const [each, observation] of observed) {
      if (each.isTuned && !sharing.isQuiet(observation.stage, at)) this.#step(each, observation);
    }
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #observe({ stage, window, shape }: Controlled, pause: Pause | undefined): StageObservation {
    const observation = stage.observe(pause);
    window.add(observation);
    shape.observe(window.merged()?.latency, this.#options.latency.p95Ms);
    this.#options.log.observed(observation);
    return observation;
  }

  #step(each: Controlled, observation: StageObservation): void {
    const { settings, controller, seed, notice, sharing } = this.#options;
    const { name } = each.declared;
    try {
      const goal = this.#goalOf(each);
      const upstreamMs = sharing.upstreamOf(name);
      const current = ownSettings(settings.get(name), upstreamMs);
      each.state ??= controller.initial(current, goal, seed);
      const step = controller.step(each.state, ownView(observation, upstreamMs), current, goal);
      each.state = step.state;
      for (const decision of step.decisions) this.#take(each, decision, goal);
    } catch (cause) {
      each.isTuned = false;
      notice('warn', `${name}: tuning has failed and stops, its settings stay as they are (${messageOf(cause)})`);
    }
  }

  /** Both latency targets; the p95's is less where the mean's binds sooner: much that controllers do goes by the p95 alone. */
  #goalOf({ declared: stage, shape }: Controlled): StageGoal {
    const { sharing, goal, latency } = this.#options;
    const budgetMs = sharing.budgetOf(stage.name);
    // The mean's target is shared out like the p95's.
    const avgMs = (latency.avgMs * budgetMs) / latency.p95Ms;
    return {
      p95Ms: Math.min(budgetMs, shape.p95At(avgMs)),
      avgMs,
      goal,
      isShared: sharing.isShared(stage.name),
      isFed: sharing.isFed(stage.name),
      bounds: sharing.boundsOf(stage),
    };
  }

  /** Queue space is shared, and bounded by what is in time. */
  #granted(stage: string, changes: readonly KnobChange[]): readonly KnobChange[] {
    return changes.map((change) =>
      change.knob === 'edgeEvents' ? { ...change, to: this.#options.sharing.wished(stage, change.to) } : change,
    );
  }

  #take(each: Controlled, decision: Decision, goal: StageGoal): void {
    const { settings, log, mode, sharing } = this.#options;
    const { name } = each.declared;
    const wanted = absoluteChanges(this.#granted(name, decision.changes), sharing.upstreamOf(name));
    const changes = effective(wanted, settings.get(name), goal);
    if (changes.length === 0) return;
    const kept = { ...decision, kind: kindOf(decision.kind, changes), changes };
    if (mode !== 'advise') {
      settings.update(name, Object.fromEntries(changes.map(({ knob, to }) => [knob, to])));
      log.add(kept, measuredOf(each.window.merged()));
    } else if (kept.kind === 'move' && !isSameAdvice(each.advised, changes)) {
      each.advised = changes;
      log.add(kept, measuredOf(each.window.merged()), true);
    }
  }
}

/** What was measured lately, as the log compares it. */
export function measuredOf(observation: StageObservation | undefined): Measured {
  if (observation === undefined || observation.durationMs === 0) return { throughput: 0, p95Ms: null };
  const { done, durationMs, latency } = observation;
  return { throughput: (done / durationMs) * 1000, p95Ms: quantile(latency, 0.95) ?? null };
}

/** From what is to what may be; without what changes nothing. */
function effective(changes: readonly KnobChange[], current: StageSettings, { bounds }: StageGoal): KnobChange[] {
  return changes
    .map(({ knob, to }) => ({ knob, from: current[knob], to: within(bounds[knob], to) }))
    .filter(({ from, to }) => from !== to);
}

/** A small move is a correction, whatever its controller calls it: people read the others. */
function kindOf(kind: DecisionKind, changes: readonly KnobChange[]): DecisionKind {
  const isSmall = changes.every(({ from, to }) => Math.abs(to - from) <= SMALL_CHANGE * Math.min(from, to));
  return kind === 'move' && isSmall ? 'trim' : kind;
}

function isSameAdvice(before: readonly KnobChange[], changes: readonly KnobChange[]): boolean {
  const advised = new Map<KnobName, number>(before.map(({ knob, to }) => [knob, to]));
  return changes.every(({ knob, to }) => Math.abs((advised.get(knob) ?? Infinity) - to) <= SAME_ADVICE * to);
}
