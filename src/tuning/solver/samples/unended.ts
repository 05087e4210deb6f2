/**
 * What calls that have not ended yet say: they have lasted for as long as they have. Those that end first are the
 * quickest, so where calls suddenly last ten times as long as expected, nothing else is heard of it for ten durations,
 * while the stage is driven further into it.
 *
 * All calls of a stay, ended or not, have taken so much time together; divided by their number it is less than they
 * will last on average.
 */

import type { StageObservation } from '../../../control/observation.ts';

/** Of the stay that goes on; plain data. */
export interface Unended {
  /** Calls in flight that started before it. */
  readonly former: number;
  /** Calls of its own in flight, those that have ended, and the time that all took so far, ms. */
  readonly own: number;
  readonly ended: number;
  readonly tookMs: number;
  /** Calls in flight at the end of the period. */
  readonly inFlight: number;
}

export const NONE_UNENDED: Unended = { former: 0, own: 0, ended: 0, tookMs: 0, inFlight: 0 };

/** @param from - begin of the stay, monotonic ms; @param isNew - it began with this period */
export function unended(
  before: Unended,
  { samples, calls, inFlight, durationMs }: StageObservation,
  from: number,
  isNew: boolean,
): Unended {
  const last = isNew ? { ...NONE_UNENDED, former: before.inFlight } : before;
  // Of many calls only the newest are told one by one.
  const scale = samples.length === 0 ? 0 : calls / samples.length;
  const begunBefore = samples.filter((call) => call.endedAt - call.durationMs <= from + CLOCK_MS).length * scale;
  const old = Math.min(last.former, begunBefore);
  const former = Math.min(inFlight, last.former - old);
  const own = inFlight - former;
  return {
    former,
    own,
    ended: last.ended + calls - old,
    tookMs: last.tookMs + ((last.own + own) / 2) * durationMs,
    inFlight,
  };
}

/** Clocks have so much play, ms. */
const CLOCK_MS = 1e-6;

/** Calls last longer than this on average, ms. */
export function leastMs({ own, ended, tookMs }: Unended): number {
  return own + ended === 0 ? 0 : tookMs / (own + ended);
}
