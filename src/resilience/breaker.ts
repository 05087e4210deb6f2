/**
 * A circuit breaker as a state machine: told what came of calls, it says when the next one may start.
 *
 * Invariants (breaker.test.ts)
 * - closed: calls go. It opens when at least `minCalls` calls have ended within `windowMs` and `failureRatio` of them
 *   failed, or when the newest `minCalls` all failed, however long that took.
 * - open: no call for `openMs`, which doubles with each probe that failed, up to `maxOpenMs`.
 * - half-open: one call, the probe. It succeeds: closed, with nothing held against it. It fails: open again. Whoever
 *   starts a probe must say what came of it.
 * - What ends while it is open was started before and says nothing new.
 *
 * Cost: a few ns per call while closed, no allocation. Source: Nygard, "Release It!" (2007), ch. 5.
 */

export type BreakerState = 'closed' | 'open' | 'halfOpen';

export interface BreakerSettings {
  /** Share of failed calls at which it opens, 0..1. */
  readonly failureRatio: number;
  /** Calls that must have ended before it may open, 1..BREAKER_CALLS. */
  readonly minCalls: number;
  /** Calls that ended longer ago do not count, ms. */
  readonly windowMs: number;
  readonly openMs: number;
  readonly maxOpenMs: number;
}

/** Newest calls that are looked at. */
export const BREAKER_CALLS = 64;

export const DEFAULT_BREAKER: BreakerSettings = {
  failureRatio: 0.5,
  minCalls: 10,
  windowMs: 10_000,
  openMs: 500,
  maxOpenMs: 2_000,
};

export class Breaker {
  readonly #settings: BreakerSettings;
  readonly #changed: (state: BreakerState) => void;
  /** When the newest calls ended, monotonic ms, and whether they failed; rings. */
  readonly #ends = new Float64Array(BREAKER_CALLS);
  readonly #failures = new Uint8Array(BREAKER_CALLS);
  #calls = 0;
  #failedInARow = 0;
  #state: BreakerState = 'closed';
  /** The same, as is asked twice per call. */
  #isClosed = true;
  #openMs: number;
  /** When the next call may start: the probe; Infinity while it is under way. */
  #notBefore = 0;
  #opened = 0;

  /** @param changed - told of each change of state; must not throw */
  constructor(settings: BreakerSettings = DEFAULT_BREAKER, changed: (state: BreakerState) => void = () => undefined) {
    this.#settings = settings;
    this.#changed = changed;
    this.#openMs = settings.openMs;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** How often it has opened. */
  get opened(): number {
    return this.#opened;
  }

  /** True in the usual case, in which nothing has to be asked. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Ms until a call may start; 0 = now, Infinity = once the probe has ended. */
  waitMs(now: number): number {
    return this.#state === 'closed' ? 0 : Math.max(0, this.#notBefore - now);
  }

  /** A call starts that `waitMs` allowed. */
  started(): void {
    if (this.#isClosed) return;
    this.#notBefore = Infinity;
    if (this.#state === 'open') this.#enter('halfOpen');
  }

  /**
   * @param calls - that have succeeded since it was last told of any
   * @returns true when the target had been given up: whatever waits may be tried now
   */
  succeeded(now: number, calls = 1): boolean {
    if (this.#state === 'open') return false;
    if (this.#state === 'closed') {
      this.#countSuccesses(now, Math.min(calls, BREAKER_CALLS));
      return false;
    }
    this.#close();
    return true;
  }

  /** The target is there, though it did not do what it was asked: a probe that ends so closes the breaker. */
  answered(): boolean {
    if (this.#state !== 'halfOpen') return false;
    this.#close();
    return true;
  }

  failed(now: number): void {
    if (this.#state === 'open') return;
    if (this.#state === 'halfOpen') {
      this.#openMs = Math.min(this.#settings.maxOpenMs, this.#openMs * 2);
      this.#open(now);
      return;
    }
    this.#countFailure(now);
    if (this.#hasFailed(now)) this.#open(now);
  }

  #close(): void {
    this.#calls = this.#failedInARow = 0;
    this.#openMs = this.#settings.openMs;
    this.#enter('closed');
  }

  #open(now: number): void {
    this.#notBefore = now + this.#openMs;
    this.#opened += 1;
    this.#enter('open');
  }

  #countSuccesses(now: number, calls: number): void {
    const [ends, failures, first] = [this.#ends, this.#failures, this.#calls];
    for (let i = first; i < first + calls; i += 1) {
      ends[i % BREAKER_CALLS] = now;
      failures[i % BREAKER_CALLS] = 0;
    }
    this.#failedInARow = 0;
    this.#calls = first + calls;
  }

  #countFailure(now: number): void {
    const place = this.#calls % BREAKER_CALLS;
    this.#ends[place] = now;
    this.#failures[place] = 1;
    this.#failedInARow += 1;
    this.#calls += 1;
  }

  #hasFailed(now: number): boolean {
    if (this.#failedInARow >= this.#settings.minCalls) return true;
    const kept = Math.min(this.#calls, BREAKER_CALLS);
    let [calls, failures] = [0, 0];
    for (let i = 0; i < kept; i += 1) {
      if (now - (this.#ends[i] as number) > this.#settings.windowMs) continue;
      calls += 1;
      failures += this.#failures[i] as number;
    }
    return calls >= this.#settings.minCalls && failures >= calls * this.#settings.failureRatio;
  }

  #enter(state: BreakerState): void {
    this.#state = state;
    this.#isClosed = state === 'closed';
    this.#changed(state);
  }
}
