import type { Pause, StageObservation } from '../../control/observation.ts';
import { MAX_SAMPLES } from '../../control/observation.ts';
import { Histogram, type HistogramData } from '../../stats/histogram.ts';

/** Half a second at the control period: figures that a person can read, and that follow a change at once. */
export const WINDOW_PERIODS = 5;

/** The newest observations of one stage, and all of them as one. */
export class ObservationWindow {
  readonly #kept: StageObservation[] = [];
  #merged: StageObservation | undefined;

  add(observation: StageObservation): void {
    this.#kept.push(observation);
    if (this.#kept.length > WINDOW_PERIODS) this.#kept.shift();
    this.#merged = undefined;
  }

  /** Undefined before the first observation. Cost: about 5 us after a new one, else none. */
  merged(): StageObservation | undefined {
    const newest = this.#kept.at(-1);
    if (newest !== undefined) this.#merged ??= mergeObservations(this.#kept, newest);
    return this.#merged;
  }
}

function mergeObservations(all: readonly StageObservation[], newest: StageObservation): StageObservation {
  const sum = (of: (observation: StageObservation) => number): number => all.reduce((n, each) => n + of(each), 0);
  const durationMs = sum((each) => each.durationMs);
  const arrived = sum((each) => each.arrived);
  const meanOf = (ratio: (observation: StageObservation) => number): number =>
    durationMs > 0 ? sum((each) => ratio(each) * each.durationMs) / durationMs : ratio(newest);
  return {
    ...newest,
    durationMs,
    arrived,
    bulk: arrived > 0 ? sum((each) => each.bulk * each.arrived) / arrived : 0,
    done: sum((each) => each.done),
    failed: sum((each) => each.failed),
    rejected: sum((each) => each.rejected),
    calls: sum((each) => each.calls),
    pause: longest(all.map(({ pause }) => pause)),
    busyRatio: meanOf((each) => each.busyRatio),
    fullRatio: meanOf((each) => each.fullRatio),
    latency: added(all.map(({ latency }) => latency)),
    cuts: { limit: sum((each) => each.cuts.limit), drained: sum((each) => each.cuts.drained) },
    samples: all.flatMap(({ samples }) => samples).slice(-MAX_SAMPLES),
  };
}

function longest(pauses: readonly (Pause | undefined)[]): Pause | undefined {
  return pauses.reduce((one, other) => ((other?.durationMs ?? 0) > (one?.durationMs ?? 0) ? other : one), undefined);
}

function added(histograms: readonly HistogramData[]): HistogramData {
  const total = new Histogram();
  for (const histogram of histograms) if (histogram.count > 0) total.add(histogram);
  return total;
}
