/** What one stage did over one slow period: the sum of its observations. */

import type { StageObservation } from '../../control/observation.ts';
import type { StageSettings } from '../../control/settings.ts';
import { Histogram, quantile } from '../../stats/histogram.ts';
import { NO_CALLS, withCalls, type CallCost } from './call-cost.ts';

export interface StageReport {
  readonly stage: string;
  readonly durationMs: number;
  /** Events. */
  readonly arrived: number;
  readonly done: number;
  readonly backlogEvents: number;
  /** Mean over the period. */
  readonly inFlightMean: number;
  /** As of the last observation. */
  readonly inFlight: number;
  readonly concurrency: number;
  readonly batchLimit: number;
  /** Mean in flight over concurrency. */
  readonly busyRatio: number;
  readonly fullRatio: number;
  /** p95 of acceptance by the source to confirmation here, ms: what stages before have spent is in it. */
  readonly p95Ms: number | undefined;
  readonly cost: CallCost;
}

/** A stage this busy has no slot to spare; natural batching leaves small gaps. */
const BUSY = 0.85;
const FULL = 0.05;

/** All calls in flight nearly all the time, and more waiting than they take away. */
export function isSaturated({ busyRatio, fullRatio, backlogEvents, concurrency, batchLimit }: StageReport): boolean {
  return busyRatio >= BUSY && (fullRatio >= FULL || backlogEvents > concurrency * batchLimit);
}

export function perSecond(events: number, { durationMs }: StageReport): number {
  return durationMs > 0 ? (events / durationMs) * 1000 : 0;
}

/** Gathers the observations of one stage. Cost: 2 us per observation. */
export class ReportBuilder {
  readonly #stage: string;
  readonly #latency = new Histogram();
  #cost: CallCost = NO_CALLS;
  #durationMs = 0;
  #arrived = 0;
  #done = 0;
  #inFlightMs = 0;
  #slotMs = 0;
  #fullMs = 0;

  constructor(stage: string) {
    this.#stage = stage;
  }

  get cost(): CallCost {
    return this.#cost;
  }

  add(observation: StageObservation, { concurrency }: StageSettings): void {
    const { durationMs, busyRatio, fullRatio } = observation;
    this.#cost = withCalls(this.#cost, observation.samples);
    this.#durationMs += durationMs;
    this.#arrived += observation.arrived;
    this.#done += observation.done;
    this.#inFlightMs += busyRatio * concurrency * durationMs;
    this.#slotMs += concurrency * durationMs;
    this.#fullMs += fullRatio * durationMs;
    this.#latency.add(observation.latency);
  }

  /** The report up to the given observation, which was added; begins the next one. */
  take({ backlogEvents, inFlight }: StageObservation, { concurrency, batchLimit }: StageSettings): StageReport {
    const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
    const report: StageReport = {
      stage: this.#stage,
      durationMs: this.#durationMs,
      arrived: this.#arrived,
      done: this.#done,
      backlogEvents,
      inFlight,
      inFlightMean: share(this.#inFlightMs, this.#durationMs),
      concurrency,
      batchLimit,
      busyRatio: share(this.#inFlightMs, this.#slotMs),
      fullRatio: share(this.#fullMs, this.#durationMs),
      p95Ms: quantile(this.#latency, 0.95),
      cost: this.#cost,
    };
    this.#durationMs = this.#arrived = this.#done = this.#inFlightMs = this.#slotMs = this.#fullMs = 0;
    this.#latency.reset();
    return report;
  }
}
