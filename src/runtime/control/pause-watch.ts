/**
 * Notices when the event loop stood still: a collection, a long synchronous call, a suspended process. What
 * ran across it says nothing about the target of a stage, so controllers are told.
 *
 * Invariants (pause-watch.test.ts)
 * - Every stand-still of at least NOTICED_MS is seen, whenever it begins; its length is at most BEAT_MS too long.
 * - A loop that is always slow is the norm, not a pause.
 */

import type { Pause } from '../../control/observation.ts';
import type { Scheduler, Timer } from '../../time/clock.ts';

/** 50 beats a second, about 0.1 % of a core. */
const BEAT_MS = 20;
const NOTICED_MS = 30;
/** So much longer than usual, where the usual beat is slow already. */
const UNUSUAL = 1.5;
const EWMA = 0.1;

export class PauseWatch {
  readonly #scheduler: Scheduler;
  #timer: Timer | undefined;
  #beatAt = 0;
  #usualMs = BEAT_MS;
  #longest: Pause | undefined;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  start(): void {
    this.#beatAt = this.#scheduler.now();
    this.#next();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** The longest pause since the last call. */
  take(): Pause | undefined {
    this.#look();
    const longest = this.#longest;
    this.#longest = undefined;
    return longest;
  }

  #next(): void {
    this.#timer = this.#scheduler.after(BEAT_MS, () => {
      this.#look();
      this.#beatAt = this.#scheduler.now();
      this.#next();
    });
  }

  /** The beat that is due may be late itself, and whoever asks has come first. */
  #look(): void {
    const endedAt = this.#scheduler.now();
    const durationMs = endedAt - this.#beatAt;
    if (durationMs < BEAT_MS) return;
    const isPause = durationMs >= Math.max(NOTICED_MS, UNUSUAL * this.#usualMs);
    this.#usualMs += EWMA * (Math.min(durationMs, 2 * this.#usualMs) - this.#usualMs);
    this.#beatAt = endedAt;
    if (isPause && durationMs > (this.#longest?.durationMs ?? 0)) this.#longest = { endedAt, durationMs };
  }
}
