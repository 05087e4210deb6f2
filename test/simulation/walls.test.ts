import { expect, it } from 'vitest';
import { scoredStretch } from '../../src/testing/simulation/fixed-run.ts';
import { measure } from '../../src/testing/simulation/measure.ts';
import { noise, type Plant } from '../../src/testing/simulation/plant.ts';
import { simulate } from '../../src/testing/simulation/simulate.ts';
import { stageSolver } from '../../src/tuning/solver/solver.ts';

const TARGET_MS = 60;
/** p95 over the mean of a call, and of the wait for a slot beside it. */
const TAIL = 1.35;

/** 2 ms a call and 30 us an event; each call lasts three times as long while more than nine are in flight. */
const callMs = (batch: number, inFlight: number): number =>
  (2 + 0.03 * batch) * (inFlight > 9 ? 3 : 1) * (1 + 0.01 * inFlight);

const wall: Plant = {
  name: 'wall',
  targetMs: TARGET_MS,
  arrivals: 'saturating',
  service: ({ batch, inFlight, random }) => callMs(batch, inFlight) * noise(random, 0.12),
};

/** Events per ms with so many calls of the largest batch that is in time. */
function bestWith(inFlight: number): number {
  let batch = 1;
  while (callMs(batch + 1, inFlight) * TAIL <= TARGET_MS) batch += 1;
  return (batch * inFlight) / callMs(batch, inFlight);
}

it.each([1, 2])('a wall in calls is got over where many more and smaller ones do better (seed %i)', async (seed) => {
  const { periods } = await simulate(wall, { seed, controller: stageSolver, durationMs: 20_000 });
  const { throughput, p95Ms } = measure(periods, scoredStretch([0, 20_000]), TARGET_MS);
  expect(bestWith(160)).toBeGreaterThan(1.5 * bestWith(9));
  expect(throughput / 1000).toBeGreaterThan(1.4 * bestWith(9));
  expect(p95Ms).toBeLessThan(1.03 * TARGET_MS);
});
