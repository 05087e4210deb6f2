import type { Clock } from '../time/clock.ts';
import { StepRing, type WindowOptions } from './step-ring.ts';

export interface Rate {
  readonly eventsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Places in the totals. */
const EVENTS = 0;
const BYTES = 1;

/**
 * Events and bytes per second over the last second, and their totals.
 * `accepted` is called once per source batch: about 10 ns, no allocation.
 */
export class RateMeter {
  readonly #clock: Clock;
  readonly #ring: StepRing;
  readonly #events: Float64Array;
  readonly #bytes: Float64Array;
  /** Events, bytes. Not two fields: one that outgrows 31 bits changes its object's shape, and compiled code goes with it. */
  readonly #totals = new Float64Array(2);

  constructor(clock: Clock, options: WindowOptions = {}) {
    this.#clock = clock;
    this.#ring = new StepRing(clock.now(), options);
    this.#events = new Float64Array(this.#ring.steps);
    this.#bytes = new Float64Array(this.#ring.steps);
  }

  /** Since the meter was made. */
  get events(): number {
    return this.#totals[EVENTS] as number;
  }

  get bytes(): number {
    return this.#totals[BYTES] as number;
  }

  /** @param at - monotonic ms: pass it where it has been read already */
  accepted(events: number, bytes: number, at: number = this.#clock.now()): void {
    if (at >= this.#ring.endsAt) this.#advance(at);
    (this.#events[this.#ring.slot] as number) += events;
    (this.#bytes[this.#ring.slot] as number) += bytes;
    (this.#totals[EVENTS] as number) += events;
    (this.#totals[BYTES] as number) += bytes;
  }

  /** Over the window; null until one step of it has passed, since less time gives no rate. */
  rate(at: number = this.#clock.now()): Rate | null {
    this.#advance(at);
    const coveredMs = this.#ring.coveredMs(at);
    return coveredMs < this.#ring.stepMs ? null : perSecond(sum(this.#events), sum(this.#bytes), coveredMs);
  }

  /** Over the whole run up to `at`; null when no time has passed. */
  mean(at: number = this.#clock.now()): Rate | null {
    const elapsedMs = at - this.#ring.startedAt;
    return elapsedMs > 0 ? perSecond(this.events, this.bytes, elapsedMs) : null;
  }

  #advance(at: number): void {
    this.#ring.advance(at, (slot) => {
      this.#events[slot] = 0;
      this.#bytes[slot] = 0;
    });
  }
}

function perSecond(events: number, bytes: number, ms: number): Rate {
  return { eventsPerSecond: (events * 1000) / ms, bytesPerSecond: (bytes * 1000) / ms };
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
