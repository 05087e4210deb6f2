import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram, mean, quantile, shifted } from './histogram.ts';

describe('Histogram', () => {
  it('is within 1.7 % of the exact quantile', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.002, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const histogram = new Histogram();
        for (const value of values) histogram.record(value);
        const sorted = [...values].sort((a, b) => a - b);
        for (const q of [0.5, 0.95, 0.99]) {
          const exact = sorted[Math.max(0, Math.ceil(q * values.length) - 1)] as number;
          expect(Math.abs((quantile(histogram, q) as number) / exact - 1)).toBeLessThan(0.017);
        }
      }),
    );
  });

  it('counts a weight as that many equal values', () => {
    const weighted = new Histogram();
    weighted.record(3, 4);
    const single = new Histogram();
    for (let i = 0; i < 4; i += 1) single.record(3);
    expect(weighted.data()).toEqual(single.data());
    expect(mean(weighted)).toBe(3);
  });

  it('adds up', () => {
    const a = new Histogram();
    const b = new Histogram();
    a.record(1, 10);
    b.record(100, 10);
    a.add(b.data());
    expect(a.count).toBe(20);
    expect(a.max).toBe(100);
    expect(quantile(a, 0.25)).toBeCloseTo(1, 1);
  });

  it('is undefined when empty and clamps at its ends', () => {
    const histogram = new Histogram();
    expect(quantile(histogram, 0.5)).toBeUndefined();
    expect(mean(histogram)).toBeUndefined();
    histogram.record(0);
    histogram.record(1e12);
    expect(histogram.count).toBe(2);
    expect(quantile(histogram, 1)).toBeGreaterThan(1e6);
  });

  it('is the same less a constant when it is shifted, and never below 0', () => {
    const histogram = new Histogram();
    for (const value of [5, 20, 30, 40]) histogram.record(value, 10);
    const less = shifted(histogram, 10);
    expect(less.count).toBe(40);
    expect(quantile(less, 0.1)).toBeCloseTo(0, 2);
    expect(Math.abs((quantile(less, 0.5) ?? 0) - 10)).toBeLessThan(0.7);
    expect(Math.abs((quantile(less, 0.95) ?? 0) - 30)).toBeLessThan(1.5);
  });
});
