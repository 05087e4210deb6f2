/** All that the user holds, and what that costs by the controller's model. */

import type { KnobBounds } from '../../control/goal.ts';
import type { KnobName } from '../../control/settings.ts';
import type { Pin, PinCost } from '../../flow/run.ts';
import type { Outlook } from '../../tuning/controller.ts';
import { describeBound, type ControlledStage, type Restriction } from './controlled-stage.ts';
import type { HeldKnob, Steering } from './steering.ts';

/** What the controller of a stage would choose within bounds. */
type OutlookWithin = (stage: ControlledStage, bounds: KnobBounds) => Outlook | undefined;

export function pinsOf(stages: readonly ControlledStage[], steering: Steering, outlook: OutlookWithin): Pin[] {
  return stages.flatMap((stage) => {
    const held = steering.held.filter((each) => each.stage === stage.name);
    // Concurrency that is declared comes a second time, for bursts.
    const declared = stage.declared.filter(({ knob }) => knob !== 'burstConcurrency');
    return [...declared, ...held].map((restriction) => ({
      path: `${stage.name}.${restriction.knob}`,
      bound: restriction.bound,
      by: placeOf(restriction),
      cost: costOf(stage, restriction, steering, outlook),
    }));
  });
}

function placeOf(restriction: Restriction | HeldKnob): Pin['by'] {
  if (!('kind' in restriction)) return 'declaration';
  return restriction.kind === 'energy' ? 'energy' : 'run';
}

function costOf(
  stage: ControlledStage,
  restriction: Restriction,
  steering: Steering,
  outlook: OutlookWithin,
): PinCost | undefined {
  const { knob } = restriction;
  if (!isPredicted(knob)) return undefined;
  const held = outlook(stage, steering.standingBounds(stage));
  const free = outlook(stage, steering.standingBounds(stage, restriction));
  if (held === undefined || free === undefined) return undefined;
  // With more to choose from it is never less: what the search for it missed was found within the bounds.
  const best = free.throughput > held.throughput ? free : held;
  return {
    throughput: held.throughput,
    freeThroughput: best.throughput,
    freeValue: best[knob],
    sentence: `${heldText(restriction)}: ${costText(held.throughput / best.throughput - 1, best[knob])}`,
  };
}

function isPredicted(knob: KnobName): knob is 'batchLimit' | 'concurrency' {
  return knob === 'batchLimit' || knob === 'concurrency';
}

function heldText({ knob, bound }: Restriction): string {
  return bound.min === bound.max ? `${knob} pinned at ${bound.min}` : `${knob} bound to ${describeBound(bound)}`;
}

/** Less is within what a prediction can tell. */
const LEAST_SHARE = 0.01;

function costText(change: number, freeValue: number): string {
  return change > -LEAST_SHARE ? 'costs nothing' : `${Math.round(100 * change)} % against ${freeValue}`;
}
