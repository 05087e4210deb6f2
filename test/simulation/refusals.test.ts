import { describe, expect, it } from 'vitest';
import type { Plant } from '../../src/testing/simulation/plant.ts';
import { simulate } from '../../src/testing/simulation/simulate.ts';
import { bucket, ceiling, grants, pilot, plantThat, windows } from './limited-plants-fixtures.ts';

const SEEDS = [1, 2, 3];

describe('a limit of calls per second', () => {
  it.each([
    ['a bucket', 100, bucket(100, 10), 4],
    ['a bucket that saves up a second', 300, bucket(300, 300), 10],
    ['a bucket with slow calls', 20, bucket(20, 2), 200],
    ['windows of a second', 200, windows(200, 300), 10],
    ['windows with slow calls', 60, windows(60, 700), 120],
  ])('is kept closely and hardly ever met: %s', async (_, limit, isGranted, callMs) => {
    for (const seed of SEEDS) {
      const controller = pilot(Math.ceil((1.5 * limit * callMs) / 1000) + 1);
      const { periods } = await simulate(plantThat(isGranted, callMs, 30_000), { seed, controller });
      const { perSecond, refusedRatio } = grants(periods, 10_000);
      expect(perSecond / limit).toBeGreaterThan(0.97);
      expect(refusedRatio).toBeLessThan(0.015);
    }
  });

  it('is found within three seconds', async () => {
    for (const seed of SEEDS) {
      const { periods } = await simulate(plantThat(bucket(100, 10), 4, 6_000), { seed, controller: pilot(4) });
      expect(grants(periods, 3_000).perSecond).toBeGreaterThan(96);
      expect(grants(periods, 3_000).refusedRatio).toBeLessThan(0.02);
    }
  });

  it('is followed when it drops, and when it is gone', async () => {
    const rate = (now: number) => (now < 10_000 ? 200 : now < 20_000 ? 50 : Infinity);
    const plant = plantThat(windows(rate, 0), 4, 60_000);
    const { periods, state } = await simulate(plant, { seed: 1, controller: pilot(4) });
    expect(grants(periods, 14_000, 20_000).perSecond).toBeGreaterThan(47);
    expect(grants(periods, 14_000, 20_000).refusedRatio).toBeLessThan(0.05);
    expect(state?.limits.callsPerSecond).toBeUndefined();
    expect(periods.at(-1)?.settings.minGapMs).toBe(0);
  });
});

describe('a ceiling on calls at once', () => {
  it('bounds them one below what is refused, and is tested ever more rarely', async () => {
    const { periods } = await simulate(plantThat(ceiling(10), 3), { controller: pilot(40) });
    expect(periods.slice(20).filter(({ settings }) => settings.concurrency !== 10).length).toBeLessThan(5);
    expect(periods.every(({ settings }) => settings.minGapMs === 0)).toBe(true);
    expect(grants(periods, 2_000).refusedRatio).toBeLessThan(0.005);
  });

  it('is followed down at once and up within seconds', async () => {
    const most = (now: number) => (now < 8_000 ? 12 : now < 12_000 ? 5 : 30);
    const { periods } = await simulate(plantThat(ceiling(most), 3), { controller: pilot(24) });
    const settled = (ms: number) => periods.find(({ observation }) => observation.at > ms)?.settings.concurrency;
    expect([settled(7_000), settled(9_000), settled(19_000)]).toEqual([12, 5, 24]);
    expect(periods.every(({ settings }) => settings.minGapMs === 0)).toBe(true);
  });

  it('is tested ever more rarely where refusals are answered late', async () => {
    const refusedAt: number[] = [];
    const plant = plantThat(ceiling(10), 40, 40_000);
    const service: Plant['service'] = (call) => {
      if (call.inFlight <= 10) return plant.service(call);
      refusedAt.push(call.now);
      return { durationMs: 150, outcome: 'rejected' };
    };
    await simulate({ ...plant, service }, { controller: pilot(40) });
    const later = refusedAt.filter((at) => at > 5_000);
    const tests = later.filter((at, i) => at - (later[i - 1] ?? 0) > 500);
    expect(tests.length).toBeLessThanOrEqual(4);
  });

  it('may be one', async () => {
    const { periods } = await simulate(plantThat(ceiling(1), 3), { controller: pilot(16) });
    expect(grants(periods, 2_000).perSecond).toBeGreaterThan(320);
    expect(grants(periods, 2_000).refusedRatio).toBeLessThan(0.005);
  });
});

describe('refusals that are no limit', () => {
  it('of an outage change nothing, and the stage is back at once', async () => {
    for (const lengthMs of [400, 3_000]) {
      const isThere = ({ now }: { now: number }) => now < 5_000 || now >= 5_000 + lengthMs;
      const { periods, state } = await simulate(plantThat(isThere, 3, 12_000), { controller: pilot(16) });
      const rates = [grants(periods, 3_000, 5_000), grants(periods, 5_500 + lengthMs)].map(
        ({ perSecond }) => perSecond,
      );
      expect(rates[1]).toBeGreaterThan((rates[0] ?? 0) * 0.97);
      expect(state?.limits).toEqual({ hold: false });
      expect(new Set(periods.slice(10).map(({ settings }) => settings.concurrency))).toEqual(new Set([16]));
    }
  });

  it('limit nothing when they are failures', async () => {
    const plant = plantThat(() => true, 3, 10_000);
    const flaky = {
      ...plant,
      service: ({ random }: { random: () => number }) =>
        ({ durationMs: 3, outcome: random() < 0.3 ? 'failed' : 'ok' }) as const,
    };
    const { periods, state } = await simulate(flaky, { controller: pilot(16) });
    expect(state?.limits).toEqual({ hold: false });
    expect(periods.at(-1)?.settings).toMatchObject({ concurrency: 16, minGapMs: 0 });
  });
});
