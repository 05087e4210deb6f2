import type { Origin } from '../event/origin.ts';
import { LatencyMeter } from '../metrics/latency-meter.ts';
import { RateMeter } from '../metrics/rate-meter.ts';
import type { Meters } from '../metrics/system-metrics.ts';
import type { Clock } from '../time/clock.ts';

/** The flow's own meters: one call as a batch is accepted, one as it settles. */
export class FlowMeters implements Meters {
  readonly latency: LatencyMeter;
  readonly rate: RateMeter;
  readonly #clock: Clock;
  #confirmed = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.latency = new LatencyMeter(clock);
    this.rate = new RateMeter(clock);
  }

  get acceptedEvents(): number {
    return this.rate.events;
  }

  get confirmedEvents(): number {
    return this.#confirmed;
  }

  /** @param at - monotonic ms of the acceptance; of an open load it may lie in the past */
  accepted(events: number, bytes: number, at: number): void {
    this.rate.accepted(events, bytes, at);
  }

  settled(origin: Origin): void {
    if (!origin.isConfirmed) return;
    const now = this.#clock.now();
    this.#confirmed += origin.events;
    this.latency.record(now - origin.acceptedAt, origin.events, now);
  }

  /** The same meters over the whole run. */
  overall(): Meters {
    return { latency: { window: () => this.latency.total() }, rate: { rate: () => this.rate.mean() } };
  }
}
