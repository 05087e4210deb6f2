import { expect, it } from 'vitest';
import { NATURAL_BOUNDS } from '../../../control/goal.ts';
import { observationOf } from '../solver-fixtures.ts';
import { behindMs, nextBulk } from './bulk.ts';

const goal = { p95Ms: 30, goal: 'balanced', bounds: NATURAL_BOUNDS } as const;

function after(bulks: readonly number[], edgeEvents: number, before = 0, isShared = false): number {
  return bulks.reduce(
    (known, bulk) => nextBulk(known, observationOf({ bulk }), { edgeEvents }, { ...goal, isShared }),
    before,
  );
}

it('comes from a source that gives more at once than there is room for', () => {
  expect(after([500], 100)).toBe(500);
  expect(after([500, ...new Array<number>(60).fill(1000)], 100)).toBeCloseTo(1000, 0);
});

it('is unknown of one that gives what there is room for', () => {
  expect(after([100, 60], 100)).toBe(0);
});

it('is known for as long as no fewer come together, whatever the room', () => {
  expect(after([60, 0], 1000, 60)).toBe(60);
  expect(after([8], 1000, 60)).toBe(8);
});

it('is what the stage before hands on, in a flow of several', () => {
  expect(after([500], 100, 0, true)).toBe(0);
});

it('makes those wait that do not fit into the first call', () => {
  expect(behindMs(1000, 100, 10)).toBe(85); // 95 % of 1000, less the first 100, at 10 a ms
  expect(behindMs(100, 100, 10)).toBe(0);
});
