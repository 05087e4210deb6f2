import { expect, test } from 'vitest';
import { boundsOf, type OverflowPolicy } from './bounds.ts';
import { LiveRows } from './live-rows.ts';
import { Overflow } from './overflow.ts';

/** Rows of keys 0, 1, 2, ... opened at these times; those of `advanced` hold more than one event. */
function rowsOf(times: readonly number[], advanced: readonly number[] = []): LiveRows<unknown> {
  const rows = new LiveRows();
  for (const [key, ms] of times.entries()) {
    const row = rows.add(-1, key, -1, 0, ms);
    if (advanced.includes(key)) rows.partition[row] = 0;
  }
  return rows;
}

function gone(rows: LiveRows<unknown>, whenFull: OverflowPolicy, count: number): unknown[] {
  const overflow = new Overflow(rows, boundsOf({ whenFull }, 'patterns'));
  return Array.from({ length: count }, () => {
    const row = overflow.victim();
    if (row === undefined) return undefined;
    const key = rows.keyOf(row);
    rows.remove(row);
    return key;
  });
}

test('the oldest goes first', () => {
  expect(gone(rowsOf([5, 3, 9, 4]), 'shedOldest', 5)).toEqual([1, 3, 0, 2, undefined]);
});

test('or the least advanced, of these the oldest', () => {
  expect(gone(rowsOf([5, 3, 9, 4], [1, 3]), 'shedLeastAdvanced', 4)).toEqual([0, 2, 1, 3]);
});

test('many are chosen at once, the oldest still first, and those that are over meanwhile are passed over', () => {
  const times = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000);
  const rows = rowsOf(times);
  const overflow = new Overflow(rows, boundsOf({}, 'patterns'));
  const opened: number[] = [];
  for (let round = 0; round < 30; round += 1) {
    const row = overflow.victim() ?? -1;
    opened.push(rows.openedMs[row] ?? -1);
    rows.remove(row);
    // Its place is taken by a newer one, and another of the oldest ends by itself.
    rows.add(-1, 1000 + round, -1, 0, 1000 + round);
    const over = [...rows.all()].find((other) => rows.openedMs[other] === 2 * round + 1);
    if (over !== undefined) rows.remove(over);
  }
  expect(opened).toEqual(Array.from({ length: 30 }, (_, round) => 2 * round));
});

test('nothing goes where newcomers are refused', () => {
  expect(gone(rowsOf([1, 2]), 'reject', 1)).toEqual([undefined]);
  expect(gone(rowsOf([1, 2]), 'error', 1)).toEqual([undefined]);
});
