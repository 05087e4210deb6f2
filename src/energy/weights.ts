/**
 * Weights of the classes of work: what a user fixed, and the rest as load asks for it.
 *
 * Invariants (weights.test.ts)
 * - They sum to 1. What a user fixed is exactly that.
 * - A weight of the engine's changes by at most a tenth of itself per step, and keeps its floor where the fixed
 *   ones leave room for it.
 *
 * Source: multiplicative weights (Arora, Hazan, Kale 2012) on shadow prices: the price of a class is the share of
 * time in which it holds the flow up, that is, in which one more permit for it would have raised the throughput.
 */

import { WORK_CLASSES, type Weights, type WorkClass } from '../control/work-class.ts';
import type { FixedEnergy } from './energy-config.ts';

/** The guide's. */
export const START_WEIGHTS: Weights = { computation: 0.4, io: 0.3, network: 0.3 };

/** Relative change per step. */
const STEP = 0.1;
/** No class starves: load that comes back finds something to start with. */
const FLOOR = 0.1;

/** The engine's weights with what the user fixed: the free ones share what is left, in their own proportions. */
export function weightsWith(fixed: FixedEnergy['weights'], engine: Weights): Weights {
  const free = WORK_CLASSES.filter((name) => fixed[name] === undefined);
  const left = Math.max(0, 1 - total(Object.values(fixed)));
  const sum = total(free.map((name) => engine[name]));
  const share = (name: WorkClass): number => (sum > 0 ? engine[name] / sum : 1 / free.length);
  return record((name) => fixed[name] ?? left * share(name));
}

/**
 * One step of the engine's.
 * @param prices - share of time in which each class held the flow up, 0..1
 */
export function shiftedWeights(weights: Weights, prices: Weights, fixed: FixedEnergy['weights'] = {}): Weights {
  const free = WORK_CLASSES.filter((name) => fixed[name] === undefined);
  const mass = total(free.map((name) => weights[name]));
  if (free.length < 2 || mass <= 0) return weights;
  // Against their weighted mean the factors neither add nor take mass: the sum stays what it is.
  const mean = total(free.map((name) => weights[name] * prices[name])) / mass;
  const moved = record((name) =>
    fixed[name] === undefined ? weights[name] * (1 + STEP * (prices[name] - mean)) : weights[name],
  );
  return aboveFloor(moved, free, Math.min(FLOOR, mass / free.length));
}

/** What is lifted to the floor is taken from the others, in proportion to what they have above it. */
function aboveFloor(weights: Weights, free: readonly WorkClass[], floor: number): Weights {
  const missing = total(free.map((name) => Math.max(0, floor - weights[name])));
  if (missing === 0) return weights;
  const spare = total(free.map((name) => Math.max(0, weights[name] - floor)));
  return record((name) => {
    if (!free.includes(name)) return weights[name];
    const above = Math.max(0, weights[name] - floor);
    return spare > 0 ? floor + above * (1 - missing / spare) : floor;
  });
}

function record(of: (name: WorkClass) => number): Weights {
  return { computation: of('computation'), io: of('io'), network: of('network') };
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
