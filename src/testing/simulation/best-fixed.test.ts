import { describe, expect, it } from 'vitest';
import { bestFixed } from './best-fixed.ts';
import { runFixed } from './fixed-run.ts';
import { firstFree, noise, type Plant } from './plant.ts';

/** Hardly any noise: what the oracle should find can be written down. */
const affine: Plant = {
  name: 'affine',
  targetMs: 300,
  arrivals: 'saturating',
  durationMs: 8000,
  service: ({ batch, inFlight, random }) => (20 + 0.2 * batch) * (1 + 0.1 * (inFlight - 1)) * noise(random, 0.02),
};

/** Events per ms with the largest batch that keeps the target: an event waits t/n for its call, which takes t. */
function throughputOf(n: number): number {
  const contention = 1 + 0.1 * (n - 1);
  const callMs = 300 / (1 + 1 / n);
  const batch = (callMs / contention - 20) / 0.2;
  return (n * batch) / callMs;
}

describe('bestFixed', () => {
  it('finds the optimum of a curve that is known in closed form', async () => {
    const { best, isFeasible, isStationary } = await bestFixed(affine);
    const ideal = Math.max(...Array.from({ length: 100 }, (_, i) => throughputOf(i + 1)));
    const reached = await runFixed(affine, [1000, 8000], best, 1); // the first calls of 0.3 s fill the slots
    expect([isFeasible, isStationary]).toEqual([true, true]);
    expect(reached.p95Ms).toBeLessThanOrEqual(300);
    expect(reached.throughput / 1000 / ideal).toBeGreaterThan(0.97);
  });

  it('stays before a cliff', async () => {
    const cliff: Plant = {
      ...affine,
      service: ({ batch }) => (20 + 0.2 * batch) * (batch > 137 ? 4 : 1),
      bounds: { concurrency: { min: 1, max: 4 } },
    };
    const { best } = await bestFixed(cliff);
    expect(best.concurrency).toBe(4);
    expect(best.batchLimit).toBeLessThanOrEqual(137);
    expect(best.batchLimit).toBeGreaterThan(130);
  });

  it('looks further where small batches are far too late: what comes in bulks waits for all of its own', async () => {
    const bulks: Plant = {
      ...affine,
      servers: 1,
      bulk: 1000,
      service: (call) => firstFree(call, 5 + 0.05 * call.batch),
    };
    const { best, isFeasible } = await bestFixed({ ...bulks, targetMs: 150 });
    expect(isFeasible).toBe(true);
    expect(best.batchLimit).toBeGreaterThan(100);
  });

  it('looks for nothing but calls where each has one event', async () => {
    const { best } = await bestFixed({
      ...affine,
      mapAsync: { ordered: true },
      service: (call) => firstFree(call, 20),
      servers: 5,
    });
    expect(best).toMatchObject({ batchLimit: 1, concurrency: 5 });
  });

  it('respects a pin, and says when no settings keep the target', async () => {
    const pinned: Plant = { ...affine, targetMs: 60, bounds: { batchLimit: { min: 400, max: 400 } } };
    const { best, isFeasible, limitMs } = await bestFixed(pinned);
    expect(best.batchLimit).toBe(400);
    expect(isFeasible).toBe(false);
    expect(limitMs).toBeGreaterThan(100);
  });

  it('paces calls to a plant that takes only so many per second', async () => {
    const limited: Plant = {
      ...affine,
      service: ({ batch, now, state }) => {
        const tokens = Math.min(5, (state['tokens'] ?? 5) + (now - (state['at'] ?? 0)) * 0.05);
        state['at'] = now;
        state['tokens'] = tokens >= 1 ? tokens - 1 : tokens;
        return tokens >= 1 ? 2 + 0.01 * batch : { durationMs: 1, outcome: 'rejected' };
      },
      targetMs: 60,
      bounds: { batchLimit: { min: 100, max: 1000 }, concurrency: { min: 1, max: 8 } },
    };
    const { best } = await bestFixed(limited);
    const { refusedRatio, throughput } = await runFixed(limited, [0, 8000], best, 1);
    expect(best.minGapMs).toBeGreaterThan(15);
    expect(refusedRatio).toBeLessThan(0.04);
    expect(throughput / best.batchLimit).toBeGreaterThan(48);
  });

  it('takes the cheapest of what is in time for open arrivals', async () => {
    const open: Plant = {
      ...affine,
      arrivals: 500,
      service: ({ batch }) => ({ durationMs: 20 + 0.1 * batch, work: 1 }),
    };
    const { best, cheapest } = await bestFixed(open);
    const [fast, cheap] = [await runFixed(open, [0, 8000], best, 1), await runFixed(open, [0, 8000], cheapest, 1)];
    expect(fast.goodput).toBeGreaterThan(0.99);
    expect(cheap.goodput).toBeGreaterThan(0.98);
    expect(cheap.workPerEvent).toBeLessThan(0.7 * fast.workPerEvent);
  });
});
