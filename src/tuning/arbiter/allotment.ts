/** What the arbiter gives a stage, and how it tells of a change. Plain data. */

import type { AllotmentKnob, Decision } from '../../control/decision.ts';

export interface Allotment {
  /** What the stage may add to the p95 of acceptance to confirmation, ms. */
  readonly budgetMs: number;
  /** Calls in flight that it may have at most; Infinity where nothing limits them. */
  readonly maxCalls: number;
}

/** By stage. */
export type Allotments = Readonly<Record<string, Allotment>>;

export type AllotmentDecision = Decision<AllotmentKnob>;

/** Smaller changes of a budget are not told, nor do they freeze anybody's learning. */
const WORTH_TELLING = 0.02;

/** Why each kind of change was made at a stage, in one plain sentence without the knobs' names or values. */
export type AllotmentReasons = Readonly<Record<AllotmentKnob, (stage: string) => string>>;

/** What changed, one decision for each stage and kind of change: each has a reason of its own. */
export function decisionsBetween(
  before: Allotments,
  after: Allotments,
  told: Pick<AllotmentDecision, 'kind' | 'at' | 'evidence'>,
  reasons: AllotmentReasons,
): AllotmentDecision[] {
  return Object.entries(after).flatMap(([stage, allotment]) => {
    const old = before[stage];
    if (old === undefined) return [];
    return (['budgetMs', 'maxCalls'] as const)
      .filter((knob) => isWorthTelling(knob, old[knob], allotment[knob]))
      .map((knob) => ({
        ...told,
        stage,
        changes: [{ knob, from: old[knob], to: allotment[knob] }],
        reason: reasons[knob](stage),
      }));
  });
}

function isWorthTelling(knob: AllotmentKnob, from: number, to: number): boolean {
  return knob === 'budgetMs' ? Math.abs(to - from) > WORTH_TELLING * from : to !== from;
}
