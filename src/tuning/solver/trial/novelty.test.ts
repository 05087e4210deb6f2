import { expect, it } from 'vitest';
import { noveltyOf } from './novelty.ts';

const measured = [
  { batch: 100, inFlight: 4, doubt: 0.02 },
  { batch: 100, inFlight: 8, doubt: 0.05 },
];

it('is what a place itself leaves open, where it was measured', () => {
  expect(noveltyOf({ batch: 100, inFlight: 4 }, measured)).toBeCloseTo(0.02, 9);
});

it('grows with the distance from the nearest, in calls in flight faster than in batch', () => {
  const inCalls = noveltyOf({ batch: 100, inFlight: 6 }, measured);
  expect(inCalls).toBeGreaterThan(0.2);
  expect(noveltyOf({ batch: 100, inFlight: 32 }, measured)).toBeGreaterThan(inCalls);
  expect(noveltyOf({ batch: 150, inFlight: 4 }, measured)).toBeLessThan(inCalls / 2);
});

it('leaves open what one call more or less does, however near it is', () => {
  const many = [{ batch: 100, inFlight: 64, doubt: 0.01 }];
  expect(noveltyOf({ batch: 100, inFlight: 65 }, many)).toBeGreaterThan(0.1);
  expect(noveltyOf({ batch: 100, inFlight: 64.2 }, many)).toBeLessThan(0.02);
});

it('is nothing while there is nothing to be compared with', () => {
  expect(noveltyOf({ batch: 100, inFlight: 4 }, [])).toBe(0);
});
