import { describe, expect, it } from 'vitest';
import { NATURAL_BOUNDS } from '../../../control/goal.ts';
import type { StageObservation } from '../../../control/observation.ts';
import { Histogram, type HistogramData } from '../../../stats/histogram.ts';
import { observationOf } from '../solver-fixtures.ts';
import { isWaiting, NEVER_WAITED, nextWaiting, type Waiting } from './waiting.ts';

const goal = { p95Ms: 30, goal: 'balanced', bounds: NATURAL_BOUNDS } as const;

function after(periods: number, some: Partial<StageObservation>, before = NEVER_WAITED, isShared = false): Waiting {
  let waiting = before;
  for (let i = 0; i < periods; i += 1)
    waiting = nextWaiting(waiting, observationOf(some), { ...goal, isShared }, { batchLimit: 100 });
  return waiting;
}

const young = { outsideMs: 7 };

function latencyOf(ms: number): HistogramData {
  const latency = new Histogram();
  latency.record(ms, 100);
  return latency.data();
}

describe('a source waits', () => {
  it('that was held back in five periods, and whose events had not got old outside', () => {
    expect(isWaiting(after(4, young))).toBe(false);
    expect(isWaiting(after(5, young))).toBe(true);
    expect(isWaiting(after(5, { outsideMs: 8 }))).toBe(false);
  });

  it('until one event was old, however long it is not held back', () => {
    const waiting = after(5, young);
    expect(isWaiting(after(50, {}, waiting))).toBe(true);
    expect(isWaiting(after(1, { outsideMs: 8 }, waiting))).toBe(false);
  });

  it('never in a flow of several stages', () => {
    expect(isWaiting(after(50, young, NEVER_WAITED, true))).toBe(false);
  });
});

describe('what fills edge and calls', () => {
  const lateBy = (p95Ms: number): Partial<StageObservation> => ({ ...young, latency: latencyOf(p95Ms) });

  it('becomes less while it is late, down to a fifth of the target, and slowly more again', () => {
    expect(after(5, lateBy(20)).share).toBe(0.7);
    const late = after(5, lateBy(60));
    expect(late.share).toBeLessThan(0.55);
    expect(after(100, lateBy(60)).share).toBe(0.2);
    expect(after(5, lateBy(20), late).share).toBeGreaterThan(late.share);
    expect(after(100, lateBy(20), late).share).toBe(0.7);
  });

  it('stays where nothing was held back or confirmed', () => {
    const late = after(5, lateBy(60));
    expect(after(5, { latency: latencyOf(200) }, late).share).toEqual(late.share);
    expect(after(5, young, late).share).toBe(late.share);
  });
});

describe('what a source gives', () => {
  const calls = { ...young, at: 10_000, durationMs: 100, calls: 10 };

  it('is what was done while calls found a third of a batch, or more if it was seen since', () => {
    expect(after(1, { ...calls, done: 350 }).gives).toBeUndefined();
    const sparse = after(1, { ...calls, done: 300 });
    expect(sparse.gives?.rate).toBe(3);
    expect(after(1, { ...calls, done: 900, at: 10_100 }, sparse).gives?.rate).toBe(9);
    expect(after(1, { ...calls, done: 600, at: 19_900 }, sparse).gives?.rate).toBe(6);
  });

  it('is not known where calls fail or are refused', () => {
    const sparse = after(1, { ...calls, done: 300 });
    expect(after(1, { ...calls, done: 300, failed: 1 }, sparse).gives).toBeUndefined();
    expect(after(1, { ...calls, done: 300, rejected: 1 }, sparse).gives).toBeUndefined();
  });

  it('is not known where calls ended that did nothing', () => {
    expect(after(1, { ...calls, done: 0 }).gives).toBeUndefined();
  });

  it('is believed for ten seconds', () => {
    const sparse = after(1, { ...calls, done: 300 });
    expect(after(1, { ...calls, done: 600, at: 20_000 }, sparse).gives).toBeUndefined();
  });
});
