import { expect, it } from 'vitest';
import { Histogram } from '../../../stats/histogram.ts';
import { observationOf, settingsOf } from '../solver-fixtures.ts';
import { affineModel } from './affine-model-fixtures.ts';
import { isIdleWith, meanMs, shareOf, withEvents } from './shares.ts';

const model = affineModel(5, 0.05);

it('of n calls each takes an nth, and a quarter more', () => {
  expect(shareOf(model, 200, 8)).toBe(32);
  expect(shareOf(model, 200, 2)).toBe(125);
});

it('calls find nothing where fewer than four in five are in flight, once they are in force', () => {
  const settings = settingsOf({ concurrency: 2 });
  const seen = (busyRatio: number) => ({ observation: observationOf({ busyRatio }), settings });
  expect(isIdleWith(2, seen(0.5))).toBe(true);
  expect(isIdleWith(2, seen(0.9))).toBe(false);
  expect(isIdleWith(4, seen(0.5))).toBe(false);
});

it('nothing is divided where one call with all of it is nearly as quick', () => {
  expect(shareOf(model, 5, 4)).toBeUndefined();
  expect(shareOf(model, 200, 1)).toBeUndefined();
});

it('events are sooner done with more calls until each has one of its own', () => {
  expect(meanMs(model, 200, 1)).toBeCloseTo(15 * 1.5, 9);
  expect(meanMs(model, 200, 2)).toBeCloseTo(10 * 1.25, 9);
  expect(meanMs(model, 4, 4)).toBe(meanMs(model, 4, 8));
});

it('what is on its way is what is done times how long it takes', () => {
  const latency = new Histogram();
  latency.record(20, 1000);
  const observation = observationOf({ durationMs: 100, latency: latency.data() });
  expect(withEvents(0, observation)).toBeCloseTo(200, 6);
  expect(withEvents(100, observation)).toBeCloseTo(110, 6);
});
