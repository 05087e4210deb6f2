/** What a stage's controller must reach, and what it may not touch. Set by the arbiter and by the user's pins. */

import type { KnobName } from './settings.ts';

/** Inclusive; min === max is a pin. */
export interface Bound {
  readonly min: number;
  readonly max: number;
}

export type KnobBounds = Readonly<Record<KnobName, Bound>>;

/**
 * - `balanced`: spends at most half of the latency target while load allows, the cheapest way to do so.
 * - `economy`: spends most of the target on larger batches. - `latency`: the lowest p95.
 */
export type TuningGoal = 'balanced' | 'economy' | 'latency';

export const TUNING_GOALS: readonly TuningGoal[] = ['balanced', 'economy', 'latency'];

export interface StageGoal {
  /** p95 of acceptance to confirmation at this stage, ms. */
  readonly p95Ms: number;
  /** Mean of the same, a goal of equal rank. Absent: none is set. */
  readonly avgMs?: number;
  readonly goal: TuningGoal;
  /** Other stages of the flow share its target. Absent: the stage is alone. */
  readonly isShared?: boolean;
  /** Another stage feeds it, and in time: a full edge has what that one has, and is no backlog. Absent: a source does. */
  readonly isFed?: boolean;
  /** Every knob has a bound; a controller never leaves it, not even for a trial. */
  readonly bounds: KnobBounds;
}

/** Bounds of a stage whose target and user say nothing: each knob's natural range. */
export const NATURAL_BOUNDS: KnobBounds = {
  batchLimit: { min: 1, max: 20_000 },
  concurrency: { min: 1, max: 512 },
  burstConcurrency: { min: 1, max: 512 },
  burstAgeMs: { min: 0, max: 600_000 },
  lingerMs: { min: 0, max: 60_000 },
  minGapMs: { min: 0, max: 60_000 },
  edgeEvents: { min: 1, max: 1_000_000 },
  edgeBytes: { min: 1, max: 2 ** 40 },
};

export function within({ min, max }: Bound, value: number): number {
  return Math.min(max, Math.max(min, value));
}
