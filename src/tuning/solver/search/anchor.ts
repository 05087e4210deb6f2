/** Where to go back to in doubt: calls at a place that is known tell whether it is the present one, or everything. */

import type { Point } from '../cost-model.ts';
import { isSamePoint } from '../samples/stays.ts';
import { candidateAt, isWithin, type SearchSpace } from './candidates.ts';

/**
 * Share of the present throughput that a place must give, what is late counted as in the search: at the small batches of a
 * sweep a backlog would grow meanwhile, and among its last calls in flight everything would be late.
 */
const WORTH_BEING = 0.5;

/**
 * @param settled - places that are known well, the best to go to first
 * @returns undefined where none is worth being at: then the present place will tell in time
 */
export function anchorAmong(settled: readonly Point[], space: SearchSpace, current: Point): Point | undefined {
  const least = candidateAt(space, current).score + Math.log(WORTH_BEING);
  return settled.find(
    (point) => isSamePoint(point, current) || (isWithin(space, point) && candidateAt(space, point).score >= least),
  );
}
