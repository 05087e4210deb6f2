import { describe, expect, it } from 'vitest';
import { measure, noise, simulate, type Plant } from 'daoflow/testing';
import type { Reference } from '../oracle.ts';
import { arc } from './arc.ts';
import { gradient2 } from './gradient2.ts';
import { hillClimbing } from './hill-climbing.ts';
import type { Law } from './law.ts';

/** Each call beyond the tenth delays all by a third. */
const knee: Plant = {
  name: 'knee',
  targetMs: 100,
  arrivals: 'saturating',
  durationMs: 40_000,
  service: ({ batch, inFlight, random }) =>
    (10 + 0.2 * batch) * (1 + 0.3 * Math.max(0, inFlight - 10)) * noise(random, 0.05),
};

const point = { batchLimit: 50, concurrency: 10, lingerMs: 0, minGapMs: 0 };
const noRun = () => Promise.reject(new Error('no law asks what the oracle reached'));
const references: readonly Reference[] = [
  {
    phase: [0, 40_000],
    best: { best: point, cheapest: point, isFeasible: true, limitMs: 100, isStationary: true, runs: 1 },
    run: noRun,
    runAt: noRun,
  },
];

/** Calls in flight at each second. */
async function concurrencyOf(law: Law, service: Plant['service'], durationMs: number): Promise<number[]> {
  const plant: Plant = { ...knee, durationMs, service };
  const { periods } = await simulate(plant, law.on(plant, references));
  return periods.filter(({ observation }) => observation.at % 1000 === 0).map(({ settings }) => settings.concurrency);
}

describe('laws to compare with', () => {
  it('ARC adds one call per round trip while that does not grow, and backs away from refusals', async () => {
    const free = await concurrencyOf(arc, () => 100, 5000);
    expect(
      free.map((value, second) => value - (free[second - 1] ?? 1)).every((growth) => growth > 5 && growth <= 10),
    ).toBe(true);
    const refusing = await concurrencyOf(
      arc,
      ({ inFlight }) => (inFlight > 6 ? { durationMs: 20, outcome: 'rejected' } : 20),
      10_000,
    );
    expect(Math.max(...refusing.slice(5))).toBeLessThanOrEqual(9);
  });

  it('Gradient2 grows while round trips are short, and halves at most when they are long', async () => {
    const seconds = await concurrencyOf(gradient2, ({ now }) => (now < 15_000 ? 20 : 200), 25_000);
    expect(seconds[14]).toBeGreaterThan(28);
    expect(seconds[24]).toBeLessThan(24);
  });

  it('both leave the batch that they are given', async () => {
    for (const law of [arc, gradient2]) {
      const { periods } = await simulate({ ...knee, durationMs: 5000 }, law.on(knee, references));
      expect(new Set(periods.map(({ settings }) => settings.batchLimit))).toEqual(new Set([50]));
    }
  });

  it('hill climbing grows batch and calls from one, and does not go where the target is missed', async () => {
    const { periods } = await simulate(knee, hillClimbing.on(knee, references));
    const { throughput, p95Ms } = measure(periods, [30_000, 40_000], knee.targetMs);
    const settings = periods.at(-1)?.settings;
    expect(settings?.batchLimit).toBeGreaterThan(20);
    expect(settings?.concurrency).toBeGreaterThan(2);
    expect(throughput).toBeGreaterThan(10_000);
    expect(p95Ms).toBeLessThan(150);
  });
});
