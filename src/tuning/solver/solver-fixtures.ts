import type { StageObservation } from '../../control/observation.ts';
import type { StageSettings } from '../../control/settings.ts';
import { Histogram } from '../../stats/histogram.ts';
import type { Cost, CostModel, Point } from './cost-model.ts';

export function settingsOf(some: Partial<StageSettings> = {}): StageSettings {
  return {
    batchLimit: 1,
    concurrency: 1,
    burstConcurrency: 1,
    burstAgeMs: 0,
    lingerMs: 0,
    minGapMs: 0,
    edgeEvents: 2,
    edgeBytes: 2 ** 40,
    ...some,
  };
}

/** A period of 100 ms in which nothing happened, but for what is given. */
export function observationOf(some: Partial<StageObservation> = {}): StageObservation {
  return {
    stage: 'sink',
    at: 100,
    durationMs: 100,
    arrived: 0,
    bulk: 0,
    done: 0,
    failed: 0,
    rejected: 0,
    backlogEvents: 0,
    backlogBytes: 0,
    oldestMs: 0,
    newestMs: 0,
    outsideMs: undefined,
    inFlight: 0,
    calls: some.samples?.length ?? 0,
    waitingRetries: 0,
    gate: 'open',
    pause: undefined,
    busyRatio: 0,
    fullRatio: 0,
    latency: new Histogram().data(),
    cuts: { limit: 0, drained: 0 },
    samples: [],
    ...some,
  };
}

/** A model that is sure of a given cost. */
export function certainModel(
  cost: (batch: number, inFlight: number) => number,
  explored: Point,
  tail = 1.2,
): CostModel {
  return {
    predict: (batch, inFlight): Cost => ({ ms: cost(batch, inFlight), tail }),
    doubt: () => 0,
    explored,
    isInformed: true,
  };
}
