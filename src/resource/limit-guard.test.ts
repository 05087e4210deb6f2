import { describe, expect, it } from 'vitest';
import { stepLimits, UNLIMITED } from './limit-guard.ts';

const LIMITS = { cpu: 0.6, memory: 0.7 };

describe('limits of cpu and memory', () => {
  it('take calls away in proportion, at once, and at most half at a time', () => {
    const { state, reason } = stepLimits(LIMITS, UNLIMITED, { at: 0, cpuRatio: 0.75, memoryRatio: 0.2 });
    expect(state.factor).toBeCloseTo(0.8);
    expect(reason).toBe('cpu is above its limit');
    expect(stepLimits({ memory: 0.4 }, UNLIMITED, { at: 0, cpuRatio: 1, memoryRatio: 0.95 }).state.factor).toBe(0.5);
  });

  it('answer one excess once: the next step waits until the last one can be seen', () => {
    let { state } = stepLimits(LIMITS, UNLIMITED, { at: 0, cpuRatio: 0.75, memoryRatio: null });
    for (let at = 100; at < 1000; at += 100)
      ({ state } = stepLimits(LIMITS, state, { at, cpuRatio: 0.75, memoryRatio: null }));
    expect(state.factor).toBeCloseTo(0.8);
    ({ state } = stepLimits(LIMITS, state, { at: 1000, cpuRatio: 0.75, memoryRatio: null }));
    expect(state.factor).toBeCloseTo(0.64);
  });

  it('give back step by step, with five points of room, up to all', () => {
    const cut = { factor: 0.5, changedAt: 0 };
    expect(stepLimits(LIMITS, cut, { at: 2000, cpuRatio: 0.58, memoryRatio: 0.1 }).state).toBe(cut);
    let state = stepLimits(LIMITS, cut, { at: 2000, cpuRatio: 0.5, memoryRatio: 0.1 }).state;
    expect(state.factor).toBeCloseTo(0.55);
    for (let at = 3000; at < 20_000; at += 1000)
      ({ state } = stepLimits(LIMITS, state, { at, cpuRatio: 0.5, memoryRatio: 0.1 }));
    expect(state.factor).toBe(1);
  });

  it('restrict nothing where nothing is measured or declared', () => {
    expect(stepLimits(LIMITS, UNLIMITED, { at: 0, cpuRatio: null, memoryRatio: null }).state.factor).toBe(1);
    expect(stepLimits({}, UNLIMITED, { at: 0, cpuRatio: 1, memoryRatio: 1 }).state.factor).toBe(1);
  });
});
