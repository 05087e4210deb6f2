import { expect, it } from 'vitest';
import { observationOf } from './solver-fixtures.ts';
import { budgetOf, FIRST_TRIM, noteFailures, type TrimState } from './trim.ts';

/** So many periods of ten calls, of whose events a share fails. */
function failing(share: number, periods: number, from: TrimState = FIRST_TRIM): TrimState {
  const observation = observationOf({ calls: 10, done: 1000 * (1 - share), failed: 1000 * share });
  let state = from;
  for (let i = 0; i < periods; i += 1) state = noteFailures(state, observation);
  return state;
}

it('leaves a prediction its share of the target where at most one event in twenty is repeated', () => {
  expect(budgetOf(failing(0, 50))).toBe(FIRST_TRIM.budget);
  expect(budgetOf(failing(0.05, 50))).toBe(FIRST_TRIM.budget);
});

it.each([
  [0.1, 1.3],
  [0.3, 2.49],
  [0.9, 3],
])('divides it by the calls of the event at p95 where a share of %s fails', (share, calls) => {
  expect(FIRST_TRIM.budget / budgetOf(failing(share, 100))).toBeCloseTo(calls, 2);
});

it('follows within some hundred calls, both ways', () => {
  expect(FIRST_TRIM.budget / budgetOf(failing(0.3, 20))).toBeGreaterThan(2);
  expect(budgetOf(failing(0, 30, failing(0.3, 100)))).toBe(FIRST_TRIM.budget);
});

it('learns nothing while the target is away', () => {
  expect(failing(1, 50)).toBe(FIRST_TRIM);
});
