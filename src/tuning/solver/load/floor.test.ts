import { expect, it } from 'vitest';
import { NATURAL_BOUNDS, type StageGoal } from '../../../control/goal.ts';
import type { CostModel } from '../cost-model.ts';
import { aimMs, FEASIBLE, floorMs, nextFloor } from './floor.ts';

const goal: StageGoal = { p95Ms: 8, goal: 'balanced', bounds: NATURAL_BOUNDS };

/** 10 ms a call, each further one 5 % slower. */
const model: CostModel = {
  predict: (batch, inFlight) => ({ ms: (10 + 0.02 * batch) * (1 + 0.05 * (inFlight - 1)), tail: 1.2 }),
  doubt: () => 0.05,
  explored: { batch: 10, inFlight: 8 },
  isInformed: true,
};

it('is where the call and the wait for a slot together are shortest', () => {
  expect(floorMs(model, goal, 512)).toBeCloseTo(10.02 * 1.15 * (1.2 + 1 / 4), 5);
  expect(floorMs(model, goal, 2)).toBeCloseTo(10.02 * 1.05 * (1.2 + 1 / 2), 5);
});

it('is believed after a second and a half, not before, and forgotten at once', () => {
  let floor = FEASIBLE;
  for (let i = 0; i < 14; i += 1) floor = nextFloor(floor, 16, goal);
  expect(aimMs(floor, 16, goal)).toBe(8);
  floor = nextFloor(floor, 16, goal);
  expect(aimMs(floor, 16, goal)).toBeCloseTo(16.8, 5);
  expect(aimMs(nextFloor(floor, 5, goal), 5, goal)).toBe(8);
});
