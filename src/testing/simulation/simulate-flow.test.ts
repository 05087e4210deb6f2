import { describe, expect, it } from 'vitest';
import { firstFree } from './plant.ts';
import { simulateFlow, type FlowPlant, type FlowSecond } from './simulate-flow.ts';

/** Three stages on four cores; at `shiftMs` the expensive work moves from the second to the third. */
function sharedCpu(durationMs: number, shiftMs: number): FlowPlant {
  const isLate = (now: number): boolean => now >= shiftMs;
  return {
    name: 'shared-cpu',
    targetMs: 60,
    servers: 4,
    durationMs,
    stages: [
      { name: 'a', service: (call) => 1 + firstFree(call, 0.5 + 0.01 * call.batch) },
      { name: 'b', service: (call) => 2 + firstFree(call, 0.5 + (isLate(call.now) ? 0.01 : 0.04) * call.batch) },
      { name: 'c', service: (call) => 2 + firstFree(call, 0.5 + (isLate(call.now) ? 0.04 : 0.01) * call.batch) },
    ],
  };
}

const throughput = (seconds: readonly FlowSecond[]) =>
  seconds.reduce((sum, { done }) => sum + done, 0) / seconds.length;

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

  // A floor against relapses, not the goal: docs/tuning/arbiter.md has what is measured and what is missing.
  it('carries four fifths of the best fixed settings, 5 s after the bottleneck has moved too, with budgets that add up', async () => {
    // The best of a grid over batch, queue and calls within the target, at either end of the shift.
    const best = async (shiftMs: number, concurrency: Record<string, number>) =>
      throughput(
        (await simulateFlow(sharedCpu(4000, shiftMs), { fixed: { batch: 300, queue: 300, concurrency } })).slice(1),
      );
    const seconds = await simulateFlow(sharedCpu(24_000, 12_000));
    const before = seconds.filter(({ at }) => at > 6000 && at <= 12_000);
    const after = seconds.filter(({ at }) => at > 17_000);
    expect(throughput(before) / (await best(10_000, { a: 2, b: 4, c: 2 }))).toBeGreaterThan(0.8);
    expect(throughput(after) / (await best(0, { a: 2, b: 2, c: 4 }))).toBeGreaterThan(0.8);
    for (const { p95Ms } of after) expect(p95Ms).toBeLessThanOrEqual(60);
    for (const { snapshot } of seconds) {
      expect(snapshot.shared.stages.reduce((sum, { budgetMs }) => sum + budgetMs, 0)).toBeLessThanOrEqual(60 + 1e-6);
    }
  });
});
