import { expect, it } from 'vitest';
import { othersShare, processOf, ticksOf } from './contention.ts';

it('takes what is neither idle nor ours as that of others, steal with it', () => {
  const before = { all: 0, busy: 0, stolen: 0, own: 0 };
  expect(othersShare(before, { all: 1000, busy: 500, stolen: 0, own: 500 })).toBe(0);
  expect(othersShare(before, { all: 1000, busy: 500, stolen: 50, own: 300 })).toBe(0.25);
  expect(othersShare(before, { all: 1000, busy: 500, stolen: 0, own: 503 })).toBe(0);
});

it('reads a process whose name holds brackets and blanks', () => {
  const stat = '42 (a (b) c) S 7 42 42 0 -1 4194560 100 0 0 0 11 13 17 19 20 0 1 0 5 0 0';
  expect(processOf(42, stat)).toEqual({ id: 42, parent: 7, ticks: 60 });
});

it('counts a process and all below it', () => {
  const all = [
    { id: 1, parent: 0, ticks: 1000 },
    { id: 2, parent: 1, ticks: 1 },
    { id: 3, parent: 2, ticks: 2 },
    { id: 4, parent: 3, ticks: 4 },
    { id: 5, parent: 1, ticks: 100 },
  ];
  expect(ticksOf(2, all)).toBe(7);
});
