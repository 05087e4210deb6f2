import { expect, it } from 'vitest';
import { affineModel } from './affine-model-fixtures.ts';
import { lingering } from './linger.ts';

const load = (rate: number) => ({ model: affineModel(2, 0.02), rate, batchLimit: 1000, callsPerMs: Infinity });

it('spends what it may on company', () => {
  const found = lingering(load(10), 18, 8);
  expect(found?.p95Ms).toBeCloseTo(18, 1);
  expect(found?.batch).toBeCloseTo(10 * (found?.lingerMs ?? NaN), 5);
  expect(found?.batch).toBeGreaterThan(100);
});

it('does not wait where nobody comes, or for longer than there is', () => {
  expect(lingering(load(0.02), 18, 8)).toBeUndefined();
  expect(lingering(load(10), 2, 8)).toBeUndefined();
});
