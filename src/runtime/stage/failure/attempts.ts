/**
 * The calls of a stage, from their start to the end of each of their events: done, repeated, tried in parts, given up.
 * What may go beside those that wait to be tried again is in witnesses.ts, what becomes of their events in endings.ts.
 *
 * Invariants (waiting-stage.test.ts, failures.test.ts, deadlines.test.ts, one-call.test.ts)
 * - An attempt keeps its slot and its events until each of them has its end; it then ends exactly once.
 * - Each call has an identity of its own: what one says after it was given up, or after the run has stopped, neither
 *   ends its events nor the call that took its place.
 * - Parts of a call start like retries, from the stage's own loop: a thousand that answer at once would else be as many
 *   calls deep.
 */

import type { Taken } from '../../../buffer/edge.ts';
import { RefusedEventsError, TimeoutError } from '../../../errors/errors.ts';
import type { WriteOptions } from '../../../event/sink.ts';
import type { StageSnapshot } from '../../../metrics/snapshot.ts';
import { backoffMs, isBackPressure, isRetryable, retryAfterMsOf } from '../../../resilience/backoff.ts';
import type { Isolation } from '../../../resilience/isolation.ts';
import { Attempt } from './attempt.ts';
import { CallOptions } from '../call-options.ts';
import type { Dispatcher } from '../dispatcher.ts';
import { isPromise } from '../is-promise.ts';
import { Endings, type EndingsListener, type EndingsOptions } from './endings.ts';
import { protectionOf, UNPROTECTED, type Judgement, type Protection, type ProtectionOptions } from './protection.ts';
import { Roster } from './roster.ts';
import type { CallOutcome, OpenCall, StageMeter } from '../stage-meter.ts';
import type { StageEnvironment } from '../stage.ts';
import { TroubleNotices } from './trouble-notices.ts';
import { WaitingRetries } from './waiting-retries.ts';
import { Witnesses } from './witnesses.ts';

/** Does the work of a call; a promise where that takes time. */
export type StageCall = (events: readonly unknown[], options: WriteOptions) => unknown;

export interface AttemptsOptions extends EndingsOptions {
  readonly kind: 'async' | 'sink';
  readonly call: StageCall;
  /** Left out: calls have no deadline, what they throw is not looked into, and failed ones are given up as a whole. */
  readonly protection?: ProtectionOptions;
}

export interface AttemptsListener extends EndingsListener {
  /** A call may start that could not before. */
  mayGoOn(): void;
  /** No event waits for a call. */
  nothingWaits(): boolean;
}

export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #environment: StageEnvironment;
  // What each call asks for: of options and environments V8 has seen too many shapes to read them quickly.
  readonly #call: StageCall;
  readonly #settings: StageEnvironment['settings'];
  readonly #meter: StageMeter;
  readonly #dispatcher: Dispatcher;
  readonly #listener: AttemptsListener;
  readonly #notices: TroubleNotices;
  readonly #protection: Protection | undefined;
  readonly #running = new Roster<Attempt>();
  readonly #retries = new WaitingRetries<Attempt>();
  readonly #witnesses: Witnesses;
  readonly #endings: Endings;
  #sequence = 0;
  #retried = 0;

  constructor(
    options: AttemptsOptions,
    environment: StageEnvironment,
    meter: StageMeter,
    dispatcher: Dispatcher,
    listener: AttemptsListener,
  ) {
    this.#options = options;
    this.#environment = environment;
    this.#call = options.call;
    this.#settings = environment.settings;
    this.#meter = meter;
    this.#dispatcher = dispatcher;
    this.#listener = listener;
    this.#notices = new TroubleNotices(options.name, environment.scheduler, environment.notice);
    this.#protection = protectionOf(options, environment, this.#notices, () => this.#sweep());
    this.#witnesses = new Witnesses(options.kind, this.#settings, this.#running, this.#retries, this.#protection);
    this.#endings = new Endings({ options, environment, meter, running: this.#running, listener });
  }

  /** Slots taken: calls in flight and calls that wait to be tried again. */
  get held(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#retries.size;
  }

  get inFlight(): number {
    return this.#running.size - this.#retries.size;
  }

  /** Events of calls that have not ended, with the calls' numbers. */
  get underWay(): readonly (readonly [number, Taken])[] {
    return this.#running.members.map(({ sequence, taken }) => [sequence, taken]);
  }

  account(): Pick<StageSnapshot, 'retried' | 'timedOut' | 'timeoutMs' | 'breaker'> {
    return { retried: this.#retried, ...(this.#protection?.account() ?? UNPROTECTED) };
  }

  begin(taken: Taken, limit: number): void {
    const attempt = new Attempt(taken, this.#sequence++);
    this.#running.add(attempt);
    this.#start(attempt, limit);
  }

  /** Ms until the breaker lets a call start; 0 while it is closed. */
  cutMs(): number {
    return this.#protection?.cutMs() ?? 0;
  }

  wantsWitness(): boolean {
    return this.#witnesses.isWanted();
  }

  /**
   * Starts the call that has waited longest; while the target is away the first in line is its probe, whenever due.
   * @returns 0 when it did; else ms until one may start, Infinity = none waits
   */
  tryAgain(): number {
    const first = this.#witnesses.next();
    if (first === undefined || this.inFlight >= this.#witnesses.mostAtOnce) return Infinity;
    const isProbe = this.#dispatcher.gate.state === 'closed' || this.#protection?.breaker.isClosed === false;
    const dueMs = isProbe ? 0 : Math.max(0, first.dueAt - this.#environment.scheduler.now());
    const waitMs = Math.max(dueMs, this.#dispatcher.againWaitMs(this.inFlight));
    if (waitMs > 0) return waitMs;
    this.#retries.remove(first);
    this.#start(first, first.events.length);
    return 0;
  }

  rejectAll(cause: unknown): void {
    for (const { taken, options } of this.#running.clear()) {
      for (const { origin } of taken.parts) origin.reject(cause);
      options.abort(cause);
    }
  }

  /** No call is awaited any more. */
  end(): void {
    this.#protection?.stop();
  }

  /** @param limit - the batch limit that cut it */
  #start(attempt: Attempt, limit: number): void {
    const { events, options } = attempt;
    this.#witnesses.callBegins(this.inFlight);
    const call = this.#meter.begin(events.length, limit);
    attempt.call = call;
    this.#dispatcher.started(call.startedAt);
    this.#protection?.started(attempt);
    let result: unknown;
    try {
      const run = this.#call; // not as a method: what is called gets nothing of ours as its `this`
      result = run(events, options);
    } catch (cause) {
      this.#failed(attempt, call, cause, true);
      return;
    }
    if (!isPromise(result)) {
      this.#done(attempt, call, result);
      return;
    }
    this.#protection?.watch(attempt);
    result.then(
      (value) => this.#done(attempt, call, value),
      (cause: unknown) => this.#failed(attempt, call, cause),
    );
  }

  #done(attempt: Attempt, call: OpenCall, result: unknown): void {
    if (!this.#ends(attempt, call, 'ok')) return;
    this.#succeeded(attempt, call);
    if (attempt.isolation === undefined) {
      this.#endings.confirmed(attempt, result);
    } else {
      attempt.isolation.passed(result);
      this.#goOnWith(attempt, attempt.isolation);
    }
  }

  #failed(attempt: Attempt, call: OpenCall, cause: unknown, isSync = false): void {
    if (cause instanceof RefusedEventsError && this.#options.kind === 'sink') {
      this.#partlyDone(attempt, call, cause);
      return;
    }
    const outcome = isBackPressure(cause) ? 'rejected' : 'failed';
    if (!this.#ends(attempt, call, outcome)) return;
    switch (this.#judge(attempt, cause)) {
      case 'again':
        this.#meter[outcome] += call.batch;
        this.#retryLater(attempt, cause);
        return;
      case 'isolate':
        this.#accepted(this.#protection?.answered());
        this.#isolate(attempt, cause, isSync);
        return;
      case 'end':
        this.#accepted(this.#protection?.answered());
        this.#meter.failed += call.batch;
        this.#endings.givenUp(attempt, cause);
    }
  }

  /** The target did its work: the call says as much about it as one without refused events. */
  #partlyDone(attempt: Attempt, call: OpenCall, cause: RefusedEventsError): void {
    if (!this.#ends(attempt, call, 'ok')) return;
    this.#succeeded(attempt, call);
    if (this.#options.whenFailing === 'stop') {
      this.#endings.givenUp(attempt, cause);
      return;
    }
    const isolation = attempt.isolate();
    isolation.passed(undefined, cause.refused);
    this.#goOnWith(attempt, isolation);
  }

  /** Books a call that has ended. @returns false where that changes nothing: it was given up, or the run has stopped */
  #ends(attempt: Attempt, call: OpenCall, outcome: CallOutcome): boolean {
    if (attempt.call !== call) {
      const durationMs = this.#environment.scheduler.now() - call.startedAt;
      if (this.#protection?.endedLate(durationMs) === true) this.#listener.mayGoOn();
      return false;
    }
    attempt.call = undefined;
    this.#meter.end(call, outcome);
    if (outcome === 'ok') this.#protection?.ended(this.#meter.readAt - call.startedAt);
    return this.#running.has(attempt);
  }

  /** Gives up the calls that take too long. @returns whether calls are in flight */
  #sweep(protection = this.#protection): boolean {
    if (protection === undefined) return false;
    const calling = this.#running.members.filter(({ call }) => call !== undefined);
    for (const attempt of calling.filter((each) => protection.isOverdue(each))) {
      const { call, options } = attempt;
      if (call === undefined) continue;
      const cause = protection.deadline(this.#options.name, attempt, this.inFlight);
      attempt.options = new CallOptions();
      this.#failed(attempt, call, cause);
      options.abort(cause);
    }
    return this.inFlight > 0;
  }

  #judge(attempt: Attempt, cause: unknown): Judgement {
    const protection = this.#protection;
    if (protection === undefined) return isRetryable(cause) ? 'again' : 'end';
    const wasOutdone = (each: Attempt): boolean => each.isolation !== undefined || protection.wasOutdone(each);
    const isClosed = this.#listener.nothingWaits() && this.#running.members.every(wasOutdone);
    const stops = this.#options.whenFailing === 'stop';
    const company = {
      isSuspect: attempt.isolation !== undefined,
      isDivisible: attempt.events.length > 1 && !stops,
      isClosed,
    };
    const judgement = protection.judge(cause, attempt, this.#meter.readAt, company);
    return judgement === 'isolate' && stops ? 'end' : judgement;
  }

  #succeeded(attempt: Attempt, { startedAt }: OpenCall): void {
    this.#notices.worked(startedAt);
    this.#protection?.worked(attempt);
    this.#witnesses.worked(attempt);
    // More wait to be tried again than there are slots by now: nothing else can start, so what works makes room for them.
    const { mostAtOnce } = this.#witnesses;
    if (this.held > mostAtOnce) this.#retries.dueNow(mostAtOnce - this.inFlight);
    this.#accepted(this.#protection?.succeeded(this.#meter.readAt));
  }

  /** The target is there. @param isBack - the breaker has closed */
  #accepted(isBack = false): void {
    const hasReturned = this.#dispatcher.gate.accepted(this.#settings().concurrency);
    if (hasReturned || isBack) this.#retries.allDueNow();
  }

  #retryLater(attempt: Attempt, cause: unknown): void {
    const endsOrder = this.#witnesses.failed(attempt, cause instanceof TimeoutError);
    const isRefused = isBackPressure(cause);
    if (!isRefused) this.#notices.repeats(cause, endsOrder);
    const now = this.#environment.scheduler.now();
    this.#wait(attempt, cause, now);
    this.#retried += attempt.events.length;
    const { gate } = this.#dispatcher;
    if (isRefused) gate.refused(this.inFlight, now, retryAfterMsOf(cause));
    else gate.failed(this.inFlight, now, retryAfterMsOf(cause));
    this.#listener.mayGoOn();
  }

  #wait(attempt: Attempt, cause: unknown, now: number): void {
    attempt.retries += 1;
    attempt.dueAt = now + backoffMs(attempt.retries, cause, this.#environment.random);
    this.#retries.add(attempt);
  }

  #isolate(attempt: Attempt, cause: unknown, isSync: boolean): void {
    const isolation = attempt.isolate();
    const then = isolation.failed(cause, this.#protection?.triesFor(cause, isSync) ?? 1);
    if (then === 'onward') {
      this.#goOnWith(attempt, isolation);
      return;
    }
    this.#wait(attempt, cause, this.#environment.scheduler.now());
    this.#retried += 1;
    this.#listener.mayGoOn();
  }

  /** The next part of a call that is tried in parts, or its end. */
  #goOnWith(attempt: Attempt, isolation: Isolation): void {
    if (isolation.next === undefined) {
      this.#endings.inParts(attempt, isolation);
      return;
    }
    attempt.nextPart();
    this.#retries.add(attempt);
    this.#listener.mayGoOn();
  }
}
