/**
 * What calls of a stage cost, as a line: so much per call, so much per event. Least squares over what was seen,
 * older calls counting less. Cruder than the stage solver's surface, and enough for what the arbiter asks:
 * how much time a stage must spend at least, and what more time would gain it.
 */

import type { CallSample } from '../../control/observation.ts';

export interface CallCost {
  /** Weighted sums over calls: 1, b, t, b^2, b t. */
  readonly calls: number;
  readonly batch: number;
  readonly ms: number;
  readonly batch2: number;
  readonly batchMs: number;
}

export interface CostLine {
  readonly perCallMs: number;
  readonly perEventMs: number;
}

export const NO_CALLS: CallCost = { calls: 0, batch: 0, ms: 0, batch2: 0, batchMs: 0 };

/** Per observation that has calls: half of the weight is younger than some 35 of them. */
const KEPT = 0.98;
const LEAST_CALLS = 10;
/** Batches that vary less (standard deviation over mean) do not tell the two costs apart. */
const LEAST_VARIETY = 0.1;

export function withCalls(cost: CallCost, samples: readonly CallSample[]): CallCost {
  if (samples.length === 0) return cost;
  let [calls, batch, ms, batch2, batchMs] = [cost.calls, cost.batch, cost.ms, cost.batch2, cost.batchMs].map(
    (sum) => sum * KEPT,
  ) as [number, number, number, number, number];
  for (const { batch: b, durationMs: t, outcome } of samples) {
    if (outcome !== 'ok') continue;
    calls += 1;
    batch += b;
    ms += t;
    batch2 += b * b;
    batchMs += b * t;
  }
  return { calls, batch, ms, batch2, batchMs };
}

/** Mean duration of a call, ms. */
export function meanMs({ calls, ms }: CallCost): number | undefined {
  return calls < LEAST_CALLS ? undefined : ms / calls;
}

/** Undefined while there were too few calls, or all of about one size. Neither cost is below 0. */
export function lineOf({ calls, batch, ms, batch2, batchMs }: CallCost): CostLine | undefined {
  if (calls < LEAST_CALLS) return undefined;
  const meanBatch = batch / calls;
  const variance = batch2 / calls - meanBatch * meanBatch;
  if (variance <= (LEAST_VARIETY * meanBatch) ** 2) return undefined;
  const slope = (batchMs / calls - meanBatch * (ms / calls)) / variance;
  const perEventMs = Math.min(Math.max(0, slope), ms / batch);
  return { perEventMs, perCallMs: Math.max(0, ms / calls - perEventMs * meanBatch) };
}
