import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Countable, DistinctSketch } from './distinct-sketch.ts';

function sketchOf(values: Iterable<Countable>): DistinctSketch {
  const sketch = new DistinctSketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

function* range(from: number, to: number, make: (i: number) => Countable): Generator<Countable> {
  for (let i = from; i < to; i += 1) yield make(i);
}

const KINDS: readonly (readonly [string, (i: number) => Countable])[] = [
  ['integers', (i): Countable => i],
  ['fractions', (i): Countable => i / 1000],
  ['ids', (i): Countable => `user-${i}`],
  ['hexadecimal ids', (i): Countable => i.toString(16).padStart(12, '0')],
  ['bigints', (i): Countable => BigInt(i) << 70n],
];

describe('DistinctSketch', () => {
  it('is exact up to 1,024 values, of which 1, "1", 1n and true are four', () => {
    const value = fc.oneof(
      fc.integer(),
      fc.string(),
      fc.boolean(),
      fc.bigInt(),
      fc.constantFrom(1, '1', 1n, true, Number.NaN, 0, -0),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 300 }), (values) => {
        expect(sketchOf(values).count()).toBe(new Set(values).size);
      }),
    );
    expect(sketchOf(range(0, 1024, (i) => `${i}`)).count()).toBe(1024);
  });

  it.each(KINDS)('is within three standard errors (2.4 %% ) for %s at any size', (_, make) => {
    const sketch = new DistinctSketch();
    let from = 0;
    for (const size of [1025, 2000, 5000, 12_000, 30_000, 50_000, 100_000, 200_000]) {
      for (const value of range(from, size, make)) sketch.add(value);
      from = size;
      expect(Math.abs(sketch.count() / size - 1)).toBeLessThan(0.0244);
    }
  });

  it('does not count a value twice', () => {
    const twice = sketchOf([...range(0, 5000, (i) => i), ...range(0, 5000, (i) => i)]);
    expect(twice.count()).toBe(sketchOf(range(0, 5000, (i) => i)).count());
  });

  it.each([
    [100, 200],
    [100, 5000],
    [5000, 100],
    [5000, 9000],
  ])('answers the same merged as fed directly: %i and %i values', (a, b) => {
    const merged = sketchOf(range(0, a, (i) => `v${i}`));
    const other = sketchOf(range(50, b, (i) => `v${i}`));
    const before = other.count();
    merged.merge(other);
    expect(merged.count()).toBe(sketchOf([...range(0, a, (i) => `v${i}`), ...range(50, b, (i) => `v${i}`)]).count());
    expect(other.count()).toBe(before);
  });
});
