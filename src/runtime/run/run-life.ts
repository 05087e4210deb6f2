/**
 * The life of one run: opens what it needs, reads its sources, and ends in one of three ways.
 *
 * Invariants (flow-run.test.ts)
 * - done: every accepted event was confirmed, dropped by policy or dead-lettered; windows and sinks are closed.
 * - stopped, failed: what was not confirmed is not acknowledged to its source.
 * - A source that fails ends the intake; what was read is still processed; then the life ends with its error.
 * - It ends exactly once, after the sinks are closed.
 */

import { ConnectorError, isDaoFlowError, messageOf, ShutdownError, TimeoutError } from '../../errors/errors.ts';
import type { SinkNode } from '../../flow/graph.ts';
import type { Plan } from '../../flow/plan.ts';
import type { RunEvents, RunnableFlow, RunOptions } from '../../flow/run.ts';
import { checkSpilling } from '../../flow/spilling.ts';
import type { RunState } from '../../metrics/snapshot.ts';
import { durationMs, type Duration } from '../../time/duration.ts';
import type { Controller } from '../../tuning/controller.ts';
import { flowControl, type FlowControl } from '../control/flow-control.ts';
import { graphOf } from '../flow-graph.ts';
import { FlowMeters } from '../flow-meters.ts';
import { totalsOf } from '../flow-reports.ts';
import type { Host } from '../host.ts';
import { InFlight } from '../intake/in-flight.ts';
import type { Ingest } from '../intake/ingest.ts';
import type { Stage } from '../stage/stage.ts';
import { TOTALS_LENGTH } from '../supervision.ts';
import type { Checkpoints } from './checkpoints.ts';
import { DEAD_LETTERS, deadLetterNode } from './dead-letter-sink.ts';
import { DeadLetters } from './dead-letters.ts';
import { Drain } from './drain.ts';
import type { Listeners } from './listeners.ts';
import { Opened, openRun, sinksOf, type Opening } from './opening.ts';
import { runCheckpoints } from './run-checkpoints.ts';
import { closeSinks } from './topology.ts';

/** Below the 30 s that process managers usually grant between SIGTERM and SIGKILL. */
const DEFAULT_DRAIN_MS = 25_000;

export interface LifeOptions {
  readonly definition: RunnableFlow;
  readonly options: RunOptions;
  readonly host: Host;
  /** Instead of the one that the engine has. */
  readonly controller: Controller<unknown> | undefined;
  readonly listeners: Listeners<RunEvents>;
}

export class RunLife {
  readonly plan: Plan;
  readonly meters: FlowMeters;
  readonly control: FlowControl;
  readonly checkpoints: Checkpoints | undefined;
  readonly deadLetters: DeadLetters;
  readonly opened: Opened = new Opened();
  state: RunState = 'starting';
  readonly #flow: string;
  readonly #definition: RunnableFlow;
  readonly #options: RunOptions;
  readonly #host: Host;
  readonly #listeners: Listeners<RunEvents>;
  /** Aborted = no more intake. */
  readonly #intake = new AbortController();
  /** Aborted = stop at once. */
  readonly #hard = new AbortController();
  readonly #environment: Opening['environment'];
  readonly #drainMs: number;
  readonly #draining: Drain;
  readonly #inFlight = new InFlight();
  #sinksClosed: Promise<void> | undefined;
  #openSinks = 0;
  #allDrained: () => void = () => undefined;
  #failure: { readonly cause: unknown } | undefined;

  constructor({ definition, options, host, controller, listeners }: LifeOptions) {
    this.#flow = definition.name;
    this.#definition = definition;
    this.#options = options;
    this.#host = host;
    this.#listeners = listeners;
    this.plan = definition.plan();
    checkSpilling(this.plan, this.#data());
    this.#drainMs = durationMs(options.drainTimeout ?? DEFAULT_DRAIN_MS, 'run.drainTimeout');
    this.meters = new FlowMeters(host.scheduler);
    this.deadLetters = new DeadLetters((letter) => listeners.emit('deadLetter', letter));
    this.checkpoints = runCheckpoints({
      flow: this.#flow,
      plan: this.plan,
      data: this.#data(),
      everyMs: definition.checkpointEveryMs,
      host,
      signal: this.#hard.signal,
      inFlight: this.#inFlight,
      isPaused: () => this.opened.inspection?.isOver === false,
      notice: this.#notice,
      fatal: this.#fatal,
    });
    this.#draining = new Drain(
      host.scheduler,
      () => this.checkpoints?.letGo() ?? Promise.resolve(false),
      (isDurable, limitMs) => this.#endDrain(isDurable, limitMs),
    );
    this.#environment = this.#makeEnvironment();
    const letters = this.#deadLetterNode();
    const nodes = this.plan.stages.map(({ node }) => node);
    this.control = flowControl({
      stages: letters === undefined ? nodes : [...nodes, letters],
      graph: graphOf(this.plan),
      totals: () => totalsOf(this.meters, this.opened.topology.ingests),
      flow: definition,
      run: options,
      host,
      controller,
      notice: this.#notice,
      decided: (record) => listeners.emit('decision', record),
      ended: (record) => listeners.emit('outcome', record),
    });
  }

  /** The whole life, top to bottom. @throws what it has failed with */
  async live(): Promise<void> {
    this.#followSignal(this.#options.signal);
    const hold = this.#host.hold();
    try {
      await this.#open();
      if (!this.#isOver()) await this.#process();
      await this.#close();
    } catch (cause) {
      this.#failure ??= { cause };
      this.#end('failed', cause);
      await this.#closeSinks().catch(() => undefined);
    } finally {
      this.control.loop.stop();
      this.opened.inspection?.stop();
      this.#draining.over();
      await this.control.learned?.end();
      for (const spill of this.opened.spills.values()) await spill.close();
      await this.checkpoints?.close();
      hold.cancel();
    }
    if (this.#failure !== undefined) throw this.#failure.cause;
  }

  /** Nothing more is taken in; what was is processed, within the time. */
  drain(timeout: Duration | undefined): void {
    if (this.state !== 'starting' && this.state !== 'running') return;
    this.#enter('draining');
    this.#intake.abort();
    this.#draining.begin(timeout === undefined ? this.#drainMs : durationMs(timeout, 'drain.timeout'));
  }

  stop(): void {
    this.#end('stopped', new ShutdownError(`flow ${this.#flow} was stopped`));
  }

  async #open(): Promise<void> {
    const { scheduler } = this.#host;
    this.#openSinks = sinksOf(this.plan).length;
    const opening = {
      plan: this.plan,
      host: this.#host,
      data: this.#data(),
      context: { flow: this.#flow, scheduler, signal: this.#hard.signal, notice: this.#notice },
      environment: this.#environment,
      control: this.control,
      checkpoints: this.checkpoints,
      deadLetters: this.deadLetters,
      deadLetterNode: this.#deadLetterNode(),
      suspended: this.#intake.signal,
    };
    await openRun(opening, this.opened);
  }

  /** Until every sink has all that it will get, or the run is over. */
  async #process(): Promise<void> {
    const drained = new Promise<void>((resolve) => {
      this.#allDrained = resolve;
    });
    this.control.loop.start(this.#stages());
    await this.checkpoints?.begin();
    if (this.state === 'starting') this.#enter('running');
    for (const [i, ingest] of this.opened.topology.ingests.entries()) void this.#read(i, ingest);
    await drained;
  }

  #deadLetterNode(): SinkNode | undefined {
    const place = this.#options.deadLetters ?? this.#definition.deadLetterSink;
    return deadLetterNode(this.plan, place, this.#data(), this.#host);
  }

  /** What outlives the process is kept there. */
  #data(): string | undefined {
    const { data = this.#definition.data } = this.#options;
    return data === false ? undefined : data;
  }

  async #read(index: number, ingest: Ingest): Promise<void> {
    const source = this.plan.sources[index]?.node.source;
    const { scheduler } = this.#host;
    const random = this.#environment.random;
    const resume = this.opened.resume?.sources.get(ingest.name) ?? new Map<string, number>();
    const { signal } = this.#intake;
    const context = { flow: this.#flow, scheduler, random, signal, resume, data: this.#data(), notice: this.#notice };
    try {
      if (source?.kind === 'bytes') await source.run(ingest.byteOutput(), context);
      else await source?.run(ingest.eventOutput(), context);
    } catch (cause) {
      this.#sourceFailed(ingest.name, cause);
    }
    ingest.close();
  }

  #sourceFailed(name: string, cause: unknown): void {
    this.#failure ??= { cause: isDaoFlowError(cause) ? cause : new ConnectorError(name, messageOf(cause), { cause }) };
    if (this.state === 'running') this.#enter('draining');
    this.#intake.abort();
  }

  #sinkDrained(name: string): void {
    if (name === DEAD_LETTERS) {
      this.#allDrained();
      return;
    }
    this.#openSinks -= 1;
    if (this.#openSinks > 0) return;
    if (this.opened.deadLetterStage === undefined) this.#allDrained();
    else this.deadLetters.close();
  }

  async #close(): Promise<void> {
    if (!this.#isOver()) await this.checkpoints?.finish();
    await this.#closeSinks();
    if (this.#isOver()) return;
    this.control.loop.observe();
    this.#enter(this.#endState());
  }

  /** Once, however the run ends. */
  #closeSinks(): Promise<void> {
    return (this.#sinksClosed ??= closeSinks(this.opened.writers));
  }

  /** Ends the run now, whatever is still under way. */
  #end(state: 'done' | 'stopped' | 'failed', cause: unknown): void {
    if (this.#isOver()) return;
    this.#enter(state);
    this.#intake.abort();
    this.#hard.abort(cause);
    for (const segment of this.opened.topology.segments) segment.stop();
    for (const stage of this.#stages()) stage.stop(cause);
    this.#allDrained();
  }

  /** At the end of its time; a later run goes on with what is durable. */
  #endDrain(isDurable: boolean, limitMs: number): void {
    if (this.#isOver()) return;
    if (isDurable) {
      const stages = [...this.opened.spills.values()].filter((spill) => spill.isHolding).map(({ stage }) => stage);
      this.#notice('warn', `not done after ${limitMs} ms: what ${stages.join()} holds is on disk, for the next run`);
    } else {
      this.#failure ??= { cause: new TimeoutError(`the drain of flow ${this.#flow}`, limitMs) };
    }
    this.#end(this.#endState(), this.#failure?.cause ?? new ShutdownError(`flow ${this.#flow} was drained`));
  }

  /** Of a run that has ended by itself: a source may have failed. */
  #endState(): 'done' | 'failed' {
    return this.#failure === undefined ? 'done' : 'failed';
  }

  #isOver(): boolean {
    return this.state === 'done' || this.state === 'stopped' || this.state === 'failed';
  }

  #enter(state: RunState): void {
    this.state = state;
    this.#listeners.emit('state', state);
  }

  #stages(): readonly Stage[] {
    const { stages } = this.opened.topology;
    return this.opened.deadLetterStage === undefined ? stages : [...stages, this.opened.deadLetterStage];
  }

  #followSignal(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const drain = (): void => this.drain(undefined);
    if (signal.aborted) drain();
    else signal.addEventListener('abort', drain, { once: true, signal: this.#hard.signal });
  }

  readonly #fatal = (cause: unknown): void => {
    if (this.#isOver()) return;
    this.#failure ??= { cause };
    this.#end('failed', cause);
  };

  readonly #notice = (level: 'info' | 'warn', message: string): void =>
    this.#listeners.emit('notice', { level, message });

  #makeEnvironment(): Opening['environment'] {
    const { scheduler, canGenerateCode } = this.#host;
    return {
      flow: this.#flow,
      scheduler,
      random: this.#host.random(this.#options.seed),
      signal: this.#hard.signal,
      generateCode: canGenerateCode && this.#options.generateCode !== false,
      settingsOf: (stage) => this.control.settings.reader(stage),
      totalsOf: (source) => this.#host.supervision?.totals(source) ?? new Float64Array(TOTALS_LENGTH),
      deadLetter: (letter, origin) => this.deadLetters.add(letter, origin),
      deadLetterRoom: () => this.deadLetters.whenRoom(),
      notice: this.#notice,
      breakerChanged: (change) => this.#listeners.emit('breaker', change),
      fatal: this.#fatal,
      sinkDrained: (name) => this.#sinkDrained(name),
      meters: this.meters,
      inFlight: this.#inFlight,
      takesCheckpoints: this.checkpoints !== undefined,
      isSuspended: () => this.checkpoints !== undefined && this.state === 'draining',
    };
  }
}
