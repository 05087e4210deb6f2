import type { StageObservation } from '../../control/observation.ts';
import { Histogram } from '../../stats/histogram.ts';

/** One control period of a stage named `sink`, with all events as late as `p95Ms`. */
export function observed(
  given: Partial<StageObservation> & { readonly at: number; readonly p95Ms?: number },
): StageObservation {
  const { p95Ms = 10, done = 0, ...rest } = given;
  const latency = new Histogram();
  if (done > 0) latency.record(p95Ms, done);
  return {
    stage: 'sink',
    durationMs: 100,
    arrived: done,
    bulk: 1,
    done,
    failed: 0,
    rejected: 0,
    backlogEvents: 0,
    backlogBytes: 0,
    oldestMs: 0,
    newestMs: 0,
    outsideMs: undefined,
    inFlight: 0,
    calls: 0,
    waitingRetries: 0,
    gate: 'open',
    pause: undefined,
    busyRatio: 0,
    fullRatio: 0,
    latency: latency.data(),
    cuts: { limit: 0, drained: 0 },
    samples: [],
    ...rest,
  };
}
