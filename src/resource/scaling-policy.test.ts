import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepScaling, UNSCALED, type ScalingPolicies } from './scaling-policy.ts';

const POLICIES: ScalingPolicies = {
  scaleUp: { threshold: 0.8, durationMs: 1000, cooldownMs: 3000, step: 2 },
  scaleDown: { threshold: 0.3, durationMs: 5000, cooldownMs: 10_000, step: 1 },
};

/** Units after each 100 ms under these uses. */
function scaled(uses: readonly number[], units = 4, range = { min: 1, max: 10 }): number[] {
  let state = UNSCALED;
  return uses.map((utilization, i) => {
    const step = stepScaling(POLICIES, state, { at: i * 100, utilization, units, ...range });
    ({ state, units } = step);
    return units;
  });
}

describe('a scaling policy', () => {
  it('adds its step once the use was above the threshold for the whole duration', () => {
    const units = scaled(new Array<number>(12).fill(0.9));
    expect(units.indexOf(6)).toBe(10);
  });

  it('starts counting anew with every sample that is not above', () => {
    const uses = new Array<number>(30).fill(0.9).map((use, i) => (i % 9 === 8 ? 0.7 : use));
    expect(new Set(scaled(uses))).toEqual(new Set([4]));
  });

  it('waits for the cool-down between two steps, and never leaves the range', () => {
    const units = scaled(new Array<number>(200).fill(1));
    expect(units.indexOf(6)).toBe(10);
    expect(units.indexOf(8)).toBe(40);
    expect(Math.max(...units)).toBe(10);
  });

  it('takes away what is not used, later than it added', () => {
    const units = scaled(new Array<number>(300).fill(0.1));
    expect(units.indexOf(3)).toBe(50);
    expect(units.indexOf(2)).toBe(150);
  });

  it('keeps two steps apart by the cool-down of the later one, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0.1, 0.5, 0.95), { minLength: 50, maxLength: 400 }), (uses) => {
        const held = uses.flatMap((use) => new Array<number>(12).fill(use));
        const units = scaled(held);
        let last = -Infinity;
        for (let i = 1; i < units.length; i += 1) {
          const change = (units[i] as number) - (units[i - 1] as number);
          if (change === 0) continue;
          expect(i * 100 - last).toBeGreaterThanOrEqual(change > 0 ? 3000 : 10_000);
          last = i * 100;
        }
      }),
      { numRuns: 30 },
    );
  });

  it('brings units into their range at once when the range has moved', () => {
    expect(stepScaling({}, UNSCALED, { at: 0, utilization: 0.5, units: 20, min: 1, max: 8 }).units).toBe(8);
  });
});
