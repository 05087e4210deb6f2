import { expect, test } from 'vitest';
import { Alarms } from './alarms.ts';
import { LiveRows, NO_ROW } from './live-rows.ts';

test('rows that come and go within one time leave no more timers behind than there are rows', () => {
  const rows = new LiveRows();
  const alarms = new Alarms(rows, Infinity);
  for (let life = 0; life < 10_000; life += 1) {
    const row = rows.add(-1, 'x', -1, 0, 0);
    // Two windows take turns.
    alarms.set(row, life % 2 === 0 ? 50 : 70, 0);
    expect(alarms.size).toBeLessThanOrEqual(1100);
    if (life < 9_999) rows.remove(row);
  }
  expect([alarms.next(69), alarms.next(70), alarms.dueMs, alarms.next(1000)]).toEqual([NO_ROW, 0, 70, NO_ROW]);
});

test('a row expires that nothing has changed for so long, however far its deadline is', () => {
  const rows = new LiveRows();
  const alarms = new Alarms(rows, 10);
  const row = rows.add(-1, 'x', -1, 0, 0);
  alarms.set(row, 100, 0);
  expect([alarms.nextMs, alarms.isSet(row), alarms.touchedMs(row)]).toEqual([10, false, 0]);
  alarms.set(row, 100, 5);
  expect([alarms.next(10), alarms.dueMs, alarms.touchedMs(row)]).toEqual([row, 10, 5]);
  alarms.set(row, 100, 5);
  expect([alarms.next(14), alarms.next(15)]).toEqual([NO_ROW, row]);
});

test('rows that are numbered anew are woken at their times', () => {
  const rows = new LiveRows();
  const alarms = new Alarms(rows, Infinity);
  const added = Array.from({ length: 5000 }, (_, key) => rows.add(-1, key, -1, 0, 0));
  for (const row of added) alarms.set(row, 10 + row, 0);
  for (const row of added) if (row % 1000 !== 7) rows.remove(row);
  expect(rows.isSparse).toBe(true);
  alarms.move(rows.compact());
  const woken: unknown[] = [];
  for (let row = alarms.next(9000); row !== NO_ROW; row = alarms.next(9000))
    woken.push([rows.keyOf(row), alarms.dueMs]);
  expect(woken).toEqual([7, 1007, 2007, 3007, 4007].map((key) => [key, 10 + key]));
});
