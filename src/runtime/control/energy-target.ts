/** A running flow as its energy budget sees it. */

import { NATURAL_BOUNDS } from '../../control/goal.ts';
import type { FixedEnergy } from '../../energy/energy-config.ts';
import type { EnergyPrediction, EnergyTarget, PinnedSize } from '../../energy/energy.ts';
import type { ControlledStage, Restriction } from './controlled-stage.ts';
import type { Sharing } from './sharing.ts';
import type { FixedSize, Steering } from './steering.ts';

export interface EnergyTargetOptions {
  /** Those whose sizes a configuration may fix. */
  readonly stages: readonly ControlledStage[];
  readonly steering: Steering;
  readonly sharing: Sharing;
  /** It is in force now. @returns the version of the settings */
  readonly fixed: (fixed: FixedEnergy) => number;
  readonly nextPeriod: () => Promise<void>;
}

export function energyTarget({
  stages,
  steering,
  sharing,
  fixed: inForce,
  nextPeriod,
}: EnergyTargetOptions): EnergyTarget {
  const batched = stages.filter(takesBatches);
  return {
    nextPeriod,
    maxBatches: () =>
      batched
        .filter(({ bounds }) => bounds.batchLimit.min < bounds.batchLimit.max)
        .map(({ name, bounds }) => ({ stage: name, maxBatch: bounds.batchLimit.max })),
    pins: () => [
      ...stages.flatMap(({ name, restrictions }) => restrictions.filter(isUsers).flatMap((each) => pinOf(name, each))),
      ...steering.held.filter(({ kind }) => kind !== 'energy').flatMap((held) => pinOf(held.stage, held)),
    ],
    weights: (fixed) => sharing.weights(fixed),
    predict: ({ batchSize }) => predictionOf(batchSize, sharing),
    commit: (fixed) => {
      steering.fixSizes(sizesOf(fixed, stages, batched));
      const version = inForce(fixed);
      sharing.regrant();
      return version;
    },
  };
}

function sizesOf(
  { batchSize, bufferSize }: FixedEnergy,
  stages: readonly ControlledStage[],
  batched: readonly ControlledStage[],
): FixedSize[] {
  const sizes: FixedSize[] = [];
  if (batchSize !== undefined) {
    for (const { name } of batched) sizes.push({ stage: name, knob: 'batchLimit', value: batchSize });
  }
  if (bufferSize !== undefined) {
    for (const { name } of stages) sizes.push({ stage: name, knob: 'edgeEvents', value: bufferSize });
  }
  return sizes;
}

function predictionOf(batchSize: number | undefined, sharing: Sharing): EnergyPrediction {
  const nothing = { throughput: null, p95Ms: null, cost: null };
  if (batchSize === undefined) {
    return { ...nothing, reason: 'weights act only under contention, and queues only while they are full' };
  }
  const predicted = sharing.predict(batchSize);
  if ('reason' in predicted) return { ...nothing, reason: predicted.reason };
  const { throughput, stage, change, callMs } = predicted;
  const [then, now] = callMs.map((ms) => ms.toPrecision(2));
  const percent = Math.round(change * 100);
  return {
    throughput: Math.round(throughput),
    p95Ms: sharing.predictP95(predicted),
    cost: percent === 0 ? 'none' : `about ${percent > 0 ? '+' : ''}${percent} % throughput at stage ${stage}`,
    reason: `by the measured cost of calls, with as many in flight: one of ${batchSize} takes ${then} ms at ${stage}, now ${now} ms`,
  };
}

/** A function that is called per event has no batches. */
function takesBatches({ restrictions }: ControlledStage): boolean {
  return !restrictions.some(({ knob, bound, fix }) => knob === 'batchLimit' && bound.max === 1 && fix === undefined);
}

/** What the user can undo; the nature of a stage and the limits of its target have no fix. */
function isUsers({ fix }: Restriction): boolean {
  return fix !== undefined;
}

function pinOf(stage: string, { knob, bound }: Restriction): PinnedSize[] {
  const isSize = knob === 'batchLimit' || knob === 'edgeEvents';
  const isPin = bound.min === bound.max && bound.max <= NATURAL_BOUNDS[knob].max;
  return isSize && isPin ? [{ stage, knob, value: bound.max }] : [];
}
