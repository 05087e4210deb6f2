import { expect, it } from 'vitest';
import type { CallSample } from '../../../control/observation.ts';
import { observationOf } from '../solver-fixtures.ts';
import { leastMs, NONE_UNENDED, unended, type Unended } from './unended.ts';

const call = (startedAt: number, durationMs: number): CallSample => ({
  batch: 10,
  inFlightAtStart: 4,
  inFlightMean: 4,
  durationMs,
  outcome: 'ok',
  endedAt: startedAt + durationMs,
});

/** Four calls start at 0 and none of them ends. */
function held(periods: number): Unended {
  let state = unended(NONE_UNENDED, observationOf({ at: 100, inFlight: 4 }), 0, true);
  for (let i = 2; i <= periods; i += 1) state = unended(state, observationOf({ at: 100 * i, inFlight: 4 }), 0, false);
  return state;
}

it('calls that do not end tell, period by period, that they last longer', () => {
  expect(leastMs(held(5))).toBeGreaterThan(400);
  expect(leastMs(held(10))).toBeGreaterThan(900);
});

it('where calls end, the bound is not above what they last', () => {
  let state: Unended = { ...NONE_UNENDED, inFlight: 1 };
  for (let i = 1; i <= 20; i += 1) {
    const samples = [call(100 * i - 100, 50), call(100 * i - 50, 50)];
    state = unended(state, observationOf({ at: 100 * i, inFlight: 1, samples }), 0, false);
  }
  expect(leastMs(state)).toBeLessThanOrEqual(50);
});

it('calls that started before the stay are not its own', () => {
  const before = held(5);
  const fresh = unended(before, observationOf({ at: 600, inFlight: 4 }), 500, true);
  expect(fresh).toMatchObject({ former: 4, own: 0, tookMs: 0 });
  const samples = [call(0, 650), call(0, 660)];
  const later = unended(fresh, observationOf({ at: 700, inFlight: 4, samples }), 500, false);
  expect(later).toMatchObject({ former: 2, own: 2, ended: 0 });
  expect(leastMs(later)).toBeLessThanOrEqual(100);
});
