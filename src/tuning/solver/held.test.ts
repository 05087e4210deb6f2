import { expect, it } from 'vitest';
import { NATURAL_BOUNDS } from '../../control/goal.ts';
import { holding } from './held.ts';
import { certainModel } from './solver-fixtures.ts';

const space = {
  model: certainModel((b, n) => (2 + 0.01 * b) * Math.max(1, n / 8), { batch: 2000, inFlight: 16 }),
  p95Ms: 40,
  batch: NATURAL_BOUNDS.batchLimit,
  concurrency: NATURAL_BOUNDS.concurrency,
};
/** 200 events in 4 ms. */
const PER_CALL = 50;

it('a point that does what passes stays, whatever more could be had', () => {
  expect(holding(space, 1.2 * PER_CALL, { batch: 200, inFlight: 1 }, true)).toBeUndefined();
  expect(holding(space, 1.2 * PER_CALL, { batch: 200, inFlight: 2 }, true)).toBeUndefined();
});

it('one that does far more than passes gives calls back, and what it keeps is still enough', () => {
  const chosen = holding(space, PER_CALL, { batch: 200, inFlight: 8 }, true);
  expect(chosen?.inFlight).toBeLessThan(3);
  expect(chosen?.throughput).toBeGreaterThan(0.95 * PER_CALL);
  expect(chosen?.p95Ms).toBeLessThanOrEqual(0.51 * space.p95Ms);
});

it('one that does too little grows, but not in the middle of a sweep', () => {
  const little = { batch: 50, inFlight: 1 };
  expect(holding(space, PER_CALL, little, true)?.throughput).toBeGreaterThan(0.95 * PER_CALL);
  expect(holding(space, PER_CALL, little, false)).toBeUndefined();
});
