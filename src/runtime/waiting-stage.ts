/**
 * The stage whose calls take many events: sinks, `mapBatch` and rate limits.
 * Natural batching: a free slot takes everything queued, up to the batch limit, at once.
 *
 * Invariants (waiting-stage.test.ts)
 * - When a call starts is the dispatcher's business (dispatcher.ts); here it takes events, is repeated, and ends.
 * - Each event ends exactly once: completed, dead-lettered, dropped by policy, or rejected at a stop.
 * - A retried call keeps its slot and its events, so a sink with concurrency 1 keeps its order.
 * - A call that returns no promise is done when it returns: no promise is made for it.
 */

import type { Taken } from '../buffer/edge.ts';
import { ConnectorError, OperatorError, RefusedEventsError } from '../errors/errors.ts';
import type { Slice } from '../event/batch.ts';
import type { WriteOptions } from '../event/sink.ts';
import type { Timer } from '../time/clock.ts';
import type { Pause, StageObservation } from '../control/observation.ts';
import { Dispatcher } from './dispatcher.ts';
import { InOrder } from './in-order.ts';
import { Inlet, type OverflowPolicy } from './inlet.ts';
import { backoffMs, isRetryable } from './retry.ts';
import { Roster, type Member } from './roster.ts';
import { StageMeter, type OpenCall } from './stage-meter.ts';
import {
  deadLetterEvent,
  stageAccount,
  type FailurePolicy,
  type Stage,
  type StageAccount,
  type StageEnvironment,
} from './stage.ts';

/** Does the work of a call; a promise where that takes time. */
export type StageCall = (events: readonly unknown[], options: WriteOptions) => unknown;

export interface WaitingStageOptions {
  readonly name: string;
  readonly kind: 'async' | 'sink';
  readonly call: StageCall;
  /** Results are handed on in the order in which the events came. */
  readonly ordered: boolean;
  readonly whenSlow: OverflowPolicy;
  readonly whenFailing: FailurePolicy;
  /** Takes over the origins of `taken` with the call's result. `at` is monotonic ms as the call ended. */
  readonly completed: (result: unknown, taken: Taken, at: number) => undefined | Promise<void>;
  /** All input has been handled. */
  readonly drained: () => void;
}

/** One call: the same object through all its attempts. */
interface Attempt extends Member {
  readonly taken: Taken;
  readonly sequence: number;
  retries: number;
  /** Monotonic ms at which it may be tried again; used while it waits for that. */
  dueAt: number;
}

interface Completion {
  readonly result: unknown;
  readonly taken: Taken;
}

/** A target that stays away is named again after this time. */
const WARN_EVERY_MS = 10_000;

export class WaitingStage implements Stage {
  readonly name: string;
  readonly #options: WaitingStageOptions;
  readonly #environment: StageEnvironment;
  readonly #inlet: Inlet;
  readonly #meter: StageMeter;
  readonly #writeOptions: WriteOptions;
  readonly #running = new Roster<Attempt>();
  readonly #order = new InOrder<Completion>();
  readonly #dispatcher: Dispatcher;
  /** Calls that wait to be tried again, each with its slot. */
  #retries: Attempt[] = [];
  #openInputs: number;
  #sequence = 0;
  #retried = 0;
  #isPumping = false;
  #isOver = false;
  #wake: { readonly timer: Timer; readonly at: number } | undefined;
  #blocked: Promise<void> | undefined;
  /** When it was last said that calls fail and are repeated; -Infinity while they work. */
  #warnedAt = Number.NEGATIVE_INFINITY;

  /** @param inputs - how many writers will call `close` */
  constructor(options: WaitingStageOptions, environment: StageEnvironment, inputs: number) {
    this.name = options.name;
    this.#options = options;
    this.#environment = environment;
    this.#openInputs = inputs;
    this.#inlet = new Inlet(environment.scheduler, environment.settings, options.whenSlow);
    this.#meter = new StageMeter(environment.scheduler);
    this.#dispatcher = new Dispatcher(environment.scheduler, environment.settings);
    this.#writeOptions = { signal: environment.signal };
  }

  write(slice: Slice): undefined | Promise<void> {
    this.#inlet.offer(slice);
    this.#pump();
    return this.#inlet.whenRoom();
  }

  close(): void {
    this.#openInputs -= 1;
    this.#goOn();
  }

  stop(cause: unknown): void {
    this.#isOver = true;
    this.#wake?.timer.cancel();
    this.#inlet.stop(cause);
    for (const { taken } of this.#running.clear()) rejectAll(taken, cause);
  }

  observe(pause?: Pause): StageObservation {
    const held = { waitingRetries: this.#retries.length, gate: this.#dispatcher.gate.state, pause };
    return this.#meter.observe(this.name, this.#inlet, this.#environment.settings(), held);
  }

  account(): StageAccount {
    const shown = { name: this.name, kind: this.#options.kind, retried: this.#retried };
    return stageAccount(shown, this.#meter, this.#inlet, this.#environment.settings());
  }

  /** Starts what may start. Never re-entered: the loop sees synchronous completions. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    let waitMs = 0;
    while (waitMs === 0 && !this.#isOver) waitMs = this.#startNext();
    this.#isPumping = false;
    if (waitMs < Infinity && !this.#isOver) this.#wakeIn(waitMs);
  }

  /** Starts one call. @returns 0 when it did; else ms until one may start, Infinity = when something changes */
  #startNext(): number {
    const againMs = this.#retries.length === 0 ? Infinity : this.#tryAgain();
    if (againMs === 0 || this.#inlet.events === 0 || this.#blocked !== undefined) return againMs;
    const inFlight = this.#running.size - this.#retries.length;
    const waitMs = this.#dispatcher.waitMs(this.#inlet, this.#running.size, inFlight, this.#openInputs > 0);
    if (waitMs > 0) return Math.min(waitMs, againMs);
    this.#begin(this.#environment.settings().batchLimit);
    return 0;
  }

  #begin(limit: number): void {
    const taken = this.#inlet.take(limit);
    if (taken === undefined) return;
    const attempt: Attempt = { taken, sequence: this.#sequence++, retries: 0, dueAt: 0, place: -1 };
    this.#running.add(attempt);
    this.#start(attempt, limit);
  }

  /** While the gate is closed the first in line is its probe, whenever it would have been due. */
  #tryAgain(): number {
    const first = this.#retries.reduce((one, other) => (other.dueAt < one.dueAt ? other : one));
    const { gate } = this.#dispatcher;
    const dueMs = gate.state === 'closed' ? 0 : Math.max(0, first.dueAt - this.#environment.scheduler.now());
    const waitMs = Math.max(dueMs, this.#dispatcher.againWaitMs(this.#running.size - this.#retries.length));
    if (waitMs > 0) return waitMs;
    this.#retries = this.#retries.filter((each) => each !== first);
    this.#start(first, first.taken.events.length);
    return 0;
  }

  #wakeIn(waitMs: number): void {
    const at = this.#environment.scheduler.now() + waitMs;
    if (this.#wake !== undefined && this.#wake.at <= at) return;
    this.#wake?.timer.cancel();
    const timer = this.#environment.scheduler.after(waitMs, () => {
      this.#wake = undefined;
      this.#pump();
    });
    this.#wake = { timer, at };
  }

  #start(attempt: Attempt, limit: number): void {
    const call = this.#meter.begin(attempt.taken.events.length, limit);
    this.#dispatcher.started(call.startedAt);
    let result: unknown;
    try {
      result = this.#options.call(attempt.taken.events, this.#writeOptions);
    } catch (cause) {
      this.#failed(attempt, call, cause);
      return;
    }
    if (!isPromise(result)) {
      this.#done(attempt, call, result);
      return;
    }
    result.then(
      (value) => this.#done(attempt, call, value),
      (cause: unknown) => this.#failed(attempt, call, cause),
    );
  }

  #done(attempt: Attempt, call: OpenCall, result: unknown): void {
    this.#meter.end(call, 'ok');
    if (call.startedAt > this.#warnedAt && this.#warnedAt >= 0) this.#worksAgain();
    if (!this.#running.delete(attempt)) return; // stopped meanwhile: already rejected
    this.#accepted();
    this.#meter.confirmed(attempt.taken);
    this.#hand(attempt, { result, taken: attempt.taken });
  }

  #failed(attempt: Attempt, call: OpenCall, cause: unknown): void {
    if (cause instanceof RefusedEventsError && this.#options.kind === 'sink') {
      this.#partlyDone(attempt, call, cause);
      return;
    }
    const isPushedBack = cause instanceof ConnectorError && cause.backPressure;
    const outcome = isPushedBack ? 'rejected' : 'failed';
    this.#meter.end(call, outcome);
    this.#meter[outcome] += call.batch;
    if (!this.#running.has(attempt)) return; // stopped meanwhile: already rejected
    if (isRetryable(cause)) {
      this.#retryLater(attempt, cause);
      return;
    }
    this.#running.delete(attempt);
    this.#accepted(); // the target is there: it answered
    this.#giveUp(attempt, cause);
  }

  /** The target did its work: the call says as much about it as one without refused events. */
  #partlyDone(attempt: Attempt, call: OpenCall, cause: RefusedEventsError): void {
    this.#meter.end(call, 'ok');
    if (call.startedAt > this.#warnedAt && this.#warnedAt >= 0) this.#worksAgain();
    if (!this.#running.delete(attempt)) return; // stopped meanwhile: already rejected
    this.#accepted();
    this.#meter.failed += cause.refused.size;
    this.#meter.confirmed(attempt.taken, cause.refused.size);
    this.#giveUp(attempt, cause, cause.refused);
  }

  #accepted(): void {
    const hasReturned = this.#dispatcher.gate.accepted(this.#environment.settings().concurrency);
    if (hasReturned) for (const waiting of this.#retries) waiting.dueAt = 0;
  }

  #retryLater(attempt: Attempt, cause: ConnectorError): void {
    if (!cause.backPressure) this.#warn(cause);
    const now = this.#environment.scheduler.now();
    attempt.retries += 1;
    attempt.dueAt = now + backoffMs(attempt.retries, cause, this.#environment.random);
    this.#retried += attempt.taken.events.length;
    this.#retries.push(attempt);
    this.#dispatcher.gate.refused(this.#running.size - this.#retries.length, now, cause.retryAfterMs);
    this.#pump();
  }

  /** A flow that waits for the outside world says for what. */
  #warn(cause: ConnectorError): void {
    const now = this.#environment.scheduler.now();
    if (now - this.#warnedAt < WARN_EVERY_MS) return;
    this.#warnedAt = now;
    this.#environment.notice('warn', `${cause.message} Trying again until it works.`);
  }

  #worksAgain(): void {
    this.#warnedAt = Number.NEGATIVE_INFINITY;
    this.#environment.notice('info', `${this.name}: works again`);
  }

  /** @param refused - why, by index, where the call wrote all other events */
  #giveUp(attempt: Attempt, cause: unknown, refused?: ReadonlyMap<number, Error>): void {
    const isOutside = cause instanceof ConnectorError;
    const isBroken = isOutside && refused === undefined;
    const policy = isBroken && this.#options.whenFailing === 'deadLetter' ? 'stop' : this.#options.whenFailing;
    if (policy === 'stop') {
      rejectAll(attempt.taken, cause);
      this.#environment.fatal(
        isOutside ? cause : new OperatorError({ flow: this.#environment.flow, operator: this.name }, cause),
      );
      return;
    }
    if (policy === 'deadLetter') deadLetterAll(attempt.taken, this.name, cause, refused, this.#environment);
    for (const { origin } of attempt.taken.parts) origin.release();
    this.#hand(attempt, undefined);
  }

  /** Passes on what is due, stops taking while what follows is full, and goes on. */
  #hand(attempt: Attempt, completion: Completion | undefined): void {
    if (!this.#options.ordered) {
      if (completion !== undefined) this.#pass(completion);
    } else {
      for (const due of this.#order.complete(attempt.sequence, completion)) this.#pass(due);
    }
    this.#goOn();
  }

  #pass({ result, taken }: Completion): void {
    const blocked = this.#options.completed(result, taken, this.#meter.readAt);
    if (blocked === undefined || blocked === this.#blocked) return;
    this.#blocked = blocked;
    void blocked.then(() => {
      if (this.#blocked === blocked) this.#blocked = undefined;
      this.#goOn();
    });
  }

  #goOn(): void {
    this.#pump();
    if (this.#isPumping || this.#isOver || this.#openInputs > 0 || this.#running.size > 0 || this.#inlet.events > 0)
      return;
    this.#isOver = true;
    this.#options.drained();
  }
}

function deadLetterAll(
  { events, parts }: Taken,
  stage: string,
  cause: unknown,
  refused: ReadonlyMap<number, Error> | undefined,
  environment: StageEnvironment,
): void {
  let next = 0;
  for (const { origin, events: count } of parts) {
    for (const end = next + count; next < end; next += 1) {
      const isWritten = refused !== undefined && !refused.has(next);
      if (!isWritten) deadLetterEvent(events[next], origin, stage, refused?.get(next) ?? cause, environment);
    }
  }
}

function rejectAll(taken: Taken, cause: unknown): void {
  for (const { origin } of taken.parts) origin.reject(cause);
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | undefined)?.then === 'function';
}
