import { mean, quantile, type HistogramData } from '../../stats/histogram.ts';

/** Before anything is measured: calls of one length, and a wait of up to one more before them. */
const START = 1.5;
const LEAST = 1.1;
const MOST = 3;
/** Weight of the newest half second: a shape changes slowly, and a target must not jump with it. */
const WEIGHT = 0.02;
const ENOUGH_EVENTS = 20;

/**
 * How the p95 of a stage relates to its mean, as measured: by this a target for the mean becomes one for the
 * p95, which is all that controllers know. Calls of equal length have a p95 close to their mean, stalls a far one.
 */
export class LatencyShape {
  #ratio = START;

  /** @param mostMs - a mean above it is that of a backlog, whose shape says nothing about calls */
  observe(latency: HistogramData | undefined, mostMs: number): void {
    if (latency === undefined || latency.count < ENOUGH_EVENTS) return;
    const average = mean(latency) ?? 0;
    const p95 = quantile(latency, 0.95) ?? 0;
    if (average <= 0 || average > mostMs) return;
    const ratio = Math.min(MOST, Math.max(LEAST, p95 / average));
    this.#ratio += WEIGHT * (ratio - this.#ratio);
  }

  /** The p95 at which the mean is `meanMs`. */
  p95At(meanMs: number): number {
    return meanMs * this.#ratio;
  }
}
