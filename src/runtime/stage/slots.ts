import type { StageSettings } from '../../control/settings.ts';
import { backoffMs } from '../../resilience/backoff.ts';
import type { Scheduler } from '../../time/clock.ts';
import type { Protection } from './failure/protection.ts';
import { WaitingRetries } from './failure/waiting-retries.ts';
import type { Place } from './place.ts';

/** Ordered results that may wait behind one slow call, per slot: more would only hide how slow it is. */
const WAITING_PER_CALL = 8;

/**
 * Which call of a stage that makes one per event may start next, and when: a new one, or one that is tried again.
 *
 * Invariants (failure/deadlines.test.ts)
 * - Calls in flight <= concurrency; with those that wait to be tried again, a few more at most (Protection.wantsWitness).
 * - A failure says nothing of its event until a later call has worked. Where no slot is free for that, one witness is let
 *   through: past an event that waits to be tried again, past results that wait behind it, and as the probe of a breaker.
 */
export class Slots {
  readonly #settings: () => StageSettings;
  readonly #scheduler: Scheduler;
  readonly #random: () => number;
  readonly #protection: Protection | undefined;
  readonly #retries = new WaitingRetries<Place>();
  #taken = 0;

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

  take(): void {
    this.#taken += 1;
  }

  release(): void {
    this.#taken -= 1;
  }

  /** New calls that may start now. @param results - that wait behind an earlier one */
  free(results: number): number {
    const { concurrency } = this.#settings();
    if (this.#protection?.isFull === true) return 0;
    if (this.#protection?.breaker.isClosed === false) {
      if (this.#protection.cutMs() > 0) return 0;
      return this.waiting === 0 || this.#wantsWitness() ? 1 : 0; // a probe
    }
    const free = results < WAITING_PER_CALL * concurrency ? concurrency - this.#taken : 0;
    return free > 0 || !this.#wantsWitness() ? free : 1;
  }

  #wantsWitness(): boolean {
    const { concurrency } = this.#settings();
    return this.#protection?.wantsWitness(this.#retries, this.#taken, concurrency) === true;
  }

  tryLater(place: Place, cause: unknown): void {
    place.dueAt = this.#scheduler.now() + backoffMs(place.tries, cause, this.#random);
    this.#retries.add(place);
  }

  /** What is to be tried again now, if anything is. @param others - new events that could be the breaker's probe */
  takeDue(others: number): Place | undefined {
    const { first } = this.#retries;
    if (first === undefined || this.againMs() > 0) return undefined;
    if (others > 0 && this.#protection?.breaker.isClosed === false && this.#wantsWitness()) return undefined;
    this.#retries.remove(first);
    return first;
  }

  /** Ms until what waits may be tried again; while the target is away its first is the probe, whenever due. */
  againMs(): number {
    if (this.#protection?.isFull === true) return Infinity;
    if (this.#protection?.breaker.isClosed === false) return this.#protection.cutMs();
    const { first } = this.#retries;
    if (first === undefined || this.inFlight >= this.#settings().concurrency) return Infinity;
    return Math.max(0, first.dueAt - this.#scheduler.now());
  }

  /** The target is back. */
  allDueNow(): void {
    this.#retries.allDueNow();
  }
}
