/** What a user holds while a flow runs. Implemented by `engine`; declared here so that the builder can name it. */

import type { DeadLetter } from '../event/dead-letter.ts';
import type { Sink } from '../event/sink.ts';
import type { BreakerChange, FlowSnapshot, RunState } from '../metrics/snapshot.ts';
import type { Targets } from '../metrics/targets.ts';
import type { Guarantee } from './guarantee.ts';
import type { DeadLetterPlace } from './graph.ts';
import type { Plan } from './plan.ts';
import type { SystemMetrics } from '../metrics/system-metrics.ts';
import type { Duration } from '../time/duration.ts';
import type { StageObservation } from '../control/observation.ts';
import type { DecisionFilter, DecisionRecord } from '../control/decision-record.ts';
import type { Bound, TuningGoal } from '../control/goal.ts';
import type { Settings } from '../control/settings.ts';
import type { Energy } from '../energy/energy.ts';
import type { EnergyConfig } from '../energy/energy-config.ts';
import type { AnyPattern } from '../pattern/match/live-patterns.ts';
import type { Farewell, PatternStatus } from '../pattern/network/pattern-set.ts';
import type { ResourceStrategyInput } from '../resource/resource-strategy.ts';

/** A complete declaration: what `to` returns and a flow module exports. */
export interface RunnableFlow {
  readonly name: string;
  readonly targets: Targets;
  readonly goal: TuningGoal;
  readonly resources: ResourceStrategyInput;
  readonly energy: EnergyConfig;
  /** Directory for what must outlive the process; undefined: nothing does. */
  readonly data: string | undefined;
  /** Undefined: as the run sees fit. */
  readonly checkpointEveryMs: number | undefined;
  /** What the engine builds. @throws ConfigError when the declaration is not complete */
  plan(): Plan;
  /** Starts the flow in this thread. @throws ConfigError when the declaration or the options are wrong */
  run(options?: RunOptions): Run;
  /**
   * Where events that cannot be processed go, with the reason: a sink, or the directory of a durable log, which
   * `daoflow dlq` shows and plays back. Default: such a log in the flow's `data` directory; without one they are
   * counted, and the newest kept in memory.
   */
  deadLetters(place: DeadLetterPlace): this;
  /** That of this declaration. */
  readonly deadLetterSink: DeadLetterPlace | undefined;
}

/** `auto`: settings tune themselves. `advise`: what would move is said, nothing moves. `off`: cold-start values and yours. */
export type TuningMode = 'auto' | 'advise' | 'off';

export const TUNING_MODES: readonly TuningMode[] = ['auto', 'advise', 'off'];

/** Where a run keeps what tuning has found, for the next one: a small text, replaced as a whole. */
export interface LearnedStore {
  /** Undefined: nothing yet. */
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
}

export interface RunOptions {
  /** Abort drains: intake stops, everything taken in is finished. */
  readonly signal?: AbortSignal;
  /** How long a drain may take before the run stops hard. Default 25 s. */
  readonly drainTimeout?: Duration;
  /** Where dead letters go. Default: the flow's own `deadLetters` sink, else the newest stay in memory (1,000, 8 MiB). */
  readonly deadLetters?: Sink<DeadLetter>;
  /** Generated loops (default) or composed closures. Closures are chosen by themselves where code generation is switched off. */
  readonly generateCode?: boolean;
  /** Seed of the run's random numbers, for replay. Default: random. */
  readonly seed?: number;
  /** Default `auto`. */
  readonly tuning?: TuningMode;
  /** A file (its path), or a store, from which the run begins and into which it writes, every minute and at its end. Default: none. */
  readonly learned?: string | LearnedStore;
  /** Instead of the flow's own; `false`: none. */
  readonly data?: string | false;
  /** Instead of the flow's own. */
  readonly resources?: ResourceStrategyInput;
  /** Instead of the flow's own. */
  readonly energy?: EnergyConfig;
}

export interface RunSummary {
  readonly flow: string;
  readonly state: 'done' | 'stopped';
  readonly accepted: number;
  readonly confirmed: number;
  readonly deadLettered: number;
  readonly dropped: number;
  readonly late: number;
  readonly durationMs: number;
  /** Metrics over the whole run. */
  readonly metrics: SystemMetrics;
}

export interface Notice {
  readonly level: 'info' | 'warn';
  readonly message: string;
}

export interface RunEvents {
  readonly state: RunState;
  readonly notice: Notice;
  /** One per dead letter, after it was counted; at most 100 a second, the rest is only counted. */
  readonly deadLetter: DeadLetter;
  /** A stage's circuit breaker opened, let a probe go, or closed. */
  readonly breaker: BreakerChange;
  /** A setting was moved, or with `tuning: 'advise'` would have been. Repeated trims and trials are said once. */
  readonly decision: DecisionRecord;
  /** What came of a decision, a second or so later: the same record, with its outcome. */
  readonly outcome: DecisionRecord;
}

/** A knob that the user holds. */
export interface Pin {
  /** `stage.knob`, as `run.unpin` takes it. */
  readonly path: string;
  /** A pin: min === max. */
  readonly bound: Bound;
  /** Where it is held: in the flow's declaration, for the life of the run; by `pin` or `bound`; by `energy`. */
  readonly by: 'declaration' | 'run' | 'energy';
  /** By what the controller knows now; undefined while it knows too little, and for knobs that it does not predict. */
  readonly cost: PinCost | undefined;
}

/** What holding a knob costs, when there is always more to do: a prediction, as far as the controller would look. */
export interface PinCost {
  /** Events per second within the latency target: as it is held, and with this knob free. */
  readonly throughput: number;
  readonly freeThroughput: number;
  /** What the knob would be then. */
  readonly freeValue: number;
  /** For people: "concurrency pinned at 4: -38 % against 11". */
  readonly sentence: string;
}

/** Patterns of a running flow. Changes hold from the next event on; no event, and no match of the others, is lost. */
export interface RunPatterns {
  /** Hits, timeouts, partial matches and cost of each. Looks at every live key: not for each event. */
  list(): readonly (PatternStatus & { readonly operator: string })[];
  /**
   * @param operator - the `match` to add it to; not needed where there is one
   * @throws ConfigError when the name is taken, PatternError for a pattern that is none
   */
  add(name: string, pattern: AnyPattern, operator?: string): void;
  /** @param options.old - what the version before has begun goes on (`drain`, default), or is dropped */
  replace(name: string, pattern: AnyPattern, options?: { readonly operator?: string; readonly old?: Farewell }): void;
  /** @param options.old - what it has begun is dropped (default), or goes on */
  remove(name: string, options?: { readonly operator?: string; readonly old?: Farewell }): void;
}

export interface Run extends AsyncDisposable {
  readonly flow: string;
  readonly state: RunState;
  /** Resolves when the flow has ended or was drained or stopped; rejects with the error that ended it. */
  readonly done: Promise<RunSummary>;
  /** Latency and throughput over the last second, resources now. Cost about 50 us: at most ten times a second. */
  metrics(): SystemMetrics;
  snapshot(): FlowSnapshot;
  /** What each waiting stage did over the last half second. */
  observations(): readonly StageObservation[];
  readonly settings: Settings;
  /** What holds when the process ends at any moment. */
  readonly guarantee: Guarantee;
  /** The resource budget: sizes and weights, changed while it runs. */
  readonly energy: Energy;
  /** The patterns of the `match` operators: what each has found and costs; add, replace and remove them while it runs. */
  readonly patterns: RunPatterns;
  /** What was decided about settings and why, oldest first; the newest 1,000. */
  decisions(filter?: DecisionFilter): readonly DecisionRecord[];
  /**
   * Fixes one knob, named `stage.knob`, at once; tuning re-optimises the others around it.
   * @throws ConfigError when there is no such knob, or a limit of the target, the declaration or a bound forbids the value
   * @example run.pin('sink.batchLimit', 256)
   */
  pin(path: string, value: number): void;
  /** Keeps one knob within bounds, inclusive. @throws ConfigError as `pin` */
  bound(path: string, bound: Partial<Bound>): void;
  /** Gives a knob back to tuning. @returns whether it was pinned or bound */
  unpin(path: string): boolean;
  /** All that is pinned or bound, and what that costs. Cost: two steps of a controller, some ms, for each. */
  pins(): readonly Pin[];
  /** Nothing moves any more, until `thaw`; pins still take effect. */
  freeze(): void;
  thaw(): void;
  /** The newest dead letters: at most 1,000, and 8 MiB. */
  deadLetters(): readonly DeadLetter[];
  /** Stops intake, finishes what was accepted, closes windows and sinks. Stops hard after the deadline. */
  drain(options?: { readonly timeout?: Duration }): Promise<RunSummary>;
  /** Stops at once; what was accepted and not confirmed is not acknowledged to its source. */
  stop(): Promise<RunSummary>;
  /** @returns a function that unsubscribes */
  on<K extends keyof RunEvents>(event: K, listener: (value: RunEvents[K]) => void): () => void;
}
