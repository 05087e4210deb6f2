/**
 * Does the source wait while it is held back, as one that reads a file or pulls from a broker does? Then a full edge is no
 * backlog, nothing gets old outside, and how much the edge holds is all that makes events late.
 */

import type { StageGoal } from '../../../control/goal.ts';
import type { StageObservation } from '../../../control/observation.ts';

/** Of the target: events that waited outside for longer when the edge filled up are a backlog. */
const OUTSIDE_SHARE = 0.25;
/** A source waits that did so in so many periods: what comes in bursts fills the edge with young events at first, too. */
const WAITED_PERIODS = 5;

/**
 * @param before - periods in which it was held back and had nothing old, since it last had
 * @returns the same after one more. In a flow of several stages the others decide what an edge holds: always 0
 */
export function nextWaited(before: number, { outsideMs }: StageObservation, goal: StageGoal): number {
  if (goal.isShared === true) return 0;
  if (outsideMs === undefined) return before;
  return outsideMs > OUTSIDE_SHARE * goal.p95Ms ? 0 : Math.min(WAITED_PERIODS, before + 1);
}

export function isWaiting(waited = 0): boolean {
  return waited >= WAITED_PERIODS;
}
