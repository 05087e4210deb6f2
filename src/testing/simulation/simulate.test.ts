import { describe, expect, it } from 'vitest';
import { mean } from '../../stats/histogram.ts';
import type { Controller } from '../../tuning/controller.ts';
import { firstFree, noise, type Plant } from './plant.ts';
import { simulate, simulateTogether } from './simulate.ts';
import type { SimulatedPeriod } from './tuned-stage.ts';

const FIXED = { batchLimit: 100, concurrency: 4, burstConcurrency: 4, edgeEvents: 100 };

/** 2 ms a call and 10 us an event, any number at once. */
const linear: Plant = {
  name: 'linear',
  targetMs: 30,
  arrivals: 'saturating',
  durationMs: 2000,
  service: ({ batch }) => 2 + 0.01 * batch,
};

function total(periods: readonly SimulatedPeriod[], of: (period: SimulatedPeriod) => number): number {
  return periods.reduce((sum, period) => sum + of(period), 0);
}

describe('simulate', () => {
  it('gives a saturated stage the throughput that its settings and the plant imply', async () => {
    const { periods } = await simulate(linear, { settings: FIXED });
    expect(periods).toHaveLength(20);
    expect(total(periods, ({ observation }) => observation.done) / 2).toBeCloseTo((4 * 100 * 1000) / 3, -4);
    expect(
      mean(periods[10]?.observation.latency ?? { counts: new Float64Array(), count: 0, sum: 0, max: 0 }),
    ).toBeCloseTo(3.75, 0);
  });

  it('loses no event: what was offered is done, queued, in flight or waits outside', async () => {
    const plant = { ...linear, arrivals: 20_000 };
    const { periods } = await simulate(plant, { settings: FIXED });
    const last = periods.at(-1)?.observation;
    const held = (last?.backlogEvents ?? 0) + (last?.inFlight ?? 0) * 100;
    const offered = total(periods, (period) => period.offered);
    expect(offered).toBeGreaterThan(39_000);
    expect(Math.abs(offered - total(periods, ({ observation }) => observation.done))).toBeLessThanOrEqual(held + 100);
  });

  it('tells a source that waits from a load that does not, by how old what fills the edge is', async () => {
    const outside = async (plant: Plant): Promise<number> => {
      const { periods } = await simulate(plant, { settings: FIXED });
      return periods.at(-1)?.observation.outsideMs ?? NaN;
    };
    expect(await outside(linear)).toBe(0);
    expect(await outside({ ...linear, mostPerSecond: 200_000 })).toBe(0);
    expect(await outside({ ...linear, arrivals: 200_000 })).toBeGreaterThan(500);
    expect(await outside({ ...linear, mostPerSecond: 20_000 })).toBeNaN(); // the stage takes more than that
  });

  it('accepts a bulk at once, whether there is room for it or not, and the next one when it is let go on', async () => {
    const alone: Plant = { ...linear, bulk: 1000, service: (call) => firstFree(call, 10) };
    const { periods } = await simulate(alone, { settings: FIXED });
    // Ten calls of 100 each, and those of the bulk before that are still in flight.
    const latest = Math.max(...periods.map(({ observation }) => observation.latency.max));
    expect(latest).toBeGreaterThanOrEqual(100);
    expect(latest).toBeLessThanOrEqual(150);
    expect(new Set(periods.map(({ observation }) => observation.bulk))).toEqual(new Set([1000]));
    // No call waits for the source; the last one ends with the run.
    expect(total(periods, ({ observation }) => observation.done)).toBe(19_900);
  });

  it.each([
    ['a rate', { arrivals: 30_000 }],
    ['what a source can make', { mostPerSecond: 30_000 }],
  ])('gives %s in bulks', async (_, more) => {
    const { periods } = await simulate({ ...linear, ...more, bulk: 300, durationMs: 10_000 }, { settings: FIXED });
    for (const { observation } of periods) expect([0, 300]).toContain(observation.bulk);
    expect(total(periods, ({ offered }) => offered) / 10 / 30_000).toBeCloseTo(1, 1);
  });

  it.each([true, false])('makes one call per event for a mapAsync (ordered: %s)', async (ordered) => {
    const batches = new Set<number>();
    const api: Plant = {
      ...linear,
      mapAsync: { ordered },
      service: ({ batch, inFlight, random }) => {
        batches.add(batch);
        return inFlight > 4 ? { durationMs: 1, outcome: 'rejected' } : random() < 0.1 ? 30 : 5;
      },
    };
    const ofCalls = async (concurrency: number) => {
      const { periods } = await simulate(api, { settings: { ...FIXED, concurrency } });
      return [
        total(periods, ({ observation }) => observation.done),
        total(periods, (each) => each.refusedCalls),
      ] as const;
    };
    const [done, refused] = await ofCalls(4);
    const [, refusedOfMore] = await ofCalls(6);
    expect(batches).toEqual(new Set([1]));
    expect([refused, refusedOfMore > 0]).toEqual([0, true]);
    // Four calls of 7.5 ms; in order some results wait for one of 30, but not their slots.
    expect(done / ((2000 / 7.5) * 4)).toBeCloseTo(1, 1);
  });

  it('makes no event wait for a second call after the batch has shrunk: what is left of a larger one is part of the next', async () => {
    const alone: Plant = { ...linear, servers: 1, service: (call) => firstFree(call, 10) };
    const shrinking: Controller<number> = {
      name: 'shrinking',
      knobs: ['batchLimit', 'edgeEvents'],
      initial: () => 0,
      step: (periods, { stage, at }) => {
        const changes = (['batchLimit', 'edgeEvents'] as const).map((knob) => ({ knob, from: 400, to: 360 }));
        const move = { kind: 'move', stage, at, changes, reason: 'it shrinks', evidence: {} } as const;
        return { state: periods + 1, decisions: periods === 5 ? [move] : [] };
      },
    };
    const settings = { batchLimit: 400, concurrency: 1, burstConcurrency: 1, edgeEvents: 400 };
    const { periods } = await simulate(alone, { settings, controller: shrinking });
    expect(periods.at(-1)?.settings.batchLimit).toBe(360);
    expect(periods.at(-1)?.observation.latency.max).toBeCloseTo(20, 5);
  });

  it('is the same run for the same seed, and another one for another', async () => {
    const noisy: Plant = {
      ...linear,
      servers: 2,
      service: (call) => firstFree(call, 2 * noise(call.random, 0.3)),
    };
    const runOf = async (seed: number) =>
      (await simulate(noisy, { seed, settings: FIXED })).periods.map(({ observation }) => observation.done);
    expect(await runOf(3)).toEqual(await runOf(3));
    expect(await runOf(3)).not.toEqual(await runOf(4));
  });

  it('stands still in a pause, and says so', async () => {
    const plant: Plant = { ...linear, pauses: { everyMs: 500, lengthMs: 120 } };
    const { periods } = await simulate(plant, { settings: FIXED });
    const paused = periods.filter(({ observation }) => observation.pause !== undefined);
    expect(paused.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...paused.map(({ observation }) => observation.durationMs))).toBeGreaterThan(110);
    expect(total(periods, ({ observation }) => observation.done) / 2).toBeLessThan(((4 * 100 * 1000) / 3) * 0.85);
  });

  it('asks the controller each period and applies what it decides', async () => {
    const grows: Controller<number> = {
      name: 'grows',
      knobs: ['batchLimit'],
      initial: () => 1,
      step: (state, { stage, at }) => ({
        state: state + 1,
        decisions: [
          {
            kind: 'move',
            stage,
            at,
            changes: [{ knob: 'batchLimit', from: state, to: state + 1 }],
            reason: 'it grows',
            evidence: {},
          },
        ],
      }),
    };
    const { periods, state } = await simulate(linear, { controller: grows });
    expect(state).toBe(21);
    expect(periods.map(({ settings }) => settings.batchLimit)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('lets several stages share one plant, and splits what arrives among them', async () => {
    const two: Plant = {
      ...linear,
      servers: 2,
      arrivals: 10_000,
      service: (call) => firstFree(call, 2 + 0.01 * call.batch),
    };
    const instances = await simulateTogether(two, 2, { settings: FIXED });
    const offered = instances.map(({ periods }) => total(periods, (period) => period.offered) / 2);
    for (const perSecond of offered) expect(perSecond / 5000).toBeCloseTo(1, 1);
    const saturated = await simulateTogether({ ...two, arrivals: 'saturating' }, 2, { settings: FIXED });
    const done = saturated.map(({ periods }) => total(periods, ({ observation }) => observation.done) / 2);
    // Two servers, 100 events in 3 ms each, however many stages wait for them.
    expect((done[0] ?? 0) + (done[1] ?? 0)).toBeCloseTo((2 * 100 * 1000) / 3, -3);
    expect((done[0] ?? 0) / (done[1] ?? 1)).toBeCloseTo(1, 1);
  });
});
