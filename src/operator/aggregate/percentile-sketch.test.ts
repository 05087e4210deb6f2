import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PercentileSketch } from './percentile-sketch.ts';

const QUANTILES = [0, 0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 1];

function sketchOf(values: readonly number[]): PercentileSketch {
  const sketch = new PercentileSketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

function exact(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * values.length)) - 1] as number;
}

/** Within the documented 1 % of the value of that rank. */
function expectWithin(sketch: PercentileSketch, values: readonly number[]): void {
  for (const q of QUANTILES) {
    const truth = exact(values, q);
    expect(Math.abs(sketch.quantile(q) - truth)).toBeLessThanOrEqual(0.01 * Math.abs(truth));
  }
}

// 12 decades, both signs, zero: less than the factor of 10^17 beyond which small ones share a bucket.
const magnitude = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const value = fc.oneof(
  magnitude,
  magnitude.map((x) => -x),
  fc.constant(0),
  fc.integer({ min: -100, max: 100 }),
);

describe('PercentileSketch', () => {
  it('is exact for few values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 32 }),
        (values) => {
          for (const q of QUANTILES) expect(sketchOf(values).quantile(q)).toBe(exact(values, q));
        },
      ),
    );
  });

  it('is within 1 % of the value at the rank, whatever the signs and sizes', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 33, maxLength: 400 }), (values) => {
        expectWithin(sketchOf(values), values);
      }),
    );
  });

  it('answers the same merged as fed directly', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 200 }), fc.array(value, { maxLength: 200 }), (a, b) => {
        const merged = sketchOf(a);
        const other = sketchOf(b);
        merged.merge(other);
        const direct = sketchOf([...a, ...b]);
        for (const q of QUANTILES) expect(merged.quantile(q)).toBe(direct.quantile(q));
        if (b.length > 0) expect(other.quantile(0.5)).toBe(sketchOf(b).quantile(0.5));
      }),
    );
  });

  it('keeps the upper ranks within 1 % when the span is beyond its buckets', () => {
    const values = Array.from({ length: 2000 }, (_, i) => (i < 200 ? 1e-300 * (i + 1) : 1e3 + i));
    const sketch = sketchOf([...values.slice(1000), ...values.slice(0, 1000)]);
    for (const q of [0.2, 0.5, 0.95, 1]) {
      expect(Math.abs(sketch.quantile(q) / exact(values, q) - 1)).toBeLessThanOrEqual(0.01);
    }
    expect(sketch.quantile(0)).toBe(1e-300);
  });

  it('answers at the ends of the doubles', () => {
    const values = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? Number.MAX_VALUE : -Number.MAX_VALUE));
    expectWithin(sketchOf(values), values);
    expect(new PercentileSketch().quantile(0.5)).toBeNaN();
  });
});
