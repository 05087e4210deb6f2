import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { waterFill } from './water-fill.ts';

const claim = (weight: number, demand: number, least = 1) => ({ weight, demand, least });

describe('water-filling', () => {
  it('shares in proportion to weight while all ask for more', () => {
    expect(waterFill(10, [claim(4, 100), claim(3, 100), claim(3, 100)])).toEqual([4, 3, 3]);
  });

  it('gives to the others what one does not need', () => {
    expect(waterFill(10, [claim(4, 2), claim(3, 100), claim(3, 100)])).toEqual([2, 4, 4]);
    expect(waterFill(100, [claim(1, 2), claim(1, 3)])).toEqual([2, 3]);
  });

  it('gives everybody its least first', () => {
    expect(waterFill(10, [claim(1000, 100), claim(1, 100, 3)])).toEqual([7, 3]);
  });

  it('is whole, complete, within demands and work-conserving, whatever the claims', () => {
    const anyClaim = fc
      .record({
        weight: fc.double({ min: 0.001, max: 1000, noNaN: true }),
        demand: fc.integer({ min: 1, max: 500 }),
        least: fc.integer({ min: 0, max: 5 }),
      })
      .map(({ weight, demand, least }) => ({ weight, demand: Math.max(demand, least), least }));
    fc.assert(
      fc.property(
        fc.array(anyClaim, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 40, max: 1000 }),
        (claims, total) => {
          const shares = waterFill(total, claims);
          const wanted = claims.reduce((sum, { demand }) => sum + demand, 0);
          expect(shares.reduce((sum, share) => sum + share, 0)).toBe(Math.min(total, wanted));
          for (const [i, share] of shares.entries()) {
            expect(Number.isInteger(share)).toBe(true);
            expect(share).toBeGreaterThanOrEqual(claims[i]?.least ?? 0);
            expect(share).toBeLessThanOrEqual(claims[i]?.demand ?? 0);
          }
        },
      ),
    );
  });
});
