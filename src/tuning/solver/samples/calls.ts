/** One call, as the model takes it. */

import type { CallSample } from '../../../control/observation.ts';

export interface UsableCall {
  readonly batch: number;
  /** Mean calls in flight while it ran. */
  readonly inFlight: number;
  readonly ms: number;
  readonly startedAt: number;
  /** Ended long after those that started with it: it tells how long calls may last, not how long they do on average. */
  readonly isStraggler?: boolean;
  /**
   * Duration over what most calls of its stay took, of odd calls and of those that saw calls in flight change once their stay was over: they tell
   * only how many are odd.
   */
  readonly oddness?: number;
  /** Stands for calls that have not ended. */
  readonly isUnended?: boolean;
}

/** Shorter calls are as good as none. */
const MIN_MS = 1e-3;

/** The number of calls in flight was changing. */
export function isInTransit({ inFlightAtStart, inFlightMean }: CallSample): boolean {
  return inFlightMean > 3 && Math.abs(Math.log(inFlightAtStart / inFlightMean)) > TRANSIT;
}

const TRANSIT = 0.25;

export function startOf({ endedAt, durationMs }: CallSample): number {
  return endedAt - durationMs;
}

export function usableCall(sample: CallSample): UsableCall {
  const { batch, inFlightMean, durationMs } = sample;
  return {
    batch,
    inFlight: Math.max(1, inFlightMean),
    ms: Math.max(durationMs, MIN_MS),
    startedAt: startOf(sample),
  };
}
