import { expect, test } from 'vitest';
import { figureOf, resultOf } from './document.ts';
import { interleave, ratioOf } from './measure.ts';
import { sampleOf } from './sample.ts';
import { atLeast, atMost, isMet } from './target.ts';

test('a sample quotes the median and shows the extremes', () => {
  expect(sampleOf([3, 1, 2])).toMatchObject({ median: 2, low: 1, high: 3 });
  expect(sampleOf([4, 1, 2, 3]).median).toBe(2.5);
  expect(() => sampleOf([])).toThrow(RangeError);
});

test('a ratio is taken round by round, so that a drift of the machine cancels out', () => {
  const slow = sampleOf([10, 20, 40]);
  const fast = sampleOf([5, 10, 20]);
  expect(ratioOf(slow, fast)).toMatchObject({ median: 2, low: 2, high: 2 });
});

test('a target is met at the bound itself and never by something that is not a number', () => {
  expect(isMet(atLeast(2), 2)).toBe(true);
  expect(isMet(atLeast(2), 1.99)).toBe(false);
  expect(isMet(atMost(2), 2)).toBe(true);
  expect(isMet(atMost(2), 2.01)).toBe(false);
  expect(isMet(atMost(2), NaN)).toBe(false);
  expect(isMet(atMost(2), null)).toBe(false);
});

test('a target that was not measured is in the document, with value null, as missed', () => {
  const target = { name: 'ii', metric: 'ratio', unit: 'x', ...atLeast(0.8) };
  expect(resultOf(target, null)).toEqual({ ...target, value: null, pass: false });
  expect(resultOf(target, 0.9)).toEqual({ ...target, value: 0.9, pass: true });
  expect(figureOf({ name: 'a', metric: 'm', unit: 'x' }, Infinity).value).toBeNull();
});

test('variants alternate, in another order each round, and warm-up rounds are thrown away', async () => {
  const calls: string[] = [];
  const variant = (name: string) => () => {
    calls.push(name);
    return 1;
  };
  const result = await interleave({ rounds: 2, warmup: 1 }, { a: variant('a'), b: variant('b') });
  expect(calls.join('')).toBe('abbaab');
  expect(result.a.values).toHaveLength(2);
});

test('a lead-in runs right before each run', async () => {
  const calls: string[] = [];
  const leadIn = (name: string) => calls.push(`before ${name}`);
  const run = (): number => calls.push('run');
  await interleave({ rounds: 1, warmup: 0, leadIn }, { a: run, b: run });
  expect(calls).toEqual(['before a', 'run', 'before b', 'run']);
});
