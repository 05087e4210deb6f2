import { expect, it } from 'vitest';
import { ratioInterval } from './interval.ts';

it('is a point where every round says the same', () => {
  const { low, high } = ratioInterval([
    [9, 10],
    [9, 10],
    [9, 10],
  ]);
  expect([low, high]).toEqual([0.9, 0.9]);
});

it('holds the ratio, and is wider where rounds differ', () => {
  const calm = ratioInterval([95, 100, 98, 102, 99].map((ours) => [ours, 100]));
  const wild = ratioInterval([60, 140, 95, 130, 70].map((ours) => [ours, 100]));
  expect(calm.low).toBeGreaterThan(0.94);
  expect(calm.high).toBeLessThan(1.03);
  expect(wild.high - wild.low).toBeGreaterThan(5 * (calm.high - calm.low));
  expect(wild.low).toBeLessThan(0.95);
  expect(wild.high).toBeGreaterThan(0.95);
});

it('takes what disturbs a round out of the comparison', () => {
  // Both halve in every other round: the ratio does not.
  const { low, high } = ratioInterval([
    [100, 100],
    [50, 50],
    [100, 100],
    [50, 50],
    [100, 100],
  ]);
  expect([low, high]).toEqual([1, 1]);
});
