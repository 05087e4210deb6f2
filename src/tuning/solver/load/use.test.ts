import { expect, it } from 'vitest';
import type { StageObservation } from '../../../control/observation.ts';
import { observationOf } from '../solver-fixtures.ts';
import { ALL_IN_USE, withUse, type Use } from './use.ts';

function after(periods: number, some: Partial<StageObservation>, before: Use = ALL_IN_USE): Use {
  let use = before;
  for (let i = 0; i < periods; i += 1) use = withUse(use, observationOf({ done: 1000, ...some }));
  return use;
}

it('calls that stand idle for a third of the time are held, those that are always in flight are not', () => {
  expect(after(20, { busyRatio: 0.65 })).toMatchObject({ isHeld: true, rate: 10 });
  expect(after(20, { busyRatio: 0.95 }).isHeld).toBe(false);
  expect(after(1, { busyRatio: 0.2 }).isHeld).toBe(false); // one period is no habit
});

it('what is neither stays as it was', () => {
  expect(after(20, { busyRatio: 0.8 }).isHeld).toBe(false);
  expect(after(20, { busyRatio: 0.8 }, after(20, { busyRatio: 0.5 })).isHeld).toBe(true);
});

it('a target that refuses, or calls that wait to be repeated, explain idle calls', () => {
  expect(after(20, { busyRatio: 0.3, gate: 'closed' }).isHeld).toBe(false);
  expect(after(20, { busyRatio: 0.3, waitingRetries: 1 }).isHeld).toBe(false);
});

it('what was idle for that reason does not count once it is over', () => {
  const refused = after(20, { busyRatio: 0.05, waitingRetries: 5 });
  expect(after(1, { busyRatio: 0.9 }, refused).isHeld).toBe(false);
});
