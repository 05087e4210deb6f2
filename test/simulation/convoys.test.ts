import { expect, it } from 'vitest';
import { scoredStretch } from '../../src/testing/simulation/fixed-run.ts';
import { measure } from '../../src/testing/simulation/measure.ts';
import { noise, type Plant } from '../../src/testing/simulation/plant.ts';
import { simulate } from '../../src/testing/simulation/simulate.ts';
import { stageSolver } from '../../src/tuning/solver/solver.ts';

/** Each call in flight beyond the seventh delays all. */
function convoy(callMs: number, targetMs: number, slope: number): Plant {
  return {
    name: 'convoy',
    targetMs,
    arrivals: 'saturating',
    service: ({ batch, inFlight, random }) =>
      callMs * (1 + batch / 50) * (1 + slope * Math.max(0, inFlight - 7)) * noise(random, 0.12),
  };
}

async function scored(plant: Plant, seed: number) {
  const { periods } = await simulate(plant, { seed, controller: stageSolver, durationMs: 20_000 });
  return measure(periods, scoredStretch([0, 20_000]), plant.targetMs);
}

/** Events per ms with seven calls of the batch at which p95 (1.4 of the mean) just meets the target. */
function atTheEdge(callMs: number, targetMs: number): number {
  const batch = 50 * (targetMs / 1.4 / callMs - 1);
  return (7 * batch) / (callMs * (1 + batch / 50));
}

it('finds the number of calls from which on they hold each other up', async () => {
  const { throughput, p95Ms } = await scored(convoy(2, 70, 0.8), 2);
  expect(throughput / 1000).toBeGreaterThan(0.93 * atTheEdge(2, 70));
  expect(p95Ms).toBeLessThan(1.03 * 70);
}, 60_000);

it('is not driven further into one by calls that do not end', async () => {
  const { throughput, p95Ms } = await scored(convoy(20, 500, 2), 1);
  expect(throughput / 1000).toBeGreaterThan(0.65 * atTheEdge(20, 500));
  expect(p95Ms).toBeLessThan(1.03 * 500);
}, 60_000);
