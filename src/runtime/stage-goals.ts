/** How the latency target of a flow is divided between its stages. */

import type { ControlledStage } from './controlled-stage.ts';

/** Of each stage, by name: the p95 of acceptance to confirmation that it must keep, ms. */
export type StageTargets = ReadonlyMap<string, number>;

/** A stage with others behind it may use so much of the time. */
const SHARE_BEFORE_OTHERS = 0.5;

/** The last stage of each branch has the whole target, since its events are as old as their way; those before leave it half. */
export function goalsOf(stages: readonly ControlledStage[], p95Ms: number): StageTargets {
  return new Map(stages.map(({ name, isLast }) => [name, isLast ? p95Ms : p95Ms * SHARE_BEFORE_OTHERS]));
}
