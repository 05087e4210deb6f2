/**
 * What is behind a tuned function: the engine's own stage and control loop, with items for events.
 *
 * Invariants (tuned.test.ts)
 * - Items of one turn of the event loop are written together, in order.
 * - The process is kept alive while an item is pending, and not longer.
 */

import type { KnobName } from '../control/settings.ts';
import { OverloadError, ShutdownError } from '../errors/errors.ts';
import { Origin } from '../event/origin.ts';
import { NAME } from '../flow/graph.ts';
import type { Notice } from '../flow/run.ts';
import { resolveTargets } from '../metrics/targets.ts';
import { flowControl, type FlowControl } from '../runtime/control/flow-control.ts';
import type { Host } from '../runtime/host.ts';
import { Listeners } from '../runtime/run/listeners.ts';
import { WaitingStage } from '../runtime/stage/waiting-stage.ts';
import { quantile } from '../stats/histogram.ts';
import type { Timer } from '../time/clock.ts';
import type { Controller } from '../tuning/controller.ts';
import type { Tuned, TunedEvents, TunedMetrics, TunedOptions } from './tuned-options.ts';
import { callTogether, Item, type BatchFunction } from './tuned-call.ts';

const DEFAULT_PENDING = 100_000;
/** Where items come from, as the arbiter sees it. */
const CALLER = 'caller';

export class Batcher {
  readonly #host: Host;
  readonly #name: string;
  readonly #maxPending: number;
  readonly #stage: WaitingStage;
  readonly #control: FlowControl;
  readonly #listeners = new Listeners<TunedEvents>();
  readonly #stopped = new AbortController();
  readonly #pending = new Set<Item>();
  /** Items of this turn. */
  #gathered: Item[] = [];
  #idle: (() => void)[] = [];
  /** Keeps the process alive while somebody waits. */
  #hold: Timer | undefined;
  #room: undefined | Promise<void>;
  readonly #begun: Promise<void> | undefined;
  #isClosed = false;
  #done = 0;
  #failed = 0;

  constructor(host: Host, fn: BatchFunction, options: TunedOptions, controller: Controller<unknown> | undefined) {
    const { scheduler } = host;
    const { maxBatch, maxConcurrency, isolate = true, signal } = options;
    this.#host = host;
    this.#name = options.name ?? (NAME.test(fn.name) ? fn.name : 'tuned');
    this.#maxPending = options.maxPending ?? DEFAULT_PENDING;
    const limits = {
      ...(maxBatch === undefined ? {} : { maxBatch }),
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    };
    const sink = { name: this.#name, limits, open: () => ({ write: () => undefined }) };
    const notice = (level: Notice['level'], message: string): void =>
      this.#listeners.emit('notice', { level, message });
    this.#control = flowControl({
      stages: [{ kind: 'sink', name: this.#name, sink, options: {} }],
      flow: {
        name: this.#name,
        targets: resolveTargets(options.targets, 'tuned.targets'),
        goal: options.goal ?? 'balanced',
        resources: {},
        energy: {},
      },
      run: options.learned === undefined ? {} : { learned: options.learned },
      graph: { sources: [CALLER], stages: [{ name: this.#name, work: 'io', inputs: [CALLER] }] },
      totals: () => {
        const accepted = this.#pending.size + this.#done + this.#failed;
        return { confirmed: this.#done, sources: [{ name: CALLER, accepted, heldMs: 0 }] };
      },
      host,
      controller,
      notice,
      decided: (record) => this.#listeners.emit('decision', record),
      ended: (record) => this.#listeners.emit('outcome', record),
    });
    this.#stage = new WaitingStage(
      {
        name: this.#name,
        kind: 'sink',
        ordered: false,
        call: (items, writeOptions) => callTogether(fn, items as readonly Item[], writeOptions, isolate),
        whenSlow: 'block',
        whenFailing: 'drop',
        completed: (_, { parts }) => {
          for (const { origin } of parts) origin.release();
          return undefined;
        },
        drained: () => undefined,
      },
      {
        flow: this.#name,
        scheduler,
        random: host.random(),
        signal: this.#stopped.signal,
        settings: this.#control.settings.reader(this.#name),
        deadLetter: () => undefined,
        notice,
        fatal: (cause) => this.#stop(cause),
      },
      1,
    );
    this.#begun = this.#begin();
    const stop = (): void => this.#stop(new ShutdownError(`${this.#name} was stopped`));
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  }

  add(value: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(new ShutdownError(`${this.#name} is closed`));
    if (this.#pending.size >= this.#maxPending) {
      const message = `${this.#name}: ${this.#maxPending} items wait already; await ready() before the next call`;
      return Promise.reject(new OverloadError(message));
    }
    return new Promise((resolve, reject) => {
      const abort = (): void => item.reject(signal?.reason);
      const item = new Item(
        value,
        (result) => {
          this.#done += 1;
          resolve(result);
        },
        (error) => {
          this.#failed += 1;
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the user's own, whatever it is
          reject(error);
        },
        () => {
          signal?.removeEventListener('abort', abort);
          this.#settled(item);
        },
      );
      if (signal?.aborted === true) {
        abort();
        return;
      }
      signal?.addEventListener('abort', abort, { once: true });
      this.#pending.add(item);
      this.#hold ??= this.#host.hold();
      if (this.#gathered.push(item) === 1) queueMicrotask(() => this.#send());
    });
  }

  methods(): Omit<Tuned<unknown, unknown>, never> {
    const { steering, log, pins } = this.#control;
    const path = (knob: KnobName): string => `${this.#name}.${knob}`;
    return {
      ready: () => this.#ready(),
      drain: () => this.#drain(),
      close: () => this.#close(),
      [Symbol.asyncDispose]: () => this.#close(),
      metrics: () => this.#metrics(),
      decisions: (filter = {}) => log.list(filter),
      pin: (knob, value) => steering.pin(path(knob), value),
      bound: (knob, bound) => steering.bound(path(knob), bound),
      unpin: (knob) => steering.unpin(path(knob)),
      pins: () => pins().map((pin) => ({ ...pin, path: pin.path.slice(this.#name.length + 1) })),
      freeze: () => steering.freeze(),
      thaw: () => steering.thaw(),
      on: (event, listener) => this.#listeners.on(event, listener),
    };
  }

  /** Tuning begins where an earlier process ended, once that is known: a start is no place to change one's mind. */
  #begin(): Promise<void> | undefined {
    const { loop, learned } = this.#control;
    if (learned === undefined) {
      loop.start([this.#stage]);
      return undefined;
    }
    return learned.begin().then(() => {
      if (!this.#isClosed) loop.start([this.#stage]);
    });
  }

  #send(): void {
    const events = this.#gathered;
    this.#gathered = [];
    const origin = new Origin('', 0, events.length, this.#host.scheduler.now(), () => undefined);
    this.#room = this.#stage.write({ events, start: 0, end: events.length, bytes: 0, origin });
  }

  #settled(item: Item): void {
    this.#pending.delete(item);
    if (this.#pending.size > 0) return;
    this.#hold?.cancel();
    this.#hold = undefined;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** What this turn gathered is not in the queue yet. */
  async #ready(): Promise<void> {
    await Promise.resolve();
    await this.#room;
  }

  #drain(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    await this.#drain();
    await this.#end();
  }

  async #end(): Promise<void> {
    const { loop, learned } = this.#control;
    loop.stop();
    await this.#begun;
    await learned?.end();
  }

  #stop(cause: unknown): void {
    this.#isClosed = true;
    this.#stopped.abort(cause);
    this.#stage.stop(cause);
    for (const item of this.#pending) item.reject(cause);
    void this.#end();
  }

  #metrics(): TunedMetrics {
    const [observed] = this.#control.loop.observations();
    const { done = 0, failed = 0, rejected = 0, calls = 0, durationMs = 0, latency } = observed ?? {};
    return {
      perSecond: durationMs === 0 ? 0 : (done / durationMs) * 1000,
      p95Ms: (latency === undefined ? undefined : quantile(latency, 0.95)) ?? null,
      batchMean: calls === 0 ? 0 : (done + failed + rejected) / calls,
      inFlight: this.#stage.account().inFlight,
      pending: this.#pending.size,
      done: this.#done,
      failed: this.#failed,
      settings: this.#control.settings.get(this.#name),
    };
  }
}
