import { declaredFunction, knownOptions, objectOfOptions } from '../errors/declared.ts';
import { ConfigError } from '../errors/errors.ts';
import type { Sink, SinkFunction, WriteOptions } from '../event/sink.ts';
import type { Key, OperatorSpec } from '../operator/operator.ts';
import type { NamedPattern } from '../pattern/match/live-patterns.ts';
import { matchPatterns } from '../pattern/match/match.ts';
import type { Bindings } from '../pattern/matcher.ts';
import { dedupe } from '../operator/dedupe.ts';
import { mapWithState, type StateCell } from '../operator/map-with-state.ts';
import { sample, type SampleOptions } from '../operator/sample.ts';
import { scan } from '../operator/scan.ts';
import { checkFunction, type StateOptions } from '../operator/step-options.ts';
import { global, type WindowSpec } from '../operator/window/window-spec.ts';
import type { WindowResult } from '../operator/window/window.ts';
import type { Aggregates } from '../operator/aggregate/aggregate.ts';
import { durationMs } from '../time/duration.ts';
import { fieldRead } from './field-read.ts';
import type { RunnableFlow } from './run.ts';
import { functionSink } from './function-sink.ts';
import type { Graph, Port, SinkOptions, StageSpec } from './graph.ts';
import { optionsOf } from './known-options.ts';
import { Matched } from './matched.ts';
import { checkStageOptions } from './stage-check.ts';
import type {
  AsyncOptions,
  EventTimeOptions,
  KeyField,
  MatchOptions,
  OperatorOptions,
  PatternOf,
  RateLimitOptions,
} from './stream-options.ts';
import { Windowed, type WindowedOptions } from './windowed.ts';

/**
 * A stream of events of type E, keyed by K after `keyBy`. Each method adds an operator and returns the
 * stream behind it; using one stream twice forks it. Nothing runs before `flow.run()`.
 *
 * A function that throws sends its event to the dead letters, with the operator's name; the others go on.
 */
export class Stream<E, K extends Key | undefined = undefined> {
  readonly #flow: RunnableFlow;
  readonly #graph: Graph;
  readonly #port: Port;
  declare readonly _types?: { readonly event: E; readonly key: K };

  /** @internal Streams come from `flow.from`. */
  constructor(flow: RunnableFlow, graph: Graph, port: Port) {
    this.#flow = flow;
    this.#graph = graph;
    this.#port = port;
  }

  /** One event in, one out. */
  map<R>(fn: (event: E) => R, options: OperatorOptions = {}): Stream<R, K> {
    return this.#operator({ kind: 'map', name: this.#named('map', options, fn), fn });
  }

  /** Keeps the events for which `fn` gives a truthy value; a type guard narrows the stream. */
  filter<R extends E>(fn: (event: E) => event is R, options?: OperatorOptions): Stream<R, K>;
  filter(fn: (event: E) => unknown, options?: OperatorOptions): Stream<E, K>;
  filter(fn: (event: E) => unknown, options: OperatorOptions = {}): Stream<E, K> {
    return this.#operator({ kind: 'filter', name: this.#named('filter', options, fn), fn });
  }

  /** One event in, any number out. */
  flatMap<R>(fn: (event: E) => Iterable<R>, options: OperatorOptions = {}): Stream<R, K> {
    return this.#operator({ kind: 'flatMap', name: this.#named('flatMap', options, fn), fn });
  }

  /** Looks at each event and passes it on. */
  tap(fn: (event: E) => unknown, options: OperatorOptions = {}): Stream<E, K> {
    return this.#operator({ kind: 'tap', name: this.#named('tap', options, fn), fn });
  }

  /**
   * Keys the stream: state and windows after it are kept per key. A plain field (`'card'` or
   * `p => p.card`) can use the decoder's dense numbering, several times cheaper than a lookup.
   */
  keyBy<F extends KeyField<E>>(field: F, options?: OperatorOptions): Stream<E, E[F] & Key>;
  keyBy<L extends Key>(fn: (event: E) => L, options?: OperatorOptions): Stream<E, L>;
  keyBy(key: string | ((event: E) => Key), options: OperatorOptions = {}): Stream<E, Key> {
    if (typeof key !== 'string') declaredFunction(key, `${this.#path('keyBy')}.key`);
    const fn = typeof key === 'string' ? (event: E): Key => event[key as keyof E] as Key : key;
    const field = typeof key === 'string' ? key : fieldRead(key);
    return this.#operator({ kind: 'keyBy', name: this.#named('keyBy', options, fn), fn, field, isField: fn !== key });
  }

  /**
   * Gives the stream event time (epoch ms of each event). Windows after it close by the events alone, so
   * results do not depend on when or in which batches events come. Not carried over async operators.
   */
  eventTime(fn: (event: E) => number, options: EventTimeOptions = {}): Stream<E, K> {
    const name = this.#named('eventTime', options, fn);
    const outOfOrderMs = durationMs(options.outOfOrder ?? 0, `${this.#path(name)}.outOfOrder`);
    const idleMs = durationMs(options.idle ?? '30s', `${this.#path(name)}.idle`);
    const whenSilent: string = options.whenSilent ?? 'wait';
    if (!['wait', 'goOn'].includes(whenSilent))
      throw new ConfigError(`${this.#path(name)}.whenSilent`, 'wait or goOn', whenSilent);
    return this.#operator({ kind: 'eventTime', name, fn, outOfOrderMs, idleMs, goesOn: whenSilent === 'goOn' });
  }

  /** Folds each event into a state per key and passes the new state on. */
  scan<S>(
    fn: (state: S, event: E, key: K) => S,
    initial: S | (() => S),
    options: OperatorOptions & StateOptions = {},
  ): Stream<S, K> {
    return this.#operator(scan(this.#named('scan', options, fn), fn as never, initial, options));
  }

  /** Like `map`, with a state per key to read and write; `undefined` passes nothing on. */
  mapWithState<S, R>(
    fn: (event: E, state: StateCell<S>, key: K) => R | undefined,
    options: OperatorOptions & StateOptions = {},
  ): Stream<R, K> {
    return this.#operator(mapWithState(this.#named('mapWithState', options, fn), fn as never, options));
  }

  /** Passes on the first event of each id within `ttl`. */
  dedupe(id: (event: E) => Key, options: OperatorOptions & StateOptions = {}): Stream<E, K> {
    return this.#operator(dedupe(this.#named('dedupe', options, id), id as never, options));
  }

  /** Passes on every n-th event (`{ every: n }`), or a random share (`{ rate: 0.01 }`). */
  sample(options: OperatorOptions & SampleOptions): Stream<E, K> {
    return this.#operator(sample(this.#named('sample', options), options));
  }

  /** Cuts the stream into windows, per key where it is keyed; follow with `aggregate` or `onWindowClose`. */
  window(spec: WindowSpec, options: OperatorOptions & WindowedOptions<E> = {}): Windowed<E, K> {
    const add = <R>(operator: OperatorSpec): { results: Stream<R>; late: Stream<E> } => {
      const { node } = this.#node(operator);
      const results = new Stream<R>(this.#flow, this.#graph, { node, port: 0 });
      return { results, late: new Stream<E>(this.#flow, this.#graph, { node, port: 1 }) };
    };
    return new Windowed(
      { add, path: this.#path('window'), name: () => this.#named('window', options) },
      spec,
      this.#known('window', options),
    );
  }

  /**
   * Looks for patterns, per key where the stream is keyed, in the order of event time after `eventTime`, else of arrival.
   * One pattern of `daoflow/pattern`, several with names of their own, or an object of them by name; they can be changed while the flow runs
   * (`run.patterns`). Cost: what an event concerns, whatever the number of patterns; see `PatternSet`.
   *
   * @example
   * payments.keyBy('card').match(probe).matches.map(({ key, events }) => ({ card: key, big: events.big[0] }));
   */
  match<R, B>(pattern: NamedPattern<E, R, B>, options?: OperatorOptions & MatchOptions): Matched<E, K, R, B>;
  match(
    patterns: readonly PatternOf<E>[] | Readonly<Record<string, PatternOf<E>>>,
    options?: OperatorOptions & MatchOptions,
  ): Matched<E, K, unknown, Bindings<E>>;
  match(
    patterns: PatternOf<E> | readonly PatternOf<E>[] | Readonly<Record<string, PatternOf<E>>>,
    options: OperatorOptions & MatchOptions = {},
  ): Matched<E, K, never, never> {
    const name = this.#named('match', options);
    const wishes: { timeouts?: boolean; limit?: number | undefined } = { limit: options.limit };
    const { node } = this.#node(matchPatterns(name, this.#path(name), patterns, wishes, options));
    return new Matched(<T>(port: number) => new Stream<T>(this.#flow, this.#graph, { node, port }), wishes);
  }

  /** Aggregates the whole input, per key where the stream is keyed; results come when the input ends. */
  aggregate<A extends Aggregates<E>>(
    aggregates: A,
    options: OperatorOptions & WindowedOptions<E> = {},
  ): Stream<WindowResult<K, A>> {
    return this.window(global(), options).aggregate(aggregates);
  }

  /**
   * Splits the stream: each event goes to the first branch whose test it passes, else to `rest`.
   *
   * @example
   * const { big, rest } = payments.branch({ big: (p) => p.amount > 1000 });
   */
  branch<B extends Readonly<Record<string, (event: E) => unknown>>>(
    tests: B,
  ): { readonly [N in keyof B | 'rest']: Stream<E, K> } {
    objectOfOptions(tests, this.#path('branch'));
    const names = Object.keys(tests);
    if (names.includes('rest'))
      throw new ConfigError(`${this.#path('branch')}.rest`, 'another name: rest is what no test takes', 'rest');
    const all = Object.values(tests);
    const firstOf = (event: E): number => all.findIndex((test) => test(event));
    const branches = names.map(
      (name, i) => [name, this.filter((event) => firstOf(event) === i, this.#free(name))] as const,
    );
    const rest = this.filter((event) => firstOf(event) === -1);
    return Object.fromEntries([...branches, ['rest', rest]]) as { readonly [N in keyof B | 'rest']: Stream<E, K> };
  }

  /** Brings streams of one flow together. Order holds within each, not between them. */
  merge<F>(...others: readonly Stream<F, Key | undefined>[]): Stream<E | F> {
    for (const other of others) {
      if (other.#graph !== this.#graph)
        throw new ConfigError(this.#path('merge'), 'streams of the same flow', other.#flow.name);
    }
    const inputs = [this.#port, ...others.map((other) => other.#port)];
    const node = this.#graph.add({ kind: 'merge', name: this.#graph.name('merge', undefined), inputs });
    return new Stream(this.#flow, this.#graph, { node, port: 0 });
  }

  /** Calls an async function per event, several at a time. Key and event time end here: declare them again after it. */
  mapAsync<R>(fn: (event: E, options: WriteOptions) => R | Promise<R>, options: AsyncOptions = {}): Stream<R> {
    const { ordered = true } = this.#known('mapAsync', options);
    return this.#stage('mapAsync', { kind: 'mapAsync', fn, ordered }, options);
  }

  /** Calls an async function per batch: it gives any number of results. Batches form by themselves. */
  mapBatch<R>(
    fn: (events: readonly E[], options: WriteOptions) => readonly R[] | Promise<readonly R[]>,
    options: AsyncOptions = {},
  ): Stream<R> {
    const { ordered = true } = this.#known('mapBatch', options);
    return this.#stage('mapBatch', { kind: 'mapBatch', fn, ordered }, options);
  }

  /** Lets at most `perSecond` events through, evenly. */
  rateLimit(perSecond: number, options: RateLimitOptions = {}): Stream<E> {
    if (!Number.isFinite(perSecond) || perSecond <= 0) {
      throw new ConfigError(`${this.#path('rateLimit')}.perSecond`, 'a number above 0', perSecond);
    }
    return this.#stage('rateLimit', { kind: 'rateLimit', perSecond }, this.#known('rateLimit', options));
  }

  /**
   * Ends the stream in a sink, or in a function over batches of events. Returns the flow, ready to run;
   * further sinks may be added to any stream, each with its own policy.
   */
  to(sink: Sink<E> | SinkFunction<E>, options: SinkOptions = {}): RunnableFlow {
    const descriptor = typeof sink === 'function' ? functionSink(sink) : sink;
    if (typeof (descriptor as Partial<Sink<E>> | null)?.open !== 'function') {
      throw new ConfigError(
        this.#path('to'),
        'a sink such as file(...), stdout(), http({ url }) or a function over batches',
        sink,
      );
    }
    const name = this.#graph.name(descriptor.name, this.#known('to', options).name);
    checkStageOptions(options, this.#path(name));
    this.#graph.add({ kind: 'sink', name, sink: descriptor, options, input: this.#port });
    return this.#flow;
  }

  #operator<R, L extends Key | undefined>(spec: OperatorSpec): Stream<R, L> {
    return new Stream(this.#flow, this.#graph, this.#node(spec));
  }

  #node(spec: OperatorSpec): Port {
    return { node: this.#graph.add({ kind: 'operator', name: spec.name, spec, input: this.#port }), port: 0 };
  }

  #stage<R>(kind: string, stage: StageSpec, options: AsyncOptions | RateLimitOptions): Stream<R> {
    const name = this.#graph.name(kind, options.name);
    if (stage.kind !== 'rateLimit') checkFunction(stage.fn, this.#path(name));
    checkStageOptions(options, this.#path(name));
    const node = this.#graph.add({ kind: 'stage', name, stage, options, input: this.#port });
    return new Stream(this.#flow, this.#graph, { node, port: 0 });
  }

  #named(kind: string, options: OperatorOptions, fn?: unknown): string {
    const name = this.#graph.name(kind, this.#known(kind, options).name);
    if (arguments.length > 2) checkFunction(fn, this.#path(name));
    return name;
  }

  #known<O>(method: string, options: O): O {
    knownOptions(options, this.#path(method), optionsOf(method));
    return options;
  }

  /** A name if it can be one and is free: names of branches are nice to have. */
  #free(name: string): OperatorOptions {
    return this.#graph.isFree(name) ? { name } : {};
  }

  #path(name: string): string {
    return `flow.${this.#flow.name}.${name}`;
  }
}
