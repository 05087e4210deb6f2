import { describe, expect, it } from 'vitest';
import { affineModel } from './affine-model-fixtures.ts';
import { batchWithin, capacityOf, naturalAt, type Carrying } from './natural.ts';

const load = (rate: number, more: Partial<Carrying> = {}): Carrying => ({
  model: affineModel(2, 0.02),
  rate,
  batchLimit: 1000,
  callsPerMs: Infinity,
  ...more,
});

describe('naturalAt', () => {
  it('finds the batch at which the slots take just what comes', () => {
    // One slot: b = 20 (2 + .02 b), so b = 66.7 and a call takes 3.33 ms.
    const one = naturalAt(load(20), 1);
    expect(one?.batch).toBeCloseTo(66.7, 0);
    expect(one?.p95Ms).toBeCloseTo(3.33 * 2.2, 1);
    // Two slots: smaller batches, quicker, and dearer per event.
    expect(naturalAt(load(20), 2)?.batch).toBeCloseTo(25, 0);
  });

  it('knows none where so many slots cannot carry the load with room to spare', () => {
    expect(naturalAt(load(49), 1)).toBeUndefined(); // one slot takes at most 45 a ms, with the largest batch
    expect(naturalAt(load(49), 2)).toBeDefined();
  });

  it('is not misled by a limit at which batches cost too much', () => {
    const square = {
      ...affineModel(2, 0.02),
      predict: (b: number) => ({ ms: 2 + 0.02 * b + 0.001 * b * b, tail: 1.2 }),
    };
    expect(capacityOf({ ...load(5), model: square }, { batch: 1000, inFlight: 1 })).toBeLessThan(1);
    expect(naturalAt({ ...load(5), model: square }, 1)?.batch).toBeCloseTo(11.9, 0); // b = 5 (2 + .02 b + .001 b^2)
  });

  it('lets events wait for a start where calls are paced', () => {
    const paced = naturalAt(load(10, { callsPerMs: 0.1 }), 4);
    expect(paced?.batch).toBeCloseTo(100, 0);
    expect(paced?.p95Ms).toBeCloseTo(4 * 1.2 + 10, 0);
  });

  it('expects hardly any wait where events are rare, and more where slots are few', () => {
    const rare = [1, 2].map((inFlight) => naturalAt(load(0.02), inFlight)?.p95Ms ?? NaN);
    expect(rare[0]).toBeLessThan(2.02 * 1.2 * 1.1);
    expect(rare[1]).toBeLessThan(rare[0] as number);
    expect(naturalAt(load(0.4), 1)?.p95Ms).toBeGreaterThan(5);
  });
});

it('takes the largest batch within a time, or the limit', () => {
  expect(batchWithin(load(1), 1, 22)).toBeCloseTo(400, -1); // (2 + .02 b)(1.2 + 1) = 22
  expect(batchWithin(load(1), 1, 1e6)).toBe(1000);
  expect(capacityOf(load(1), { batch: 100, inFlight: 4 })).toBe(100);
});
