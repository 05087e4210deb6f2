/**
 * A stage of a flow whose edge is full while its own calls stand idle part of the time: what follows takes no more, or others
 * have the cores. It keeps its point while that does what passes with room to spare, and neither sweeps nor tries neighbours:
 * more calls would only hand on more at once, which waits in front of the next stage, and slow down the one that caps the flow.
 *
 * Invariants (held.test.ts)
 * - A point that does what passes, and not far more, stays. An unfinished sweep waits: until then it makes nothing larger.
 */

import type { Point } from './cost-model.ts';
import { candidateAt, isMore, type Candidate, type SearchSpace } from './search/candidates.ts';
import { choose } from './search/choice.ts';

/** Of its budget, that its calls may take. */
const SHARE = 0.5;
/** A point stays within these factors of what would be chosen, and in time but for so much. */
const LEAST_ROOM = 0.75;
const MOST_ROOM = 1.8;
const LATE = 1.1;

/**
 * @param enough - events per ms that it should be able to do
 * @returns undefined: stay
 */
export function holding(whole: SearchSpace, enough: number, current: Point, mayGrow: boolean): Candidate | undefined {
  const space = { ...whole, enough, p95Ms: SHARE * whole.p95Ms };
  const { throughput, p95Ms } = candidateAt(space, current);
  const isRight = throughput > LEAST_ROOM * enough && throughput < MOST_ROOM * enough;
  if (isRight && p95Ms <= LATE * space.p95Ms) return undefined;
  const chosen = choose(space, current);
  return isMore(chosen, current) && !mayGrow ? undefined : chosen;
}
