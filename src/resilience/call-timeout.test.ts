import { describe, expect, it } from 'vitest';
import { CallTimeout } from './call-timeout.ts';

function after(durations: readonly number[], maxMs?: number): CallTimeout {
  const timeout = new CallTimeout(maxMs);
  for (const ms of durations) timeout.record(ms);
  timeout.adapt(0);
  return timeout;
}
const times = (n: number, ms: number): number[] => new Array<number>(n).fill(ms);

describe('CallTimeout', () => {
  it('is generous until enough calls have ended', () => {
    expect(after([]).limitMs).toBe(30_000);
    expect(after(times(99, 1)).limitMs).toBe(30_000);
    expect(after([60_000]).limitMs).toBe(180_000);
  });

  it('is three times the 99th percentile, and never below its floor', () => {
    expect(after(times(1000, 3)).limitMs).toBe(5_000);
    expect(after(times(1000, 4_000)).limitMs).toBeCloseTo(12_000, -3);
    expect(after([...times(990, 1), ...times(11, 10_000)]).limitMs).toBeCloseTo(30_000, -3);
  });

  it('is never above what the user allows, below its floor too', () => {
    expect(after(times(1000, 4_000), 8_000).limitMs).toBe(8_000);
    expect(after([], 200).limitMs).toBe(200);
    expect(after(times(1000, 1), 200).limitMs).toBe(200);
  });

  it('gives a call that timed out twice as long each time, up to the most', () => {
    const timeout = after([]);
    expect([0, 1, 2, 3, 4].map((n) => timeout.limitFor(n))).toEqual([30_000, 60_000, 120_000, 240_000, 300_000]);
  });

  it('forgets what is two periods old', () => {
    const timeout = after(times(1000, 20_000));
    timeout.adapt(61_000);
    expect(timeout.limitMs).toBeGreaterThan(50_000);
    for (const ms of times(1000, 1)) timeout.record(ms);
    timeout.adapt(122_000);
    expect(timeout.limitMs).toBe(5_000);
  });
});
