import type { Origin } from '../event/origin.ts';
import { LatencyMeter } from '../metrics/latency-meter.ts';
import { RateMeter } from '../metrics/rate-meter.ts';
import type { Meters } from '../metrics/system-metrics.ts';
import type { Clock } from '../time/clock.ts';
import { Burst } from './intake/burst.ts';

/**
 * The flow's own meters. Batches that come in now are counted by `burst`; those whose source says when they came,
 * and those that are still on their way when `write` returns, one by one.
 */
export class FlowMeters implements Meters {
  readonly burst: Burst;
  readonly #clock: Clock;
  readonly #latency: LatencyMeter;
  readonly #rate: RateMeter;
  #confirmed = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#latency = new LatencyMeter(clock);
    this.#rate = new RateMeter(clock);
    this.burst = new Burst(clock, ({ events, bytes, confirmed, beganAt, endedAt }) => {
      this.#rate.accepted(events, bytes, beganAt);
      this.#confirm(confirmed, beganAt, endedAt);
    });
  }

  get latency(): LatencyMeter {
    this.burst.flush();
    return this.#latency;
  }

  get rate(): RateMeter {
    this.burst.flush();
    return this.#rate;
  }

  get acceptedEvents(): number {
    return this.rate.events;
  }

  get confirmedEvents(): number {
    this.burst.flush();
    return this.#confirmed;
  }

  /** @param at - monotonic ms of the acceptance; of an open load it may lie in the past */
  accepted(events: number, bytes: number, at: number): void {
    this.#rate.accepted(events, bytes, at);
  }

  /** @param at - monotonic ms now, where it has just been read */
  settled(origin: Origin, at: number = this.#clock.now()): void {
    if (origin.isConfirmed) this.#confirm(origin.events, origin.acceptedAt, at);
  }

  /** Nothing is left on its way of a batch that was not part of a burst. */
  confirmed(events: number, acceptedAt: number): void {
    this.#confirm(events, acceptedAt, this.#clock.now());
  }

  /** The same meters over the whole run. */
  overall(): Meters {
    return { latency: { window: () => this.latency.total() }, rate: { rate: () => this.rate.mean() } };
  }

  #confirm(events: number, acceptedAt: number, at: number): void {
    this.#confirmed += events;
    this.#latency.record(at - acceptedAt, events, at);
  }
}
