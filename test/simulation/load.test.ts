import { describe, expect, it } from 'vitest';
import { measure } from '../../src/testing/simulation/measure.ts';
import { firstFree, noise, type Plant } from '../../src/testing/simulation/plant.ts';
import { simulate, type SimulationOptions } from '../../src/testing/simulation/simulate.ts';
import { stageSolver, type SolverState } from '../../src/tuning/solver/solver.ts';

/** 3 ms a call and 30 us an event, each further call in flight 2 % slower. */
function plantWith(arrivals: Plant['arrivals'], more: Partial<Plant> = {}): Plant {
  return {
    name: 'load',
    targetMs: 40,
    arrivals,
    durationMs: 20_000,
    service: ({ batch, inFlight, random }) => {
      const work = 3 + 0.03 * batch;
      return { durationMs: work * (1 + 0.02 * (inFlight - 1)) * noise(random, 0.12), work };
    },
    ...more,
  };
}

async function tuned(plant: Plant, options: SimulationOptions<SolverState> = {}) {
  const { periods } = await simulate(plant, { controller: stageSolver, seed: 7, ...options });
  return { periods, figures: measure(periods, [8000, Infinity], plant.targetMs) };
}

describe('a load below capacity', () => {
  it('that jumps thirtyfold and back stays within the target', async () => {
    const step = (now: number) => (now >= 9_000 && now < 14_000 ? 45_000 : 1500);
    const { periods, figures } = await tuned(plantWith(step));
    expect(figures.goodput).toBeGreaterThan(0.99);
    expect(measure(periods, [9_000, 11_000], 40).goodput).toBeGreaterThan(0.97);
  });

  it('that comes in bursts is worked off by more calls at once', async () => {
    const bursts = (now: number) => (now % 1500 < 150 ? 60_000 : 4000);
    const { figures } = await tuned(plantWith(bursts, { targetMs: 100 }));
    expect(figures.goodput).toBeGreaterThan(0.995);
    expect(figures.p95Ms).toBeLessThan(0.5 * 100);
  });

  it.each([1, 2, 3])('keeps the target when calls take three times as long for a while (seed %i)', async (seed) => {
    const factor = (now: number): number => (now >= 9_000 && now < 15_000 ? 3 : 1);
    const plant = plantWith(20_000, {
      targetMs: 60,
      servers: 8,
      service: (call) => firstFree(call, factor(call.now) * (2 + 0.05 * call.batch) * noise(call.random, 0.3)),
    });
    const { periods } = await tuned(plant, { seed });
    expect(measure(periods, [10_000, 15_000], 60).p95Ms).toBeLessThan(60);
    expect(measure(periods, [16_000, 20_000], 60).p95Ms).toBeLessThan(15);
  });

  it('of a few events a second is never kept waiting, and no knob wanders', async () => {
    const { periods, figures } = await tuned(plantWith(10));
    expect(figures.p95Ms).toBeLessThan(1.15 * 3.03 * 1.25);
    expect(new Set(periods.slice(80).map(({ settings }) => settings.concurrency)).size).toBe(1);
    expect(periods.every(({ settings }) => settings.lingerMs === 0)).toBe(true);
  });

  it('costs less per event where the goal is economy, within the target', async () => {
    const [balanced, economy] = [await tuned(plantWith(10_000)), await tuned(plantWith(10_000), { goal: 'economy' })];
    expect(economy.figures.workPerEvent).toBeLessThan(0.8 * balanced.figures.workPerEvent);
    expect(economy.figures.goodput).toBeGreaterThan(0.99);
    expect(economy.figures.p95Ms).toBeLessThan(0.75 * 40);
  });

  it('is quicker where the goal is latency', async () => {
    const [balanced, latency] = [await tuned(plantWith(10_000)), await tuned(plantWith(10_000), { goal: 'latency' })];
    expect(latency.figures.p95Ms).toBeLessThan(0.8 * balanced.figures.p95Ms);
  });
});

describe('a source that waits', () => {
  /** Two connections that share a core: 600K events/s at most. */
  const insert = (mostPerSecond: number): Plant => ({
    name: 'insert',
    targetMs: 30,
    arrivals: 'saturating',
    mostPerSecond,
    servers: 2,
    durationMs: 20_000,
    service: (call) => 1 + firstFree(call, 0.3 + 0.0033 * call.batch * noise(call.random, 0.15)),
  });

  it.each([
    [450_000, 0.98],
    [600_000, 0.85],
    [700_000, 0.85],
  ])('of %i/s, where 600K/s can be taken, is held back in time', async (rate, share) => {
    const seconds: number[] = [];
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { periods } = await tuned(insert(rate), { seed });
      for (let at = 5000; at < 20_000; at += 1000) seconds.push(measure(periods, [at, at + 1000], 30).p95Ms);
      expect(measure(periods, [5000, 20_000], 30).throughput).toBeGreaterThan(share * Math.min(rate, 600_000));
    }
    expect(seconds.filter((p95Ms) => p95Ms <= 30).length / seconds.length).toBeGreaterThanOrEqual(0.95);
  });
});

describe('what disturbs a load', () => {
  it('a pause of the event loop moves no knob much', async () => {
    const { periods, figures } = await tuned(plantWith(10_000, { pauses: { everyMs: 2000, lengthMs: 100 } }));
    const concurrency = periods.slice(100).map(({ settings }) => settings.concurrency);
    expect(Math.max(...concurrency) - Math.min(...concurrency)).toBeLessThanOrEqual(1);
    expect(figures.goodput).toBeGreaterThan(0.99);
  });

  it('an outage is over for its events within a second of its end', async () => {
    const plant = plantWith(5000);
    const isAway = (now: number) => now >= 8_000 && now < 11_000;
    const { periods } = await tuned({
      ...plant,
      service: (call) => (isAway(call.now) ? { durationMs: 2, outcome: 'rejected' } : plant.service(call)),
    });
    expect(measure(periods, [12_000, 13_000], 40).p95Ms).toBeLessThan(40);
  });

  it('a target below what one event costs is said once and served as well as can be', async () => {
    const { periods, figures } = await tuned(plantWith(3000, { targetMs: 3 }));
    expect(figures.throughput).toBeGreaterThan(0.98 * 3000);
    expect(figures.p95Ms).toBeLessThan(3 * 3);
    const told = periods.filter(({ decisions }) =>
      decisions.some(({ reason }) => reason.includes('longer than the target')),
    );
    expect(told.length).toBeGreaterThan(0);
    expect(told[0]?.observation.at).toBeLessThan(5000);
  });

  it('a target below it is no reason for a saturated stage to do next to nothing', async () => {
    const { figures } = await tuned(plantWith('saturating', { targetMs: 3 }));
    expect(figures.throughput).toBeGreaterThan(3000);
    expect(figures.p95Ms).toBeLessThan(3 * 3);
  });
});
