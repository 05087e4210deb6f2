/** An affine model of calls for tests, as exact as can be. */

import type { CostModel, Point } from '../cost-model.ts';

export function affineModel(
  callMs: number,
  eventMs: number,
  explored: Point = { batch: 1000, inFlight: 64 },
): CostModel {
  return {
    predict: (batch) => ({ ms: callMs + eventMs * batch, tail: 1.2 }),
    doubt: () => 0.05,
    explored,
    isInformed: true,
  };
}
