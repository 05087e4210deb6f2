import { expect, test } from 'vitest';
import type { Predicate } from '../model/predicate.ts';
import { PredicateNetwork } from './predicate-network.ts';

const isSell: Predicate = { cmp: [{ field: 'type' }, '==', 'SELL'] };
const isDear: Predicate = { cmp: [{ field: 'price' }, '>=', 100] };

test('equal predicates have one number, however they are written', () => {
  const table = new PredicateNetwork().table();
  const id = table.idOf({ and: [isSell, isDear] });
  expect(table.idOf({ and: [isDear, { and: [isSell, { true: true }, isSell] }] })).toBe(id);
  expect(table.idOf({ not: { not: { and: [isSell, isDear] } } })).toBe(id);
  expect(
    table.idOf({ and: [{ cmp: ['SELL', '==', { field: 'type' }] }, { cmp: [100, '<=', { field: 'price' }] }] }),
  ).toBe(id);
  expect(table.idOf({ or: [isSell, isDear] })).not.toBe(id);
  expect(table.idOf({ cmp: [{ field: 'price' }, '>=', '100'] })).not.toBe(table.idOf(isDear));
});

test('functions are equal when they are the same, and are called once per event', () => {
  const network = new PredicateNetwork();
  const table = network.table();
  const asked: unknown[] = [];
  const call = (event: unknown) => asked.push(event) > 0;
  const id = table.idOf({ call });
  expect(table.idOf({ call })).toBe(id);
  const not = table.idOf({ not: { call } });
  for (const event of [1, 2]) {
    network.turnTo(event);
    expect([network.holds(id), network.holds(not), network.holds(id)]).toEqual([true, false, true]);
  }
  expect(asked).toEqual([1, 2]);
});

test('a field is read once per event', () => {
  let reads = 0;
  const event = {
    get price() {
      reads += 1;
      return 7;
    },
  };
  const network = new PredicateNetwork();
  const table = network.table();
  const ids = [1, 5, 9].map((bound) => table.idOf({ cmp: [{ field: 'price' }, '>', bound] }));
  network.turnTo(event);
  expect(ids.map((id) => network.holds(id))).toEqual([true, true, false]);
  expect(reads).toBe(1);
});

test('a predicate stays as long as somebody holds it, and then makes room', () => {
  const network = new PredicateNetwork();
  const [first, second] = [network.table(), network.table()];
  const shared = first.idOf(isSell);
  const whole = first.idOf({ and: [isSell, isDear] });
  expect(second.idOf(isSell)).toBe(shared);
  expect(network.size).toBe(3);
  first.release();
  expect(network.size).toBe(1);
  network.turnTo({ type: 'SELL' });
  expect(network.holds(shared)).toBe(true);
  expect(second.idOf({ or: [isSell, { isType: 'x' }] })).not.toBe(shared);
  second.release();
  expect(network.size).toBe(0);
  expect(whole).toBeGreaterThan(shared);
});

test('a predicate over earlier events is refused', () => {
  const table = new PredicateNetwork().table();
  expect(() => table.idOf({ cmp: [{ field: 'price' }, '>', { agg: 'last', of: 'a', field: 'price' }] })).toThrow(
    TypeError,
  );
  expect(() => table.idOf({ callWithSeen: () => true })).toThrow(TypeError);
});
