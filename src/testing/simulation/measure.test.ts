import { describe, expect, it } from 'vitest';
import type { Controller } from '../../tuning/controller.ts';
import { convergenceMs, measure, overshoot, restlessness, violationShare, windowsIn } from './measure.ts';
import type { Plant } from './plant.ts';
import { simulate } from './simulate.ts';

const FIXED = { batchLimit: 100, concurrency: 1, burstConcurrency: 1, edgeEvents: 100 };

/** 3 ms for a batch of 100, which waits 3 ms before; slower by half from the fifth to the seventh second. */
const plant: Plant = {
  name: 'plant',
  targetMs: 7,
  arrivals: 'saturating',
  durationMs: 10_000,
  service: ({ batch, now }) => (2 + 0.01 * batch) * (now >= 5000 && now < 7000 ? 1.5 : 1),
};

describe('measures', () => {
  it('count what was done, in time, and at which cost', async () => {
    const { periods } = await simulate(plant, { settings: FIXED });
    const healthy = measure(periods, [1000, 5000], 7);
    expect(healthy.throughput).toBeCloseTo((100 * 1000) / 3, -3);
    expect(healthy.workPerEvent).toBeCloseTo(0.03, 3);
    expect(healthy.goodput).toBeGreaterThan(0.99);
    expect(measure(periods, [5000, 7000], 7).goodput).toBeLessThan(0.01);
  });

  it('see the windows that miss the target, and the worst of them', async () => {
    const { periods } = await simulate(plant, { settings: FIXED });
    expect(violationShare(periods, [0, 10_000], 7)).toBeCloseTo(0.2);
    expect(overshoot(periods, [0, 10_000], 7)).toBeCloseTo(9 / 7, 1);
    expect(overshoot(periods, [0, 5000], 7)).toBeLessThan(0.9);
  });

  it('call a run converged at the first of three good windows in a row', async () => {
    const { periods } = await simulate(plant, { settings: FIXED });
    const at = (fromMs: number) => convergenceMs(periods, [fromMs, 10_000], 7, () => 33_000);
    expect(at(0)).toBe(0);
    // Two good seconds before the slow ones do not count.
    expect(at(3000)).toBeGreaterThan(3800);
    expect(convergenceMs(periods, [0, 10_000], 7, () => 50_000)).toBeUndefined();
  });

  it('cut a stretch into whole windows', () => {
    expect(windowsIn([500, 3400])).toEqual([
      [500, 1500],
      [1500, 2500],
    ]);
    expect(windowsIn([0, 1200], 100)).toHaveLength(3);
  });

  it('call a knob restless that turns back and forth, but not for trials', async () => {
    const flips = (kind: 'move' | 'trial'): Controller<number> => ({
      name: 'flips',
      knobs: ['concurrency'],
      initial: () => 0,
      step: (state, { stage, at }, { concurrency }) => ({
        state: state + 1,
        decisions: [
          {
            kind: state % 2 === 0 ? kind : 'revert',
            stage,
            at,
            changes: [{ knob: 'concurrency', from: concurrency, to: state % 2 === 0 ? 2 : 1 }],
            reason: 'it flips',
            evidence: {},
          },
        ],
      }),
    });
    const of = async (kind: 'move' | 'trial') =>
      restlessness(
        (await simulate(plant, { settings: FIXED, controller: flips(kind) })).periods,
        [0, 10_000],
        'concurrency',
      );
    expect((await of('move')).reversalsPerMin).toBeGreaterThan(500);
    expect((await of('trial')).reversalsPerMin).toBe(0);
    expect((await of('trial')).cv).toBeCloseTo(0.5 / 1.5, 2);
  });
});
