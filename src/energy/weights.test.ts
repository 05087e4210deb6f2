import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Weights } from '../control/work-class.ts';
import { shiftedWeights, START_WEIGHTS, weightsWith } from './weights.ts';

const sumOf = ({ computation, io, network }: Weights): number => computation + io + network;

describe('weights', () => {
  it('move to the class that holds the flow up, a tenth at most per step', () => {
    const moved = shiftedWeights(START_WEIGHTS, { computation: 0, io: 1, network: 0 });
    expect(moved.io).toBeCloseTo(0.321);
    expect(moved.computation).toBeCloseTo(0.388);
    expect(sumOf(moved)).toBeCloseTo(1);
  });

  it('stay where nothing, or everything alike, holds the flow up', () => {
    expect(shiftedWeights(START_WEIGHTS, { computation: 0, io: 0, network: 0 })).toEqual(START_WEIGHTS);
    expect(shiftedWeights(START_WEIGHTS, { computation: 0.7, io: 0.7, network: 0.7 })).toEqual(START_WEIGHTS);
  });

  it('reach most of the whole within minutes, and leave the floor to the others', () => {
    let weights = START_WEIGHTS;
    for (let i = 0; i < 100; i += 1) weights = shiftedWeights(weights, { computation: 0, io: 1, network: 0 });
    expect(weights.io).toBeGreaterThan(0.75);
    expect(Math.min(...Object.values(weights))).toBeGreaterThanOrEqual(0.1 - 1e-9);
  });

  it('sum to 1, keep what is fixed, and never move further than a tenth, whatever the prices', () => {
    const price = fc.double({ min: 0, max: 1, noNaN: true });
    const prices = fc.record({ computation: price, io: price, network: price });
    const fixed = fc.constantFrom({}, { io: 0.5 }, { network: 0 }, { computation: 0.2, io: 0.2 }, { io: 0.95 });
    fc.assert(
      fc.property(fc.array(prices, { minLength: 1, maxLength: 60 }), fixed, (steps, user) => {
        let weights = weightsWith(user, START_WEIGHTS);
        for (const step of steps) {
          const next = shiftedWeights(weights, step, user);
          expect(sumOf(next)).toBeCloseTo(1, 9);
          for (const name of ['computation', 'io', 'network'] as const) {
            const given = (user as Partial<Weights>)[name];
            if (given !== undefined) expect(next[name]).toBe(given);
            expect(next[name]).toBeLessThanOrEqual(weights[name] * 1.1 + 1e-9 + (weights[name] < 0.1 ? 0.1 : 0));
          }
          weights = next;
        }
      }),
    );
  });

  it('share among the free ones what the fixed ones leave', () => {
    expect(weightsWith({ io: 0.3 }, START_WEIGHTS).computation).toBeCloseTo(0.4);
    const two = weightsWith({ io: 0.6 }, START_WEIGHTS);
    expect(two.computation / two.network).toBeCloseTo(4 / 3);
    expect(sumOf(two)).toBeCloseTo(1);
  });
});
