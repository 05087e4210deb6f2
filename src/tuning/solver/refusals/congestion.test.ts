import { beforeEach, expect, it } from 'vitest';
import type { CallSample } from '../../../control/observation.ts';
import { observationOf } from '../solver-fixtures.ts';
import { isCongested, nextCongestion, NO_CONGESTION, type Congestion } from './congestion.ts';

const CALL_MS = 100;
const LIMIT_MS = 1000;

let at = 0;
beforeEach(() => {
  at = 0;
});

/** A target that serves `servers` calls at once, each in 100 ms, lets the others run into a time limit of 1 s, and a share of all. */
function target(servers: number, failing = 0): (state: Congestion, slots: number, seconds: number) => Congestion {
  return (state, slots, seconds) => {
    const useful = Math.min(slots, servers) * (1 - failing);
    const call = (outcome: CallSample['outcome'], durationMs: number): CallSample => {
      return { batch: 1, inFlightAtStart: slots, inFlightMean: slots, durationMs, outcome, endedAt: at };
    };
    let now = state;
    for (let period = 0; period < 10 * seconds; period += 1) {
      at += 100;
      const samples = Array.from({ length: Math.round(useful) }, () => call('ok', CALL_MS));
      // Those of a second end together.
      const failed = Array.from({ length: period % 10 === 9 ? Math.round(slots - useful) : 0 }, () =>
        call('failed', LIMIT_MS),
      );
      const observation = observationOf({ at, samples: [...samples, ...failed], inFlight: slots, busyRatio: 1 });
      now = nextCongestion(now, observation, slots);
    }
    return now;
  };
}

it('grants as many slots as were of use, where far fewer in a hundred are than of a smaller number', () => {
  const during = target(5);
  const few = during(NO_CONGESTION, 4, 1);
  expect(few.bound).toBeUndefined();
  const many = during(few, 32, 1);
  expect(many).toMatchObject({ bound: 5 });
  expect(isCongested(many)).toBe(true);
});

it('knows of a stay of one period, where calls are short', () => {
  const during = target(5);
  const calls = (durationMs: number) => {
    const sample = { batch: 1, inFlightAtStart: 4, inFlightMean: 4, durationMs, outcome: 'ok', endedAt: 100 } as const;
    return observationOf({ at: 100, samples: [sample], calls: 400 / durationMs, busyRatio: 1 });
  };
  at = 100;
  expect(during(nextCongestion(NO_CONGESTION, calls(4), 4), 32, 1).bound).toBe(5);
  at = 100;
  expect(during(nextCongestion(NO_CONGESTION, calls(40), 4), 32, 1).bound).toBeUndefined();
});

it('bounds nothing where calls fail at random, nor where none fail', () => {
  const flaky = target(Infinity, 0.3);
  expect(flaky(flaky(NO_CONGESTION, 10, 2), 80, 5).bound).toBeUndefined();
  const slow = target(Infinity);
  expect(slow(slow(NO_CONGESTION, 10, 2), 80, 5)).toMatchObject({ failedMs: 0 });
});

it('grants more slots than are of use by what fails at random', () => {
  const during = target(10, 0.2);
  expect(during(during(NO_CONGESTION, 8, 1), 64, 1).bound).toBe(Math.round(8 / 0.75));
});

it('tries more after a wait, returns where they were of no use, and waits twice as long', () => {
  const during = target(5);
  const bounded = during(during(NO_CONGESTION, 4, 1), 32, 1);
  const tried = during(bounded, 5, 4);
  expect(tried).toMatchObject({ bound: 6, former: { bound: 5 } });
  const back = during(tried, 6, 2);
  expect(back).toMatchObject({ bound: 5, waitMs: 2 * bounded.waitMs });
  expect(back.former).toBeUndefined();
});

it('goes on to more while they are of use', () => {
  const was = target(5);
  const bounded = was(was(NO_CONGESTION, 4, 1), 32, 1);
  const grown = target(50);
  let state = bounded;
  for (let period = 0; period < 300; period += 1) state = grown(state, state.bound ?? 0, 0.1);
  expect(state.bound).toBeGreaterThan(25);
});

it('bounds nothing where a stage with little to do meets some failures', () => {
  const calls = (failed: number, busyRatio: number) =>
    observationOf({
      at: (at += 100),
      busyRatio,
      samples: ['ok', ...Array.from({ length: failed }, () => 'failed' as const)].map((outcome) => ({
        batch: 1,
        inFlightAtStart: 1,
        inFlightMean: 1,
        durationMs: 5,
        outcome: outcome as CallSample['outcome'],
        endedAt: at,
      })),
    });
  let state = NO_CONGESTION;
  for (let i = 0; i < 10; i += 1) state = nextCongestion(state, calls(0, 0.05), 1);
  for (let i = 0; i < 20; i += 1) state = nextCongestion(state, calls(4, 0.125), 2);
  expect(isCongested(state)).toBe(true);
  expect(state.bound).toBeUndefined();
});
