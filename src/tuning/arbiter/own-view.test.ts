import { describe, expect, it } from 'vitest';
import type { StageObservation } from '../../control/observation.ts';
import { Histogram, quantile } from '../../stats/histogram.ts';
import { ownView, upstreamTimes, withTimes } from './own-view.ts';

const GRAPH = {
  sources: ['in'],
  stages: [
    { name: 'a', work: 'io', inputs: ['in'] },
    { name: 'b', work: 'io', inputs: ['in'] },
    { name: 'c', work: 'io', inputs: ['a', 'b'] },
  ],
} as const;

function observed(stage: string, latencyMs: number, events = 100, oldestMs = 0): StageObservation {
  const latency = new Histogram();
  if (events > 0) latency.record(latencyMs, events);
  return {
    stage,
    at: 0,
    durationMs: 100,
    arrived: events,
    bulk: 1,
    done: events,
    failed: 0,
    rejected: 0,
    backlogEvents: 0,
    backlogBytes: 0,
    oldestMs,
    newestMs: 0,
    outsideMs: undefined,
    inFlight: 0,
    calls: 1,
    waitingRetries: 0,
    gate: 'open',
    pause: undefined,
    busyRatio: 0.5,
    fullRatio: 0,
    latency,
    cuts: { limit: 0, drained: 1 },
    samples: [],
  };
}

describe('the own view of a stage', () => {
  it('is what it observes behind a source', () => {
    const observation = observed('a', 20);
    expect(ownView(observation, 0)).toBe(observation);
  });

  it('leaves out what earlier stages have spent', () => {
    const own = ownView(observed('c', 20, 100, 9), 12);
    expect(quantile(own.latency, 0.95)).toBeCloseTo(8, 0);
    expect(own.oldestMs).toBe(0);
    expect(own.done).toBe(100);
  });

  it('takes the slowest way to a stage', () => {
    const times = withTimes({}, [observed('a', 5), observed('b', 12), observed('c', 20)]);
    const upstream = upstreamTimes(GRAPH, times);
    expect(upstream).toMatchObject({ a: 0, b: 0 });
    expect(upstream['c']).toBeCloseTo(12, 0);
  });

  it('follows within a second, and is not led astray by a few events', () => {
    let times = withTimes({}, [observed('a', 10)]);
    times = withTimes(times, [observed('a', 1000, 1)]);
    expect(times['a']).toBeLessThan(13);
    for (let i = 0; i < 10; i += 1) times = withTimes(times, [observed('a', 50)]);
    expect(times['a']).toBeGreaterThan(44);
    expect(withTimes(times, [observed('a', 1, 0)])).toEqual(times);
  });
});
