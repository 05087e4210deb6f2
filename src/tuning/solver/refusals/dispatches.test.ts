import { expect, it } from 'vitest';
import { remembered, turnsIn, type Dispatch } from './dispatches.ts';

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
