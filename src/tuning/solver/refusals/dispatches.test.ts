import { expect, it } from 'vitest';
import type { CallSample } from '../../../control/observation.ts';
import { observationOf } from '../solver-fixtures.ts';
import { dispatchesOf, remembered, turnsIn, type Dispatch } from './dispatches.ts';

/** `5 9! 4`: taken with five in flight, refused with nine, taken with four, 10 ms apart. */
function calls(notation: string): Dispatch[] {
  return notation
    .split(' ')
    .map((call, i) => ({ at: 10 * i, inFlight: parseInt(call, 10), isRefused: call.endsWith('!') }));
}

it.each([
  ['a ceiling', '9 10 11! 10 11! 11! 9 10 11!', 0],
  ['a ceiling that drops', '10 11! 10 10 6! 6! 5 6! 5', 0],
  ['a ceiling that rises', '10 11! 10 14 15! 14 20 21!', 0],
  ['an outage', '10 9 8! 7! 3! 1! 1! 1 2 5 10', 0],
  ['a ceiling that a call just ended seems to break', '10 11! 10 10! 9 10 10! 11!', 0],
  ['a bucket that is used up', '4 5! 4! 5 4! 5 3! 4 2!', 3],
  ['one call at a time by turns', '1 1 1! 1 1! 1', 1],
  ['as many, time and again', '3 3! 3 3! 3 3! 3 3! 3 3!', 1],
  ['windows', '7 8 8! 7! 1! 1! 1 2 8 8 7! 3! 1!', 1],
])('tells a limit per second by its turns: %s', (_, notation, turns) => {
  expect(turnsIn(calls(notation))).toBe(turns);
});

/** `0-4 2 ok`: from 0 to 4 ms, started as one of two. */
function samples(...calls: string[]): CallSample[] {
  return calls.map((call) => {
    const [times = '', inFlight, outcome] = call.split(' ');
    const [from = 0, endedAt = 0] = times.split('-').map(Number);
    const inFlightAtStart = Number(inFlight);
    const durationMs = endedAt - from;
    return {
      batch: 1,
      inFlightAtStart,
      inFlightMean: 1,
      durationMs,
      outcome: outcome as CallSample['outcome'],
      endedAt,
    };
  });
}

it('what is being refused was not let in beside what is taken meanwhile', () => {
  const burst = samples('0-4 1 ok', '0-4 2 ok', '0-1 3 rejected', '0-1 4 rejected', '0.5-4 5 ok', '2-5 4 ok');
  expect(dispatchesOf(observationOf({ samples: burst })).map(({ inFlight }) => inFlight)).toEqual([1, 2, 3, 4, 3, 4]);
});

it('of calls that are not told one by one, as many may have been refused as lie between two that are', () => {
  const told = samples('0-4 8 ok', '0-1 12 rejected', '0.5-4 16 ok');
  const inFlight = (calls: number) =>
    dispatchesOf(observationOf({ samples: told, calls })).map((each) => each.inFlight);
  expect(inFlight(12)).toEqual([5, 12, 9]);
});

it('remembers nothing while nothing is refused, and nothing for long', () => {
  expect(remembered([], calls('3 3 4'), 30)).toEqual([]);
  const kept = remembered([], calls('3 4! 3'), 30);
  expect(kept).toHaveLength(3);
  expect(remembered(kept, calls('3'), 5000)).toEqual([]);
});

it('puts calls in the order of their start, whenever they ended, and keeps a bounded number', () => {
  const late = remembered(calls('4 4! 4'), [{ at: 15, inFlight: 3, isRefused: false }], 100);
  expect(late.map(({ at }) => at)).toEqual([0, 10, 15, 20]);
  const many = Array.from({ length: 500 }, (_, at) => ({ at, inFlight: 1, isRefused: at % 2 === 0 }));
  expect(remembered([], many, 500)).toHaveLength(24);
});
