import type { Clock } from '../../time/clock.ts';
import type { PatternCounts } from './entry.ts';

/** One event in so many is timed. */
const TIMED_EVERY = 1024;

/** What patterns cost, extrapolated from the events that are timed; without a clock none is. */
export class Costs {
  /** What is done with the event at hand is timed. */
  isTimed = false;
  readonly #clock: Pick<Clock, 'now'> | undefined;
  #events = 0;

  constructor(clock: Pick<Clock, 'now'> | undefined) {
    this.#clock = clock;
  }

  nextEvent(): void {
    this.#events += 1;
    this.isTimed = this.#clock !== undefined && this.#events % TIMED_EVERY === 0;
  }

  /** @returns NaN where the event at hand is not timed */
  begin(): number {
    return this.isTimed ? (this.#clock?.now() ?? NaN) : NaN;
  }

  /** @param beganMs - what `begin` has answered */
  charge(counts: PatternCounts, beganMs: number): void {
    if (!Number.isNaN(beganMs)) counts.costMs += ((this.#clock?.now() ?? NaN) - beganMs) * TIMED_EVERY;
  }
}
