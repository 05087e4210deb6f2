import type { StandardSchemaV1 } from '@standard-schema/spec';
import { TUNING_GOALS, type TuningGoal } from '../control/goal.ts';
import { fixedBy, NOTHING_FIXED, type EnergyConfig } from '../energy/energy-config.ts';
import { knownOptions, optionNames } from '../errors/declared.ts';
import { ConfigError } from '../errors/errors.ts';
import type { Source } from '../event/source.ts';
import { ResourceStrategy, type ResourceStrategyInput } from '../resource/resource-strategy.ts';
import { resolveTargets, type Targets, type TargetsInput } from '../metrics/targets.ts';
import { durationMs, type Duration } from '../time/duration.ts';
import { Graph, NAME, type DeadLetterPlace } from './graph.ts';
import { planFlow, type Plan } from './plan.ts';
import type { Run, RunnableFlow, RunOptions } from './run.ts';
import { Stream } from './stream.ts';
import { checkOneOf, checkSchema, checkSink } from './validation.ts';

export interface FlowOptions {
  /** What the engine must meet; left out = the guide's values. */
  readonly targets?: TargetsInput;
  /**
   * What tuning spends the latency target on. `balanced` (default): at most half of it while load allows, at least
   * cost. `economy`: most of it, on larger batches. `latency`: the lowest p95.
   */
  readonly goal?: TuningGoal;
  /** Limits that are kept, and policies that scale what is used below them. Default: none, adaptive. */
  readonly resources?: ResourceStrategyInput;
  /** Sizes and weights to start with; `run.energy` changes them. Default: the engine's. */
  readonly energy?: EnergyConfig;
  /**
   * A directory for what must outlive the process: checkpoints of state and of the places in the sources. A run that was
   * killed goes on from the last one. Default: none, and a run begins anew.
   */
  readonly data?: string;
  /**
   * How often a checkpoint is taken: what at most is done again after a crash. Default 10 s; 1 s where a sink commits its
   * outputs with it.
   */
  readonly checkpointEvery?: Duration;
}

export interface SourceOptions {
  readonly name?: string;
  /**
   * Top-level fields to materialise; the rest of each record is checked but not built. Default: the
   * fields of a schema that strips all others (plain objects of zod and valibot), else all.
   */
  readonly fields?: readonly string[];
}

const FLOW_OPTIONS = optionNames<FlowOptions>({
  targets: true,
  goal: true,
  resources: true,
  energy: true,
  data: true,
  checkpointEvery: true,
});
const SOURCE_OPTIONS = optionNames<SourceOptions & { schema: unknown }>({ name: true, fields: true, schema: true });

/** Starts a flow. The engine provides it, so that a declaration knows nothing of threads, clocks or sockets. */
export type Launch = (flow: RunnableFlow, options: RunOptions) => Run;

/**
 * A declared flow: sources, operators, sinks and targets. A declaration only: it can be planned,
 * printed and run any number of times, each run with a state of its own.
 */
export class Flow implements RunnableFlow {
  readonly name: string;
  readonly targets: Targets;
  readonly goal: TuningGoal;
  readonly resources: ResourceStrategyInput;
  readonly energy: EnergyConfig;
  readonly data: string | undefined;
  readonly checkpointEveryMs: number | undefined;
  readonly #graph: Graph;
  readonly #launch: Launch;

  constructor(name: string, options: FlowOptions, launch: Launch) {
    if (typeof name !== 'string' || !NAME.test(name)) {
      throw new ConfigError('flow.name', 'letters, digits, ".", "_" or "-", at most 64', name);
    }
    knownOptions(options, `flow.${name}`, FLOW_OPTIONS);
    this.name = name;
    this.targets = resolveTargets(options.targets, `flow.${name}.targets`);
    this.goal = options.goal ?? 'balanced';
    checkOneOf(this.goal, TUNING_GOALS, `flow.${name}.goal`);
    this.resources = options.resources ?? {};
    new ResourceStrategy(this.resources, Infinity, `flow.${name}.resources`); // throws where it is wrong
    this.energy = options.energy ?? {};
    fixedBy(this.energy, NOTHING_FIXED, `flow.${name}.energy`);
    this.data = options.data;
    if (options.data !== undefined && (typeof options.data !== 'string' || options.data === '')) {
      throw new ConfigError(`flow.${name}.data`, 'the path of a directory', options.data);
    }
    const { checkpointEvery } = options;
    const path = `flow.${name}.checkpointEvery`;
    this.checkpointEveryMs = checkpointEvery === undefined ? undefined : durationMs(checkpointEvery, path);
    if (this.checkpointEveryMs !== undefined && this.checkpointEveryMs < MIN_CHECKPOINT_MS) {
      throw new ConfigError(path, `at least ${MIN_CHECKPOINT_MS} ms`, checkpointEvery);
    }
    this.#graph = new Graph(name);
    this.#launch = launch;
  }

  /** Adds a source and checks each event against a Standard Schema; what it refuses goes to the dead letters. */
  from<S extends StandardSchemaV1>(
    source: Source<unknown>,
    options: SourceOptions & { readonly schema: S },
  ): Stream<StandardSchemaV1.InferOutput<S>>;
  /** Adds a source. Without a schema the event type of decoded bytes is taken on trust. */
  from<E = unknown>(source: Source<E>, options?: SourceOptions): Stream<E>;
  from(source: Source<unknown>, options: SourceOptions & { readonly schema?: StandardSchemaV1 } = {}): Stream<unknown> {
    const path = `flow.${this.name}.from`;
    checkSource(source, path);
    knownOptions(options, path, SOURCE_OPTIONS);
    if (options.schema !== undefined) checkSchema(options.schema, `${path}.schema`);
    const node = this.#graph.add({
      kind: 'source',
      name: this.#graph.name(source.name, options.name),
      source,
      schema: options.schema,
      fields: options.fields,
    });
    return new Stream(this, this.#graph, { node, port: 0 });
  }

  deadLetters(place: DeadLetterPlace): this {
    if (typeof (place as { readonly path?: unknown } | null)?.path !== 'string') {
      checkSink(place, `flow.${this.name}.deadLetters`);
    }
    this.#graph.deadLetters = place;
    return this;
  }

  get deadLetterSink(): DeadLetterPlace | undefined {
    return this.#graph.deadLetters;
  }

  plan(): Plan {
    return planFlow(this.#graph);
  }

  run(options: RunOptions = {}): Run {
    return this.#launch(this, options);
  }
}

/** Each costs a moment of quiet and a sync of the disk. */
const MIN_CHECKPOINT_MS = 10;

function checkSource(source: unknown, path: string): void {
  const { kind, run } = (source ?? {}) as { kind?: unknown; run?: unknown };
  if ((kind === 'events' || kind === 'bytes') && typeof run === 'function') return;
  throw new ConfigError(path, 'a source such as file(...), http({ port }), generate(...) or iterable(...)', source);
}
