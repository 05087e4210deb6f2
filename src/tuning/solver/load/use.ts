/**
 * Whether a full edge is the doing of this stage. Where what follows takes no more, or another stage has the cores that it
 * needs, the calls of this one stand idle part of the time: more of them, or larger ones, would gain nothing, and what was in
 * flight would only wait in front of the next stage.
 *
 * Invariants (use.test.ts)
 * - A stage whose calls are always in flight is not held, nor one whose target refuses or paces its calls.
 */

import type { StageObservation } from '../../../control/observation.ts';

/** Plain data. */
export interface Use {
  /** Share of its calls that are in flight, smoothed. */
  readonly busy: number;
  /** Events per ms that it does, smoothed. */
  readonly rate: number;
  /** It could do more, and what it does is not taken. */
  readonly isHeld: boolean;
}

/** Half a second. */
const GAIN = 0.2;
/** Of its calls in flight: below it is held, above it caps the flow; between the two as before. */
const IDLE = 0.75;
const BUSY = 0.87;

export const ALL_IN_USE: Use = { busy: 1, rate: 0, isHeld: false };

export function withUse(before: Use, { busyRatio, done, durationMs, gate, waitingRetries }: StageObservation): Use {
  if (durationMs <= 0) return before;
  // Calls that wait to be tried again stand idle for another reason.
  if (gate !== 'open' || waitingRetries > 0) return { ...before, isHeld: false };
  const busy = before.busy + GAIN * (Math.min(1, busyRatio) - before.busy);
  const rate = before.rate + (before.rate === 0 ? 1 : GAIN) * (done / durationMs - before.rate);
  return { busy, rate, isHeld: before.isHeld ? busy < BUSY : busy < IDLE };
}
