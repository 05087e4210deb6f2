import type { GateState } from '../../control/observation.ts';
import type { StageSettings } from '../../control/settings.ts';
import { backoffMs, isBackPressure, retryAfterMsOf } from '../../resilience/backoff.ts';
import type { Scheduler } from '../../time/clock.ts';
import { Dispatcher, type Queued } from './dispatcher.ts';
import type { Protection } from './failure/protection.ts';
import { WaitingRetries } from './failure/waiting-retries.ts';
import type { Place } from './place.ts';

/** Ordered results that may wait behind one slow call, per slot: more would only hide how slow it is. */
const WAITING_PER_CALL = 8;

/**
 * Which call of a stage that makes one per event may start next, and when: a new one, or one that is tried again.
 *
 * Invariants (slots.test.ts, failure/deadlines.test.ts)
 * - Calls start as the dispatcher lets them; with those that wait to be tried again, a few more at most (Protection.wantsWitness).
 * - A concurrency that was lowered holds for calls that are tried again too. Nothing new can start until fewer of them are left, so
 *   each call that works makes room for the next at once.
 * - A failure says nothing of its event until a later call has worked. Where no slot is free for that, one witness is let
 *   through: past an event that waits to be tried again, past results that wait behind it, and as the probe of a breaker.
 */
export class Slots {
  readonly #settings: () => StageSettings;
  readonly #scheduler: Scheduler;
  readonly #random: () => number;
  readonly #protection: Protection | undefined;
  readonly #dispatcher: Dispatcher;
  readonly #retries = new WaitingRetries<Place>();
  #taken = 0;
  /** Calls must be some time apart. */
  #isPaced = false;
  /** Something failed that is not over yet: `worked` is to be told of each call that works. */
  isStrained = false;

  constructor(
    settings: () => StageSettings,
    scheduler: Scheduler,
    random: () => number,
    protection: Protection | undefined,
  ) {
    this.#settings = settings;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#protection = protection;
    this.#dispatcher = new Dispatcher(scheduler, settings);
  }

  get gate(): GateState {
    return this.#dispatcher.gate.state;
  }

  /** By calls in flight and those that wait to be tried again. */
  get taken(): number {
    return this.#taken;
  }

  /** Calls that wait to be tried again. */
  get waiting(): number {
    return this.#retries.size;
  }

  get inFlight(): number {
    return this.#taken - this.#retries.size;
  }

  /** A new call begins. */
  take(): void {
    this.#taken += 1;
    if (this.#isPaced) this.#dispatcher.started(this.#scheduler.now());
  }

  release(): void {
    this.#taken -= 1;
  }

  /** New calls that may start now. @param results - that wait behind an earlier one. @param queued - what waits for a call */
  free(results: number, queued: Queued): number {
    const { concurrency, minGapMs } = this.#settings();
    this.#isPaced = minGapMs > 0;
    if (this.#protection?.isFull === true) return 0;
    if (this.#protection?.breaker.isClosed === false) {
      if (this.#protection.cutMs() > 0) return 0;
      return this.waiting === 0 || this.#wantsWitness() ? 1 : 0; // a probe
    }
    const free = results < WAITING_PER_CALL * concurrency ? concurrency - this.#taken : 0;
    if (free > 0 && !this.#isPaced && this.#dispatcher.gate.isOpen) return free;
    return this.#newMs(results, queued) > 0 ? 0 : 1;
  }

  /** Ms until a call may start, new or tried again; Infinity = when something changes. */
  waitMs(results: number, queued: Queued): number {
    const againMs = this.againMs();
    if (queued.events === 0 || this.#protection?.isFull === true || this.#protection?.breaker.isClosed === false)
      return againMs;
    return Math.min(againMs, this.#newMs(results, queued));
  }

  #newMs(results: number, queued: Queued): number {
    if (this.#wantsWitness()) return this.#dispatcher.againWaitMs(this.inFlight);
    if (results >= WAITING_PER_CALL * this.#settings().concurrency) return Infinity;
    return this.#dispatcher.waitMs(queued, this.#taken, this.inFlight, false);
  }

  #wantsWitness(): boolean {
    const { concurrency } = this.#settings();
    return this.#protection?.wantsWitness(this.#retries, this.#taken, concurrency) === true;
  }

  tryLater(place: Place, cause: unknown): void {
    const now = this.#scheduler.now();
    place.dueAt = now + backoffMs(place.tries, cause, this.#random);
    this.#retries.add(place);
    this.isStrained = true;
    if (isBackPressure(cause)) this.#dispatcher.gate.refused(this.inFlight, now, retryAfterMsOf(cause));
  }

  /** A call works while others do not: its slot is about to be free. */
  worked(): void {
    const { concurrency } = this.#settings();
    if (this.#dispatcher.gate.accepted(concurrency)) this.allDueNow();
    else if (this.#taken > concurrency) this.#retries.dueNow(concurrency - this.inFlight + 1);
    this.isStrained = this.#retries.size > 0 || !this.#dispatcher.gate.isOpen;
  }

  /** What is to be tried again now, if anything is. @param others - new events that could be the breaker's probe */
  takeDue(others: number): Place | undefined {
    const { first } = this.#retries;
    if (first === undefined || this.againMs() > 0) return undefined;
    if (others > 0 && this.#protection?.breaker.isClosed === false && this.#wantsWitness()) return undefined;
    this.#retries.remove(first);
    this.#dispatcher.started(this.#scheduler.now());
    return first;
  }

  /** Ms until what waits may be tried again; while the target is away its first is the probe, whenever due. */
  againMs(): number {
    if (this.#protection?.isFull === true) return Infinity;
    if (this.#protection?.breaker.isClosed === false) return this.#protection.cutMs();
    const { first } = this.#retries;
    if (first === undefined || this.inFlight >= this.#settings().concurrency) return Infinity;
    const dueMs = this.gate === 'closed' ? 0 : Math.max(0, first.dueAt - this.#scheduler.now());
    return Math.max(dueMs, this.#dispatcher.againWaitMs(this.inFlight));
  }

  /** The target is back. */
  allDueNow(): void {
    this.#retries.allDueNow();
  }
}
