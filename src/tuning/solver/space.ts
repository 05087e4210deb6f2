/** Where the search looks, by all that is known: bounds of the stage, limits of the target, the target's latency as it is trimmed. */

import type { StageGoal } from '../../control/goal.ts';
import { surfaceOf } from './model/surface.ts';
import type { LoadState } from './load/load.ts';
import type { SearchState } from './saturated.ts';
import type { SearchSpace } from './search/candidates.ts';
import { budgetOf } from './trim.ts';

/** Absent or undefined: none. */
interface TargetLimits {
  readonly maxConcurrency?: number | undefined;
  readonly callsPerSecond?: number | undefined;
}

export function spaceOf(
  { surface, trim, load }: Pick<SearchState, 'surface' | 'trim'> & { readonly load: Pick<LoadState, 'bulk'> },
  { p95Ms, bounds }: StageGoal,
  { maxConcurrency = Infinity, callsPerSecond }: TargetLimits,
): SearchSpace {
  const { min, max } = bounds.concurrency;
  return {
    model: surfaceOf(surface),
    p95Ms: p95Ms * budgetOf(trim),
    bulk: load.bulk,
    batch: bounds.batchLimit,
    concurrency: { min, max: Math.max(min, Math.min(max, maxConcurrency)) },
    callsPerMs: callsPerSecond === undefined ? undefined : callsPerSecond / 1000,
  };
}
