import { expect, it } from 'vitest';
import { observationOf } from './solver-fixtures.ts';
import { Histogram } from '../../stats/histogram.ts';
import { systemRandom } from '../../host/random.ts';
import { budgetOf, FIRST_TRIM, noteFailures, trim, type TrimState } from './trim.ts';

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

/** A plant whose p95 goes with the budget: 1.05 of the target at FIRST_TRIM's, by `swing` more or less from second to second. */
function trimmed(swing: number): number {
  let state = FIRST_TRIM;
  let sum = 0;
  for (let i = 0; i < 3000; i += 1) {
    const ratio = (1.05 * state.budget) / FIRST_TRIM.budget;
    const latency = new Histogram();
    latency.record(100 * ratio * (Math.floor(i / 10) % 2 === 0 ? 1 + swing : 1 - swing), 100);
    const observation = observationOf({ at: 100 * i, calls: 50, latency: latency.data() });
    state = trim(state, { observation, targetMs: 100, used: 1, delayPeriods: 1 });
    if (i >= 2000) sum += ratio;
  }
  return sum / 1000;
}

it('holds p95 just below the target, and lower the more its seconds differ', () => {
  expect(trimmed(0)).toBeCloseTo(0.97, 1);
  expect(trimmed(0.2)).toBeLessThan(0.95);
  expect(trimmed(0.3)).toBeLessThan(trimmed(0.2) - 0.02);
  expect(trimmed(0.3)).toBeGreaterThan(0.7);
});

it('stays a number where events took no time at all', () => {
  const latency = new Histogram();
  latency.record(0, 100);
  const observation = observationOf({ calls: 50, latency: latency.data() });
  const input = { observation, targetMs: 100, used: 1, delayPeriods: 1 };
  const { budget, seconds } = trim(trim(FIRST_TRIM, input), input);
  expect(budget).toBeGreaterThan(FIRST_TRIM.budget);
  expect(Object.values(seconds).every(Number.isFinite)).toBe(true);
});

it('keeps one event in twenty late where so few calls end in a period that their p95 is the longest of them', () => {
  const random = systemRandom(1);
  let state = FIRST_TRIM;
  let late = 0;
  for (let i = 0; i < 20_000; i += 1) {
    const latency = new Histogram();
    for (let call = 0; call < 4; call += 1) {
      const normal = Array.from({ length: 12 }, random).reduce((sum, each) => sum + each, -6);
      const ms = 80 * state.budget * Math.exp(0.2 * normal);
      latency.record(ms, 100);
      if (i >= 10_000 && ms > 100) late += 1 / 40_000;
    }
    const observation = observationOf({ at: 100 * i, calls: 4, latency: latency.data() });
    state = trim(state, { observation, targetMs: 100, used: 1, delayPeriods: 4 });
  }
  expect(late).toBeGreaterThan(0.03);
  expect(late).toBeLessThan(0.06);
});

/** One period of twelve calls whose events took so much of a target of 100 ms, at a point that is predicted to use all of the budget. */
function after(budget: number, ratio: number, usual?: number): number {
  const latency = new Histogram();
  latency.record(100 * ratio, 100);
  const observation = observationOf({ calls: 12, latency: latency.data() });
  return trim({ ...FIRST_TRIM, budget }, { observation, targetMs: 100, used: 1, usual, delayPeriods: 1 }).budget;
}

it('takes back at once, while the target is disturbed, what it was trimmed by, as far as what is measured leaves room', () => {
  expect(after(0.5, 0.5)).toBeCloseTo(0.5, 1);
  expect(after(0.5, 0.5, 0.9)).toBe(0.9);
  expect(after(0.5, 0.7, 0.9)).toBeCloseTo((0.5 * 0.97) / 0.7, 3);
  expect(after(0.95, 0.5, 0.9)).toBeGreaterThan(0.95); // not down to it
  expect(after(0.5, 1.5, 0.9)).toBeLessThan(0.5); // it is still late
});
