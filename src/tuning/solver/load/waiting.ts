/**
 * Does the source wait while it is held back, as one that reads a file or pulls from a broker does? Then a full edge is no
 * backlog, nothing gets old outside, and how much the edge holds is all that makes events late.
 *
 * Invariants (waiting.test.ts)
 * - What comes in bursts fills the edge with young events at first, and is not taken for such a source.
 * - The edge becomes smaller while events that it held are late, whatever makes them so.
 */

import type { StageGoal } from '../../../control/goal.ts';
import type { StageObservation } from '../../../control/observation.ts';
import type { StageSettings } from '../../../control/settings.ts';
import { quantile } from '../../../stats/histogram.ts';
import { clamp } from '../model/numbers.ts';

/** Plain data. */
export interface Waiting {
  /** Periods in which the source was held back and had nothing old, since it last had. */
  readonly periods: number;
  /** Of the target, that what fills the edge and all calls may take. */
  readonly share: number;
  /** What it gives at most, events per ms, and until when that is believed, monotonic ms. Absent: it may give more. */
  readonly gives?: { readonly rate: number; readonly until: number } | undefined;
}

/** Of the target: events that waited outside for longer when the edge filled up are a backlog. */
const OUTSIDE_SHARE = 0.25;
/** A source waits that did so in so many periods. */
const WAITED_PERIODS = 5;
/** Least and most: the longest calls take twice what Little's law says of all, and a read may end beyond the edge's bound. */
const SHARES = [0.2, 0.7] as const;
/** Of the target, where p95 is held; gains per period, of its logarithm, where it is above and below. */
const AIM = 0.9;
const LATE_GAIN = 0.1;
const EARLY_GAIN = 0.02;

/** Of their limit: calls that find less than that on average are too many for what the source gives. */
const SPARSE = 0.35;
const BELIEVED_MS = 10_000;

export const NEVER_WAITED: Waiting = { periods: 0, share: SHARES[1] };

export function isWaiting({ periods }: Waiting): boolean {
  return periods >= WAITED_PERIODS;
}

/** In a flow of several stages the others decide what an edge holds: there no source waits. */
export function nextWaiting(
  before: Waiting,
  observation: StageObservation,
  goal: StageGoal,
  { batchLimit }: Pick<StageSettings, 'batchLimit'>,
): Waiting {
  const { outsideMs, latency } = observation;
  if (goal.isShared === true) return NEVER_WAITED;
  const gives = nextGives(before.gives, observation, batchLimit);
  if (outsideMs === undefined) return { ...before, gives };
  if (outsideMs > OUTSIDE_SHARE * goal.p95Ms) return NEVER_WAITED;
  const p95Ms = quantile(latency, 0.95) ?? 0;
  const late = p95Ms > 0 ? Math.log(p95Ms / (AIM * goal.p95Ms)) : 0;
  const gain = late > 0 ? LATE_GAIN : EARLY_GAIN;
  return {
    periods: Math.min(WAITED_PERIODS, before.periods + 1),
    share: clamp(before.share * Math.exp(-gain * clamp(late, -1, 1)), ...SHARES),
    gives,
  };
}

function nextGives(
  before: Waiting['gives'],
  { at, durationMs, done, calls, failed, rejected }: StageObservation,
  batchLimit: number,
): Waiting['gives'] {
  if (failed + rejected > 0) return undefined; // what calls found is not what is done
  const rate = done / durationMs;
  if (done > 0 && done < SPARSE * calls * batchLimit) return { rate, until: at + BELIEVED_MS };
  return before !== undefined && at < before.until ? { ...before, rate: Math.max(before.rate, rate) } : undefined;
}
