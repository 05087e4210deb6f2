import { describe, expect, it } from 'vitest';
import { firstFree, noise, type PlantCall } from './plant.ts';
import { simulateFlow, type FlowPlant, type FlowSecond } from './simulate-flow.ts';

/** Three stages on four cores; at `shiftMs` the expensive work moves from the second to the third. */
function sharedCpu(durationMs: number, shiftMs: number, sigma = 0): FlowPlant {
  const core = (call: PlantCall, eventMs: number): number =>
    firstFree(call, (0.5 + eventMs * call.batch) * noise(call.random, sigma));
  const isLate = (now: number): boolean => now >= shiftMs;
  return {
    name: 'shared-cpu',
    targetMs: 60,
    servers: 4,
    durationMs,
    stages: [
      { name: 'a', service: (call) => 1 + core(call, 0.01) },
      { name: 'b', service: (call) => 2 + core(call, isLate(call.now) ? 0.01 : 0.04) },
      { name: 'c', service: (call) => 2 + core(call, isLate(call.now) ? 0.04 : 0.01) },
    ],
  };
}

const throughput = (seconds: readonly FlowSecond[]) =>
  seconds.reduce((sum, { done }) => sum + done, 0) / seconds.length;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(at)] ?? NaN) + (sorted[Math.ceil(at)] ?? NaN)) / 2;
}

describe('a flow in virtual time', () => {
  it('does what its settings and the plant imply, the same in every run', async () => {
    // One call at a time at each stage: the slowest, 2 + 0.5 + 0.04 * 50 ms for 50 events, is the pace of all.
    const fixed = { batch: 50, queue: 50, concurrency: { a: 1, b: 1, c: 1 } };
    const seconds = await simulateFlow(sharedCpu(3000, 10_000), { fixed });
    expect(seconds).toHaveLength(3);
    expect(throughput(seconds.slice(1)) / (50_000 / 4.5)).toBeCloseTo(1, 1);
    const again = await simulateFlow(sharedCpu(3000, 10_000), { fixed });
    expect(again.map(({ done }) => done)).toEqual(seconds.map(({ done }) => done));
  });

  it('carries nine tenths of the best fixed settings within the target, 5 s after the bottleneck has moved too', async () => {
    // The best of a grid over batch, queue and calls within the target, at either end of the shift.
    const best = async (shiftMs: number, concurrency: Record<string, number>) =>
      throughput(
        (await simulateFlow(sharedCpu(4000, shiftMs), { fixed: { batch: 300, queue: 300, concurrency } })).slice(1),
      );
    // One run says little: three solvers search at once, and each disturbs what the others measure.
    const runs: FlowSecond[][] = [];
    for (let seed = 1; seed <= 10; seed += 1) runs.push(await simulateFlow(sharedCpu(24_000, 12_000, 0.05), { seed }));
    const halves = [
      { best: await best(10_000, { a: 2, b: 4, c: 2 }), fromMs: 6000, toMs: 12_000 },
      { best: await best(0, { a: 2, b: 2, c: 4 }), fromMs: 17_000, toMs: 24_000 },
    ];
    const scored = halves.flatMap((half) =>
      runs.map((seconds) => {
        const within = seconds.filter(({ at }) => at > half.fromMs && at <= half.toMs);
        return { gain: throughput(within) / half.best, p95Ms: median(within.map(({ p95Ms }) => p95Ms ?? 0)) };
      }),
    );
    expect(median(scored.map(({ gain }) => gain))).toBeGreaterThan(0.9);
    expect(median(scored.map(({ p95Ms }) => p95Ms))).toBeLessThanOrEqual(60);
  }, 300_000); // ten runs of 24 s, 1.5 s each where nobody else has the cores

  it('has budgets that add up to at most the target, whatever moves', async () => {
    for (const { snapshot } of await simulateFlow(sharedCpu(14_000, 7000, 0.05))) {
      expect(snapshot.shared.stages.reduce((sum, { budgetMs }) => sum + budgetMs, 0)).toBeLessThanOrEqual(60 + 1e-6);
    }
  });
});
