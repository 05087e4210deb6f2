/**
 * How long a call may take before it is given up, from how long calls do take.
 *
 * Invariants (call-timeout.test.ts)
 * - Within [min(FLOOR_MS, maxMs), maxMs]; 3 x p99 of the newest one to two periods between these bounds.
 * - Before MIN_CALLS have ended nothing is known: COLD_MS, or three times the longest seen, cut to maxMs.
 * - A call that timed out may take twice as long at its next attempt, four times at the one after: what merely takes
 *   longer than anything before gets through in the end.
 */

import { Histogram, quantile } from '../stats/histogram.ts';

/** A pause of the process or a lock of the target is no outage; a target that swallows calls is noticed within 10 s. */
const FLOOR_MS = 5_000;
const COLD_MS = 30_000;
/** Most that is waited for a call where the user does not say. */
export const DEFAULT_MAX_MS = 300_000;
/** Fewer do not have a 99th percentile worth the name. */
const MIN_CALLS = 100;
const P99_TIMES = 3;
/** Calls older than twice this are forgotten. */
const PERIOD_MS = 60_000;

export class CallTimeout {
  readonly #maxMs: number;
  #current = new Histogram();
  #previous = new Histogram();
  #turnAt: number | undefined;
  #limitMs: number;

  /** @param maxMs - the most that a call may take */
  constructor(maxMs: number = DEFAULT_MAX_MS) {
    this.#maxMs = maxMs;
    this.#limitMs = Math.min(COLD_MS, maxMs);
  }

  /** As of the last `adapt`, ms. */
  get limitMs(): number {
    return this.#limitMs;
  }

  /** Ms that a call may take which has timed out `timeouts` times. */
  limitFor(timeouts: number): number {
    return Math.min(this.#maxMs, this.#limitMs * 2 ** timeouts);
  }

  /** A call has ended by itself, in time or not. Cost: 3 ns. */
  record(durationMs: number): void {
    this.#current.record(durationMs);
  }

  /** Looks at what was recorded. Cost: two passes of 992 counters; a few times a second at most. */
  adapt(now: number): void {
    this.#turnAt ??= now;
    if (now - this.#turnAt > PERIOD_MS) {
      [this.#current, this.#previous] = [this.#previous, this.#current];
      this.#current.reset();
      this.#turnAt = now;
    }
    const all = new Histogram();
    all.add(this.#previous);
    all.add(this.#current);
    const wanted =
      all.count < MIN_CALLS
        ? Math.max(COLD_MS, P99_TIMES * all.max)
        : Math.max(FLOOR_MS, P99_TIMES * (quantile(all, 0.99) ?? 0));
    this.#limitMs = Math.min(this.#maxMs, wanted);
  }
}
