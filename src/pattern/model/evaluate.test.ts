import { expect, test } from 'vitest';
import { aggregatesIn, eventCheck, fieldOf, isOfType, looksAtEventOnly } from './evaluate.ts';
import type { Comparison, Predicate, Term } from './predicate.ts';

const compare = (left: Term, operator: Comparison, right: Term, event: unknown = {}): boolean =>
  eventCheck({ cmp: [left, operator, right] })(event);

test.each<[Term, Comparison, Term, boolean]>([
  [1, '==', 1, true],
  ['1', '==', 1, false],
  [null, '==', null, true],
  [1, '!=', 2, true],
  [1, '<', 2, true],
  [2, '<=', 2, true],
  [3, '>', 2, true],
  [2, '>=', 3, false],
  ['a', '<', 'b', true],
  ['a', '<', 1, false],
  ['1', '>', 0, false],
  [true, '>=', true, false],
  ['foobar', 'contains', 'oba', true],
  ['foobar', 'startsWith', 'foo', true],
  ['foobar', 'startsWith', 'bar', false],
  [1, 'contains', 1, false],
  [Number.NaN, '<=', Number.NaN, false],
])('%j %s %j is %s', (left, operator, right, expected) => {
  expect(compare(left, operator, right)).toBe(expected);
});

test('a field that is missing or inherited is undefined and compares false', () => {
  expect(compare({ field: 'price' }, '>', 1, { price: 2 })).toBe(true);
  expect(compare({ field: 'price' }, '>', 1, {})).toBe(false);
  expect(compare({ field: 'price' }, '!=', 1, {})).toBe(true);
  expect(compare({ field: 'toString' }, '!=', null, {})).toBe(true);
  expect(fieldOf({}, 'toString')).toBeUndefined();
  expect(fieldOf(Object.create({ price: 1 }), 'price')).toBeUndefined();
  expect(fieldOf('text', 'length')).toBeUndefined();
});

test('and, or, not and functions combine', () => {
  const big: Predicate<{ price: number }> = { cmp: [{ field: 'price' }, '>', 10] };
  const even: Predicate<{ price: number }> = { call: ({ price }) => price % 2 === 0 };
  const check = eventCheck({ and: [big, { or: [even, { not: { true: true } }] }] });
  expect([{ price: 12 }, { price: 13 }, { price: 2 }].map((event) => check(event))).toEqual([true, false, false]);
});

test('a type is the field, the class, or a class that it extends', () => {
  class Base {
    price = 1;
  }
  class Sub extends Base {}
  expect(isOfType({ type: 'SubEvent' }, 'SubEvent')).toBe(true);
  expect(isOfType({ type: 'Event' }, 'SubEvent')).toBe(false);
  expect(isOfType(new Sub(), 'Base')).toBe(true);
  expect(isOfType(new Base(), 'Sub')).toBe(false);
  expect(isOfType({}, 'Object')).toBe(false);
  expect(isOfType(undefined, 'Base')).toBe(false);
});

test('what looks at earlier events is told from what does not, and refused where there are none', () => {
  const running: Predicate = { cmp: [{ agg: 'sum', of: 'a', field: 'price' }, '<', 5] };
  expect(looksAtEventOnly({ and: [{ isType: 'x' }, { not: running }] })).toBe(false);
  expect(looksAtEventOnly({ callWithSeen: () => true })).toBe(false);
  expect(looksAtEventOnly({ or: [{ isType: 'x' }, { call: () => true }] })).toBe(true);
  expect(aggregatesIn({ not: { or: [running, { true: true }] } })).toEqual([{ agg: 'sum', of: 'a', field: 'price' }]);
  expect(() => eventCheck(running)({})).toThrow(TypeError);
});
