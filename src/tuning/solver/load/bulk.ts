/**
 * Events that come together whether there is room for them or not: a request of many, a chunk of a file, an array of the user.
 * They are accepted at once, so all but the first wait for those of their own, and only throughput makes that shorter. A source
 * that gives what there is room for has none.
 */

import type { StageGoal } from '../../../control/goal.ts';
import type { StageObservation } from '../../../control/observation.ts';
import type { StageSettings } from '../../../control/settings.ts';

const GAIN = 0.2;
/** Of those that come together, the one at p95. */
const AT_P95 = 0.95;

/** In a flow of several stages it is what the stage before hands on, which the others decide. */
export function nextBulk(
  before: number,
  { bulk }: StageObservation,
  { edgeEvents }: Pick<StageSettings, 'edgeEvents'>,
  { isShared }: StageGoal,
): number {
  if (isShared === true) return 0;
  if (bulk === 0) return before;
  if (bulk <= edgeEvents) return Math.min(before, bulk);
  return before === 0 ? bulk : before + GAIN * (bulk - before);
}

/** For how long p95 of a bulk waits for those before it that do not fit into the first call, ms. @param throughput - events per ms */
export function behindMs(bulk: number, batch: number, throughput: number): number {
  return Math.max(0, AT_P95 * bulk - batch) / throughput;
}
