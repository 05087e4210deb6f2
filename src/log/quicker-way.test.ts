import { expect, test } from 'vitest';
import { QuickerWay } from './quicker-way.ts';

type Way = 'a' | 'b';

/** @returns how many of `turns` took each way */
function taken(ways: QuickerWay<Way>, turns: number, timeOf: (way: Way, turn: number) => number): Record<Way, number> {
  const counts = { a: 0, b: 0 };
  for (let turn = 0; turn < turns; turn += 1) {
    const way = ways.next();
    counts[way] += 1;
    ways.took(way, timeOf(way, turn));
  }
  return counts;
}

test.each<Way>(['a', 'b'])(
  'the quicker way (%s) is taken, and the other one for a hundredth of the time',
  (quicker) => {
    const ways = new QuickerWay<Way>(['a', 'b']);
    const timeOf = (way: Way): number => (way === quicker ? 1 : 3);
    taken(ways, 5000, timeOf);
    const slower = taken(ways, 20_000, timeOf)[quicker === 'a' ? 'b' : 'a'];
    expect((slower * 2) / 20_000).toBeCloseTo(0.01, 3);
  },
);

test('two that are as quick are looked at often, and a look is two times in 32', () => {
  const { a, b } = taken(new QuickerWay<Way>(['a', 'b']), 3200, () => 1);
  expect(Math.min(a, b)).toBe(199);
});

test('the other one is taken soon after it has become the quicker one', () => {
  const ways = new QuickerWay<Way>(['a', 'b']);
  taken(ways, 1000, (way) => (way === 'a' ? 1 : 1.5));
  expect(taken(ways, 400, (way) => (way === 'a' ? 3 : 1.5)).b).toBeGreaterThan(370);
});

test('that one time of ten is a hundred times as long changes nothing, be it the first', () => {
  const counts = taken(new QuickerWay<Way>(['a', 'b']), 2000, (way, turn) =>
    turn % 10 === 0 ? 100 : way === 'a' ? 1 : 2,
  );
  expect(counts.a).toBeGreaterThan(1700);
});

test('a way that has failed is not taken again until the other one has, too', () => {
  const ways = new QuickerWay<Way>(['a', 'b']);
  expect(ways.next()).toBe('a');
  ways.failed('a');
  expect(taken(ways, 5000, () => 1)).toEqual({ a: 0, b: 5000 });
  ways.failed('b');
  expect(taken(ways, 5000, () => 1)).toEqual({ a: 5000, b: 0 });
});
