import { expect, it } from 'vitest';
import type { CallSample } from '../../../control/observation.ts';
import { areSlow, withBegun, type Begun } from './begun.ts';
import { observationOf } from '../solver-fixtures.ts';

const call = (startedAt: number, durationMs: number): CallSample => ({
  batch: 10,
  inFlightAtStart: 8,
  inFlightMean: 8,
  durationMs,
  outcome: 'ok',
  endedAt: startedAt + durationMs,
});

/** Periods in which the calls of `course` begin, [start, duration], of which 10 ms is expected. */
function seen(
  course: readonly (readonly [number, number])[],
  untilAt: number,
): { begun: readonly Begun[]; slow: boolean } {
  let begun: readonly Begun[] = [];
  let inFlight = 0;
  for (let at = 100; at <= untilAt; at += 100) {
    const samples = course
      .filter(([from, ms]) => from + ms > at - 100 && from + ms <= at)
      .map(([from, ms]) => call(from, ms));
    const started = course.filter(([from]) => from > at - 100 && from <= at).length;
    const left = inFlight + started - samples.length;
    begun = withBegun(begun, observationOf({ at, samples, inFlight: left }), inFlight, 10);
    inFlight = left;
  }
  return { begun, slow: areSlow(begun, untilAt) };
}

const every20Ms = (from: number, to: number, msOf: (i: number) => number) =>
  Array.from({ length: (to - from) / 20 }, (_, i) => [from + 20 * i + 1, msOf(i)] as const);

it('a target has become slow, before any slow call has ended', () => {
  const course = [...every20Ms(0, 500, () => 10), ...every20Ms(500, 1000, () => 2000)];
  expect(seen(course, 500).slow).toBe(false);
  expect(seen(course, 600).slow).toBe(true);
});

it('is not slow where one call in five is odd, though most calls in flight are', () => {
  const course = every20Ms(0, 2000, (i) => (i % 5 === 0 ? 1000 : 10));
  for (let at = 100; at <= 2000; at += 100) expect(seen(course, at).slow).toBe(false);
  expect(course.filter(([from, ms]) => from <= 1500 && from + ms > 1500).every(([, ms]) => ms === 1000)).toBe(true);
});

it('where only the newest calls are told one by one, they stand for all', () => {
  const samples = [call(10, 5), call(20, 5)];
  const begun = withBegun([], observationOf({ at: 100, samples, calls: 40, inFlight: 8 }), 0, 10);
  expect(begun).toEqual([{ from: 0, to: 100, calls: 48, inTime: 40, oddMs: 35 }]);
});

it('nothing is said where nothing was expected', () => {
  const begun = withBegun([], observationOf({ at: 100, inFlight: 30 }), 0, 0);
  expect(areSlow(begun, 10_000)).toBe(false);
});
