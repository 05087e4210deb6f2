import { describe, expect, it } from 'vitest';
import type { CallSample } from '../../../control/observation.ts';
import { initialSamples, usableCalls, type SampleState } from './samples.ts';
import { observationOf, settingsOf } from '../solver-fixtures.ts';

const call = (startedAt: number, durationMs: number, more: Partial<CallSample> = {}): CallSample => ({
  batch: 10,
  inFlightAtStart: 2,
  inFlightMean: 2,
  durationMs,
  outcome: 'ok',
  endedAt: startedAt + durationMs,
  ...more,
});

const ALIKE = { mean: 1, spread: 0 };
const TEN = settingsOf({ batchLimit: 10, concurrency: 2 });
const TWENTY = settingsOf({ batchLimit: 20, concurrency: 2 });

function see(state: SampleState, at: number, samples: readonly CallSample[], settings = TEN, expectedMs = 10) {
  return usableCalls(state, observationOf({ at, samples }), settings, () => expectedMs, ALIKE);
}

describe('usableCalls', () => {
  it('takes what ended well and leaves out what failed, was refused or saw concurrency change', () => {
    const { calls } = see(initialSamples(TEN), 1000, [
      call(910, 10),
      call(920, 10, { outcome: 'failed' }),
      call(930, 10, { outcome: 'rejected' }),
      call(940, 10, { inFlightAtStart: 4, inFlightMean: 8 }),
    ]);
    expect(calls.map(({ startedAt }) => startedAt)).toEqual([910]);
  });

  it('leaves out what ran across a pause', () => {
    const observation = observationOf({
      at: 1000,
      samples: [call(905, 10), call(930, 45), call(980, 10)],
      pause: { endedAt: 970, durationMs: 30 },
    });
    const { calls } = usableCalls(initialSamples(TEN), observation, TEN, () => 10, ALIKE);
    expect(calls.map(({ startedAt }) => startedAt)).toEqual([905, 980]);
  });

  it('counts calls of a short stay only once all that started with them have ended', () => {
    const before = see(initialSamples(TEN), 1000, []).state;
    const young = see(before, 1100, [call(1010, 60)], TWENTY, 60);
    expect(young.calls).toEqual([]);
    expect(young.state.waiting).toHaveLength(1);
    const later = see(young.state, 1200, [call(1020, 110)], TWENTY, 60);
    expect(later.calls.map(({ startedAt }) => startedAt)).toEqual([1010, 1020]);
  });

  it('drops what started so late in a short stay that most of it lay beyond', () => {
    const before = see(initialSamples(TEN), 1000, []).state;
    const stay = see(before, 1100, [], TWENTY, 60).state;
    const { calls } = see(stay, 1200, [call(1030, 60), call(1090, 60)], TEN, 60);
    expect(calls.map(({ startedAt }) => startedAt)).toEqual([1030]);
  });

  it('takes what ended after its stay with the calls in flight of its stay, where there were others after it', () => {
    const [stayed, after] = [16, 18].map((inFlightMean) => ({ inFlightMean, inFlightAtStart: 16 }));
    const inFlightOf = (next: typeof TEN): number | undefined => {
      const begun = see(initialSamples(TEN), 1000, [call(910, 60, stayed)], TEN, 60).state;
      const left = see(begun, 1100, [], next, 60).state;
      return see(left, 1200, [call(935, 70, after)], next, 60).calls.at(-1)?.inFlight;
    };
    expect(inFlightOf({ ...TEN, concurrency: 4 })).toBe(16);
    expect(inFlightOf(TWENTY)).toBe(18);
  });

  it('calls those of a stay that is over stragglers, where others of it were heard of', () => {
    const before = see(initialSamples(TEN), 1000, [call(910, 10)]).state;
    const left = see(before, 1100, [], TWENTY).state;
    const { calls } = see(left, 1200, [call(980, 11), call(985, 70)], TWENTY);
    expect(calls.map(({ isStraggler }) => isStraggler === true)).toEqual([false, true]);
    const unheard = see(see(initialSamples(TEN), 1000, []).state, 1100, [], TWENTY).state;
    expect(see(unheard, 1200, [call(985, 70)], TWENTY).calls.map(({ isStraggler }) => isStraggler)).toEqual([
      undefined,
    ]);
  });

  it('takes an odd call for the tail only, once others tell that it is odd', () => {
    const before = see(initialSamples(TEN), 1000, []).state;
    const alone = see(before, 1100, [call(1000, 90)], TWENTY);
    expect(alone.calls).toEqual([]);
    const { calls } = see(alone.state, 1200, [call(1095, 9), call(1110, 10), call(1130, 9)], TWENTY);
    expect(calls.map(({ ms, isStraggler }) => [ms, isStraggler === true])).toEqual([
      [90, true],
      [9, false],
      [10, false],
      [9, false],
    ]);
    expect(calls[0]?.oddness).toBeCloseTo(9);
  });

  it('takes a place where all calls are slow for what it is', () => {
    const before = see(initialSamples(TEN), 1000, []).state;
    const slow = Array.from({ length: 6 }, (_, i) => call(1000 + 15 * i, 95));
    const { calls } = see(see(before, 1100, [], TWENTY).state, 1200, slow, TWENTY);
    expect(calls.filter(({ isStraggler }) => isStraggler !== true)).toHaveLength(6);
  });

  it('takes an odd call for what it is where no other ends for three durations', () => {
    const before = see(initialSamples(TEN), 1000, []).state;
    const alone = see(before, 1100, [call(1005, 90)], TWENTY);
    expect(alone.calls).toEqual([]);
    expect(see(alone.state, 1200, [], TWENTY).calls.map(({ ms }) => ms)).toEqual([90]);
  });

  it('takes calls of a target that has become slow for where they began, unless more came after them', () => {
    const usedOf = (next: typeof TEN) => {
      let { state } = see(initialSamples(TEN), 1000, [call(905, 10), call(915, 10), call(925, 10)]);
      const begun = observationOf({ at: 1100, inFlight: 8 });
      state = usableCalls(state, begun, TEN, () => 10, ALIKE).state;
      const slow = Array.from({ length: 8 }, (_, i) => call(1050 + i, 120));
      return see(state, 1200, slow, next).calls.filter(({ isStraggler }) => isStraggler !== true);
    };
    expect(usedOf(TWENTY)).toHaveLength(8);
    expect(usedOf(settingsOf({ batchLimit: 10, concurrency: 8 }))).toHaveLength(0);
  });

  it('is not misled by batches of many sizes', () => {
    const small = Array.from({ length: 8 }, (_, i) => call(905 + i, 2, { batch: 1 }));
    const observation = observationOf({ at: 1000, samples: [...small, call(920, 30, { batch: 300 })] });
    const { calls } = usableCalls(initialSamples(TEN), observation, TEN, ({ batch }) => 2 + batch / 10, ALIKE);
    expect(calls.some(({ isStraggler }) => isStraggler === true)).toBe(false);
  });

  it('counts odd calls that end long after their stay, while calls in flight change', () => {
    let { state } = see(initialSamples(TEN), 1000, [call(905, 10), call(915, 10), call(925, 10)]);
    for (let i = 0; i < 6; i += 1)
      state = see(state, 1100 + 100 * i, [call(1080 + 100 * i, 10)], i % 2 === 0 ? TWENTY : TEN).state;
    const { calls } = see(state, 1700, [call(930, 700, { inFlightAtStart: 2, inFlightMean: 6 })], TEN);
    expect(calls.map(({ oddness }) => oddness)).toEqual([70]);
  });

  it('hears of calls that are far quicker than expected, however many there are', () => {
    let state = see(initialSamples(TEN), 1000, [], TEN, 400).state;
    const used: number[] = [];
    for (let at = 1100; at <= 2000; at += 100) {
      const samples = Array.from({ length: 256 }, (_, i) => call(at - 100 + i / 4, 30));
      const seen = see(state, at, samples, TEN, 400);
      used.push(seen.calls.length);
      state = seen.state;
    }
    expect(Math.max(...used)).toBeGreaterThan(100);
  });
});
