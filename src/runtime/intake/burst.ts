/**
 * Batches that follow one another within one synchronous run of code, timed together: the clock is read as
 * the first is accepted and as the last has been dealt with.
 *
 * A clock read costs 45 to 90 ns, as much as all else that is done for a batch which goes no further (bench:engine, ii).
 *
 * Invariants (burst.test.ts)
 * - The latency of a batch is never below what it took, and above it by less than the length of its burst.
 * - A burst has as many batches as lately took BURST_MS: one that takes longer is timed by itself.
 * - A burst ends with the synchronous run of code in which it began: waiting is never in it.
 */

import type { Clock } from '../../time/clock.ts';

/** How long a burst should last, ms: fifty microseconds change no target and no decision. */
const BURST_MS = 0.05;
/** Beyond it a clock read is 1 ns per batch. */
const MAX_BATCHES = 64;

/** What a burst came to since it was last reported. */
export interface BurstTotals {
  readonly events: number;
  readonly bytes: number;
  /** Events that have been dealt with: nothing of them is left on its way. */
  readonly confirmed: number;
  /** Monotonic ms at which the first of its batches was accepted. */
  readonly beganAt: number;
  /** Monotonic ms now. */
  readonly endedAt: number;
}

const SETTLED = Promise.resolve();

export class Burst implements BurstTotals {
  readonly #clock: Clock;
  readonly #report: (totals: BurstTotals) => void;
  events = 0;
  bytes = 0;
  confirmed = 0;
  beganAt: number = Number.NaN;
  endedAt: number = Number.NaN;
  /** Epoch ms as it began. */
  wallMs: number = Number.NaN;
  /** Batches that may still come; none while there is no burst. */
  #left = 0;
  /** Batches of this burst, or else of the next one. */
  #size = 1;
  #isEndDue = false;

  /** @param report - is given the burst itself: it reads the totals before it returns */
  constructor(clock: Clock, report: (totals: BurstTotals) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Begins one where there is none. @returns how many batches may still come */
  open(): number {
    if (this.#left <= 0) this.#begin();
    return this.#left;
  }

  /** Batches are accepted, at `beganAt`. `leave` must follow. */
  enter(events: number, bytes: number): void {
    this.open();
    this.events += events;
    this.bytes += bytes;
  }

  /** They have gone as far as they go at once. @param confirmed - events of those of which nothing is left on its way */
  leave(confirmed: number, batches = 1): void {
    this.confirmed += confirmed;
    this.#left -= batches;
    if (this.#left > 0) return;
    this.flush();
    this.#size = Math.max(1, Math.min(MAX_BATCHES, this.#size * 2, this.#fitting(this.#size)));
  }

  /** Reports what has not been reported yet. The burst goes on. */
  flush(): void {
    if (this.events === 0 && this.confirmed === 0) return;
    this.endedAt = this.#clock.now();
    this.#report(this);
    this.events = this.bytes = this.confirmed = 0;
  }

  #begin(): void {
    this.beganAt = this.#clock.now();
    this.wallMs = this.#clock.wall();
    this.#left = this.#size;
    if (this.#size === 1 || this.#isEndDue) return;
    this.#isEndDue = true;
    void SETTLED.then(this.#codeEnded);
  }

  readonly #codeEnded = (): void => {
    this.#isEndDue = false;
    if (this.#left <= 0) return;
    const batches = this.#size - this.#left;
    this.#left = 0;
    this.flush();
    this.#size = Math.max(1, Math.min(this.#size, this.#fitting(batches)));
  };

  /** How many batches like the last ones take BURST_MS. */
  #fitting(batches: number): number {
    const tookMs = this.endedAt - this.beganAt;
    return tookMs > 0 ? Math.floor((batches * BURST_MS) / tookMs) : MAX_BATCHES;
  }
}
