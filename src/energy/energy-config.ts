/** The guide's `EnergyConfig`: the resource budget of a flow, read and checked. */

import { WORK_CLASSES, type WorkClass } from '../control/work-class.ts';
import { declared, numberWithin, wholeNumber } from '../errors/declared.ts';
import { ConfigError } from '../errors/errors.ts';

/**
 * Accepted under the guide's names too: `BufferSize`, `BatchSize`, `Weights`. What is left out stays as it is;
 * what is `null` goes back to the engine.
 */
export interface EnergyConfig {
  /** Events that each edge holds, >= 1. Default: the engine's, by drain rate and latency budget. */
  readonly bufferSize?: number | null;
  /** Events per call of each stage, >= 1. Default: the engine's. */
  readonly batchSize?: number | null;
  /**
   * How calls in flight are shared under contention, 0..1. All three sum to 1; of fewer, the engine shares out
   * the rest. Default: the engine's, from computation 0.4, io 0.3, network 0.3.
   */
  readonly weights?: Readonly<Partial<Record<WorkClass, number | null>>> | null;
}

/** What a user has fixed; undefined = the engine's. */
export interface FixedEnergy {
  readonly bufferSize: number | undefined;
  readonly batchSize: number | undefined;
  readonly weights: Readonly<Partial<Record<WorkClass, number>>>;
}

export const NOTHING_FIXED: FixedEnergy = { bufferSize: undefined, batchSize: undefined, weights: {} };

/** Weights as people write them: 0.33 three times is meant to be one. */
const TOLERANCE = 0.011;

/** What is fixed after `config` on top of what was fixed before. @throws ConfigError */
export function fixedBy(config: unknown, before: FixedEnergy, path: string): FixedEnergy {
  const names = { bufferSize: ['BufferSize'], batchSize: ['BatchSize'], weights: ['Weights'] };
  const given = declared(config, names, path);
  const size = (name: 'bufferSize' | 'batchSize'): number | undefined => {
    if (!(name in given)) return before[name];
    const value = given[name];
    return value === null || value === undefined ? undefined : wholeNumber(value, `${path}.${name}`, 1);
  };
  return {
    bufferSize: size('bufferSize'),
    batchSize: size('batchSize'),
    weights: 'weights' in given ? fixedWeights(given.weights, `${path}.weights`) : before.weights,
  };
}

function fixedWeights(value: unknown, path: string): FixedEnergy['weights'] {
  if (value === null || value === undefined) return {};
  const given = declared(value, { computation: [], io: [], network: [] }, path);
  const fixed: Partial<Record<WorkClass, number>> = {};
  for (const name of WORK_CLASSES) {
    const weight = given[name];
    if (weight !== null && weight !== undefined) fixed[name] = numberWithin(weight, `${path}.${name}`, [0, 1]);
  }
  const weights = Object.values(fixed);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const isComplete = weights.length === WORK_CLASSES.length;
  if (sum > 1 + TOLERANCE || (isComplete && sum < 1 - TOLERANCE)) {
    const expected = isComplete ? 'weights that sum to 1' : 'weights that sum to at most 1';
    throw new ConfigError(path, expected, `a sum of ${Math.round(sum * 1000) / 1000}`);
  }
  return isComplete ? normalized(fixed, sum) : fixed;
}

function normalized(weights: Partial<Record<WorkClass, number>>, sum: number): FixedEnergy['weights'] {
  return Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, weight / sum]));
}
