/**
 * The share of the target that a predicted p95 may take: an integral controller on the measured p95, so that what the
 * model gets wrong about tails does not matter for long.
 *
 * Measured latencies are kept in a small decaying histogram relative to the target. Gains go by calls seen, not by
 * time: a slow target is trimmed in as many calls as a quick one.
 */

import type { StageObservation } from '../../control/observation.ts';
import { quantile } from '../../stats/histogram.ts';
import { clamp } from './model/numbers.ts';

export interface TrimState {
  readonly budget: number;
  /** Smoothed p95 over the target; 0 while nothing was measured. */
  readonly ratio: number;
  /** Nothing is learned before this, monotonic ms. */
  readonly frozenUntil: number;
}

export const FIRST_TRIM: TrimState = { budget: 0.9, ratio: 0, frozenUntil: 0 };
export const UNTRIMMED: TrimState = { ...FIRST_TRIM, budget: 1 };

/** Where p95 is held, as a share of the target. */
const AIM = 0.97;
const GAIN = 0.06;
const LEAST_BUDGET = 0.4;
const MOST_BUDGET = 1.4;
/** Calls in a period that make it count fully. */
const FULL_CALLS = 20;
/** A point that uses less of its budget than this is not held back by the target: more budget would not be used. */
const BINDING = 0.93;

export interface TrimInput {
  readonly observation: StageObservation;
  readonly targetMs: number;
  /** Predicted p95 of the point in force over budget * target. */
  readonly used: number;
  /** Control periods that a call takes; the effect of a change is not seen earlier. */
  readonly delayPeriods: number;
}

export function trim(before: TrimState, { observation, targetMs, used, delayPeriods }: TrimInput): TrimState {
  const p95 = quantile(observation.latency, 0.95);
  if (p95 === undefined || observation.at < before.frozenUntil || observation.pause !== undefined) return before;
  // Calls that are repeated because they were refused are late whatever the point.
  if (observation.rejected > 0) return before;
  const weight = Math.min(1, observation.calls / FULL_CALLS) / Math.max(1, delayPeriods);
  const ratio = p95 / targetMs;
  const error = clamp(AIM - ratio, -0.5, 0.5);
  if (error > 0 && used < BINDING) return { ...before, ratio };
  const budget = clamp(before.budget * (1 + GAIN * weight * error), LEAST_BUDGET, MOST_BUDGET);
  return { ...before, ratio, budget };
}
