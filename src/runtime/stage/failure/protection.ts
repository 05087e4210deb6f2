/**
 * How a stage stands failures of what it calls: how long a call may take, whether it is repeated, and when no call goes
 * at all. On by default; what it acts on is measured.
 *
 * Invariants (deadlines.test.ts, failures.test.ts, call-book.test.ts)
 * - A call is given up between its limit and one sweep later; limits count the sweeps' own time, so a process that stood
 *   still (SIGSTOP, a long collection) gives up no call for it.
 * - A failure is held against its events only once a call that began later has worked: an outage that ends, or one that
 *   began while others were on their way, proves nothing. While the target works for none, it is the target's fault, and
 *   nothing is dead-lettered for it.
 * - Failures by data, and back-pressure, never open the breaker: only failures and deadlines do.
 */

import { TimeoutError } from '../../../errors/errors.ts';
import { isBackPressure } from '../../../resilience/backoff.ts';
import { Breaker, DEFAULT_BREAKER, type BreakerState } from '../../../resilience/breaker.ts';
import { CallTimeout } from '../../../resilience/call-timeout.ts';
import { failureKind, mayBeAccident } from '../../../resilience/failure-kind.ts';
import type { Scheduler, Timer } from '../../../time/clock.ts';
import type { StageSnapshot } from '../../../metrics/snapshot.ts';
import type { StageEnvironment } from '../stage.ts';
import { Abandoned } from './abandoned.ts';
import type { TroubleNotices } from './trouble-notices.ts';
import type { Due, WaitingRetries } from './waiting-retries.ts';

export interface ProtectionOptions {
  /** Most that a call may take, ms; Infinity = as long as it likes. */
  readonly timeoutMs: number;
  /** How often an event is tried that the function threw on, >= 1. */
  readonly tries: number;
  readonly hasBreaker: boolean;
}

/** Tries of an event whose function rejects with an error that may be an accident. */
export const DEFAULT_TRIES = 3;

/** What a stage keeps of a call so that it can be given up, and its failures be judged. */
export interface Watched {
  /** Ms of sweeps that it has lived through. */
  ageMs: number;
  timeouts: number;
  /** Failures in a row that may pass. */
  troubles: number;
  /** Of its newest call, counted over the stage; of an older one while no call since has worked. */
  number: number;
  /** Its calls that failed, and after whose start another began that worked. */
  outdone: number;
}

/** `again`: later, as it is. `isolate`: find the events at fault. `end`: nothing helps. */
export type Judgement = 'again' | 'isolate' | 'end';

/** Passing failures of one call, each outdone by others, until its events are to blame: some 20 s with backoff. */
const MOST_TROUBLES = 12;
/**
 * The same where each costs a whole deadline, or where its events are suspected already. What can be tried in parts is after
 * one deadline that was outdone: that blames nothing yet.
 */
export const MOST_DEADLINES = 3;
/** Calls beyond the slots that may wait to be tried again, so that another can show whether the target works. */
const MOST_WITNESSES = 4;
const SWEEPS_PER_LIMIT = 4;
const MAX_SWEEP_MS = 500;
const MIN_SWEEP_MS = 5;

/** What a stage without protection shows. */
export const UNPROTECTED: ReturnType<Protection['account']> = { timedOut: 0, timeoutMs: null, breaker: 'closed' };

/** What is known of a failed call's surroundings. */
export interface Company {
  /** Its events have failed in other company. */
  readonly isSuspect: boolean;
  /** It can be tried in parts. */
  readonly isDivisible: boolean;
  /** No event is left that could show whether the target works, and what is left was outdone once. */
  readonly isClosed: boolean;
}

/** The protection of a stage, where it has one. @param sweep - see Protection */
export function protectionOf(
  { name, protection }: { readonly name: string; readonly protection?: ProtectionOptions },
  { scheduler, breakerChanged }: StageEnvironment,
  notices: TroubleNotices,
  sweep: () => boolean,
): Protection | undefined {
  if (protection === undefined) return undefined;
  const changed = (state: BreakerState): void => {
    notices.breaker(state);
    breakerChanged?.({ stage: name, state, at: scheduler.wall() });
  };
  return new Protection(protection, scheduler, sweep, changed, (calls) => notices.standsStill(calls));
}

export class Protection {
  readonly breaker: Breaker;
  readonly #options: ProtectionOptions;
  readonly #hasDeadline: boolean;
  readonly #scheduler: Scheduler;
  readonly #timeout: CallTimeout;
  readonly #sweep: () => boolean;
  readonly #abandoned = new Abandoned();
  readonly #full: (abandoned: number) => void;
  #timer: Timer | undefined;
  #sweepMs = MAX_SWEEP_MS;
  #begun = 0;
  /** The highest number of a call that has worked. */
  #newest = 0;
  #timedOut = 0;

  /**
   * @param sweep - looks at every call in flight by `isOverdue`; answers whether there is any
   * @param changed - told of each change of the breaker
   * @param full - so many calls were given up and have not ended that no more begin
   */
  constructor(
    options: ProtectionOptions,
    scheduler: Scheduler,
    sweep: () => boolean,
    changed: (state: BreakerState) => void,
    full: (abandoned: number) => void,
  ) {
    this.#full = full;
    this.#options = options;
    this.#hasDeadline = options.timeoutMs < Infinity;
    this.#scheduler = scheduler;
    this.#sweep = sweep;
    this.#timeout = new CallTimeout(options.timeoutMs);
    this.breaker = new Breaker(DEFAULT_BREAKER, changed);
  }

  /** Ms until a call may start, as far as the breaker and calls that were given up go; Infinity = until one of them has ended. */
  cutMs(): number {
    if (this.isFull) return Infinity;
    return this.breaker.isClosed ? 0 : this.breaker.waitMs(this.#scheduler.now());
  }

  /** No call may start: too many were given up that have not ended. */
  get isFull(): boolean {
    return this.#abandoned.isFull;
  }

  /** What a stage shows of it. */
  account(): Pick<StageSnapshot, 'timedOut' | 'timeoutMs' | 'breaker'> {
    const timeoutMs = this.#hasDeadline ? this.#timeout.limitMs : null;
    return { timedOut: this.#timedOut, timeoutMs, breaker: this.breaker.state };
  }

  /** A call starts. */
  started(watched: Watched): void {
    this.breaker.started();
    this.#begun += 1;
    if (watched.troubles > 0) {
      if (this.isUnproven(watched)) return;
      if (watched.outdone === 0) watched.troubles = 1; // those before may have been an outage's
      watched.outdone += 1;
    }
    watched.number = this.#begun;
  }

  /** Its call has worked; `succeeded` may follow later, for many. */
  worked({ number }: Watched): void {
    if (number > this.#newest) this.#newest = number;
  }

  /** Its failure says nothing yet: no later call has worked. */
  isUnproven({ number }: Watched): boolean {
    return this.#newest <= number;
  }

  /**
   * A new call is to show whether the target works at all: nothing else would, since those that fail hold the slots.
   * Back-pressure asks for less, not for more.
   * @param held - calls in flight and those that wait. @param most - that may be in flight
   */
  wantsWitness(waiting: WaitingRetries<Watched & Due>, held: number, most: number): boolean {
    if (waiting.size === 0 || held - waiting.size >= most || held >= most + MOST_WITNESSES) return false;
    return waiting.some((each) => each.troubles > 0 && this.isUnproven(each));
  }

  /**
   * It was tried again after another call had shown that the target works. The newest call of an outage never was: where
   * all that is left was, its events are at fault.
   */
  wasOutdone({ outdone }: Watched): boolean {
    return outdone > 0;
  }

  /** It has returned a promise. */
  watch(watched: Watched): void {
    if (!this.#hasDeadline) return;
    this.#arm();
    watched.ageMs = -this.#sweepMs; // the sweep under way may be about to end
  }

  /** For `sweep`, once per call in flight. */
  isOverdue(watched: Watched): boolean {
    watched.ageMs += this.#sweepMs;
    return watched.ageMs >= this.#timeout.limitFor(watched.timeouts);
  }

  /** A call is given up. @param inFlight - with this one. @returns what it fails with */
  deadline(name: string, watched: Watched, inFlight: number): TimeoutError {
    const limitMs = Math.round(this.#timeout.limitFor(watched.timeouts));
    watched.timeouts += 1;
    this.#timedOut += 1;
    if (this.#abandoned.left(inFlight)) this.#full(this.#abandoned.count);
    return new TimeoutError(`a call of ${name}`, limitMs);
  }

  /** A call has ended by itself, in time. */
  ended(durationMs: number): void {
    this.#timeout.record(durationMs);
  }

  /** A call that was given up has ended. @param durationMs - where it was timed. @returns true when calls may start again */
  endedLate(durationMs?: number): boolean {
    if (durationMs !== undefined) this.#timeout.record(durationMs);
    return this.#abandoned.ended();
  }

  /** @returns true when the target had been given up: whatever waits may be tried now */
  succeeded(now: number, calls = 1): boolean {
    return this.breaker.succeeded(now, calls);
  }

  /** A call has failed that the target answered. @returns as `succeeded` */
  answered(): boolean {
    return this.breaker.answered();
  }

  /** What to do about a failed call. */
  judge(cause: unknown, watched: Watched, now: number, { isSuspect, isDivisible, isClosed }: Company): Judgement {
    const kind = failureKind(cause);
    if (kind === 'lasting') return 'end';
    if (kind === 'data') return 'isolate';
    if (isBackPressure(cause)) return 'again';
    if (this.#options.hasBreaker) this.breaker.failed(now);
    watched.troubles += 1;
    const isDeadline = cause instanceof TimeoutError;
    const most = isDeadline && isDivisible ? 1 : isSuspect || isDeadline ? MOST_DEADLINES : MOST_TROUBLES;
    const outdone = watched.outdone + (this.isUnproven(watched) ? 0 : 1);
    const isToBlame = isClosed ? watched.troubles >= most : this.breaker.isClosed && outdone >= most;
    return isToBlame ? 'isolate' : 'again';
  }

  /** How often a single event is tried that fails with this. @param isSync - it was thrown, not rejected with */
  triesFor(cause: unknown, isSync: boolean): number {
    return !isSync && failureKind(cause) === 'data' && mayBeAccident(cause) ? this.#options.tries : 1;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Once at a time: what a sweep gives up may have been started again before it ends. */
  #arm(): void {
    if (this.#timer !== undefined) return;
    const { limitMs } = this.#timeout;
    this.#sweepMs = Math.max(MIN_SWEEP_MS, Math.min(MAX_SWEEP_MS, limitMs / SWEEPS_PER_LIMIT));
    this.#timer = this.#scheduler.after(this.#sweepMs, () => {
      this.#timer = undefined;
      if (this.#sweep()) this.#arm();
      this.#timeout.adapt(this.#scheduler.now());
    });
  }
}
