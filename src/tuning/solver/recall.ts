/**
 * A disturbance that is over. While a target takes far longer for a while (a lock, a backup, a neighbour), the search learns of
 * all places that it flees to how slow they are, the small ones least. Once that is over only the place shows it where the stage
 * is: the others would go on being believed to be slow, and it would stay with batches of a few events. Then the model is again
 * what it was before.
 *
 * Invariants (recall.test.ts)
 * - It begins where calls take twice as long as they did at a settled place, or would at two places on end. One place that turns
 *   out to be slow is none.
 * - It is over once calls take no longer than they would have before it, wherever: what was thought of places that were never
 *   seen may have been far too long. Or too short: then it is over once they are longer by far less than at its beginning.
 * - What lasts for a minute, or comes again within seconds, is how things are now.
 */

import { groupsOf, sumsOf } from './model/groups.ts';
import { isSettledAt, surfaceOf, type SurfaceState } from './model/surface.ts';
import type { Point } from './cost-model.ts';
import type { UsableCall } from './samples/calls.ts';
import type { TrimState } from './trim.ts';

/** Plain data. */
export interface RecallState {
  /** As of the last period in which calls took about as long as expected. */
  readonly sound?: Remembered;
  /** How often they did so on end, about. */
  readonly steady: number;
  /** Periods in a row in which they did not; or, disturbed, in which they do again. */
  readonly periods: number;
  /** Where calls took far longer first. */
  readonly first?: Point | undefined;
  /** When they began to take far longer, monotonic ms. Absent: nothing is disturbed. */
  readonly since?: number;
  /** And how much longer. */
  readonly by?: Longer;
  /** When the last disturbance was over, monotonic ms. */
  readonly overAt?: number | undefined;
}

/** What a call took over what it would have taken: a logarithm, and ms. */
interface Longer {
  readonly log: number;
  readonly ms: number;
}

/** What is learned of a target. */
export interface Remembered {
  readonly surface: SurfaceState;
  readonly trim: TrimState;
}

export interface Recalled {
  readonly state: RecallState;
  /** What is to be believed again. Undefined: what was learned stays. */
  readonly back?: Remembered;
}

export const NOTHING_RECALLED: RecallState = { periods: 0, steady: 0 };

/** Logarithms of durations over the expected ones: about the same, and far longer. */
const SAME = 0.35;
const FAR = 0.7;
/** What was right for fewer periods is not known well enough to be gone back to. */
const STEADY_PERIODS = 5;
/**
 * Far from all that was known, calls may always have taken longer than was thought. They are as they were where they are longer by clearly less
 * than at first, by both measures: a disturbance adds some time to each call, or makes all of them so many times as long.
 */
const LESS = { log: 0.75, ms: 0.1 };
const MOST_STEADY = 20;
const BEGUN_PERIODS = 2;
const OVER_PERIODS = 3;
/** So many periods between the two, and it is a drift. */
const DRIFT_PERIODS = 20;
/** Logarithms of batch and calls together: beyond it is another place, and not a neighbour. */
const APART = 0.3;
const LONGEST_MS = 60_000;
const AGAIN_MS = 3000;

/** What was known before the disturbance that goes on; undefined while there is none. */
export function beforeDisturbance({ since, sound }: RecallState): Remembered | undefined {
  return since === undefined ? undefined : sound;
}

/** @param calls - of this period; `now` - with what they taught; `hasStood` - a standstill is over */
export function recall(
  before: RecallState,
  now: Remembered,
  calls: readonly UsableCall[],
  at: number,
  hasStood = false,
): Recalled {
  const { sound } = before;
  if (sound === undefined || (before.since !== undefined && at - before.since > LONGEST_MS)) return calm(before, now);
  if (hasStood && before.steady >= STEADY_PERIODS) return over(before, sound, at);
  const ended = calls.filter(({ isStraggler, isUnended }) => isStraggler !== true && isUnended !== true);
  const [seen] = groupsOf(sumsOf(ended), now.surface.scatter);
  if (seen === undefined) return { state: before };
  const expectedMs = surfaceOf(sound.surface).typicalMs(seen.batch, seen.inFlight);
  const off = seen.logMs - Math.log(expectedMs);
  const by = { log: off, ms: Math.exp(seen.logMs) - expectedMs };
  if (before.since !== undefined) {
    const periods = off < SAME || isLess(by, before.by) ? before.periods + 1 : 0;
    if (periods < OVER_PERIODS) return { state: { ...before, periods } };
    return over(before, sound, at);
  }
  const isSame = Math.abs(off) < SAME;
  const periods = isSame ? 0 : before.periods + 1;
  if (isSame) return calm({ ...before, steady: Math.min(MOST_STEADY, before.steady + 1) }, now);
  if (periods >= DRIFT_PERIODS || before.steady < STEADY_PERIODS)
    return calm({ ...before, steady: before.steady / 2 }, now);
  const first = before.first ?? (off > FAR ? seen : undefined);
  const isAllOver = isSettledAt(sound.surface, seen) || (first !== undefined && isElsewhere(seen, first));
  if (periods < BEGUN_PERIODS || off < FAR || !isAllOver) return { state: { ...before, periods, first } };
  if (at - (before.overAt ?? -Infinity) < AGAIN_MS) return calm(before, now);
  return { state: { sound, steady: before.steady, periods: 0, since: at, by } };
}

function isLess({ log, ms }: Longer, than: Longer | undefined): boolean {
  return than !== undefined && log < LESS.log * than.log && ms < LESS.ms * than.ms;
}

function isElsewhere(one: Point, other: Point): boolean {
  return Math.abs(Math.log(one.batch / other.batch)) + Math.abs(Math.log(one.inFlight / other.inFlight)) > APART;
}

function over(before: RecallState, sound: Remembered, at: number): Recalled {
  return { state: { ...calm(before, sound).state, overAt: at }, back: sound };
}

function calm({ steady, overAt }: RecallState, sound: Remembered): Recalled {
  return { state: { sound, steady, periods: 0, overAt } };
}
