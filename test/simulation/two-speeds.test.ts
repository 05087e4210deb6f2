import { expect, it } from 'vitest';
import { scoredStretch } from '../../src/testing/simulation/fixed-run.ts';
import { measure } from '../../src/testing/simulation/measure.ts';
import { noise, type Plant } from '../../src/testing/simulation/plant.ts';
import { simulate, type SimulationOptions } from '../../src/testing/simulation/simulate.ts';
import { stageSolver } from '../../src/tuning/solver/solver.ts';

const DURATION_MS = 22_000;

/** A cache that misses: a share of the calls takes twenty times as long. */
function missing(share: number, targetMs: number): Plant {
  return {
    name: `misses ${share}`,
    targetMs,
    arrivals: 'saturating',
    service: ({ batch, inFlight: n, random }) =>
      (5 + 0.05 * batch) *
      (1 + 0.05 * (n - 1) + 0.001 * n * (n - 1)) *
      noise(random, 0.1) *
      (random() < share ? 20 : 1),
  };
}

async function scored<S>(plant: Plant, options: SimulationOptions<S>) {
  const { periods } = await simulate(plant, { ...options, durationMs: DURATION_MS });
  return measure(periods, scoredStretch([0, DURATION_MS]), plant.targetMs);
}

it.each([
  { share: 0.1, targetMs: 200, batchLimit: 51, concurrency: 6 },
  { share: 0.2, targetMs: 400, batchLimit: 123, concurrency: 11 },
])(
  'where $share of the calls take twenty times as long, the slow ones are in time',
  async (best) => {
    const { share, targetMs, batchLimit, concurrency } = best;
    const plant = missing(share, targetMs);
    for (let seed = 1; seed <= 4; seed += 1) {
      const settings = { batchLimit, concurrency, burstConcurrency: concurrency, edgeEvents: batchLimit };
      const most = await scored(plant, { seed, settings });
      const { throughput, p95Ms } = await scored(plant, { seed, controller: stageSolver });
      expect(throughput, `seed ${seed}`).toBeGreaterThan(0.5 * most.throughput);
      expect(p95Ms, `seed ${seed}`).toBeLessThan(1.1 * targetMs);
    }
  },
  60_000,
);
