import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Histogram } from '../stats/histogram.ts';
import { LatencyMeter, summarize } from './latency-meter.ts';

describe('the latency meter', () => {
  it('knows nothing before the first event: null, not zero', () => {
    const meter = new LatencyMeter(new ManualClock());
    expect(summarize(meter.window())).toEqual({ avg: null, p95: null, p99: null, max: null });
    expect(summarize(meter.total())).toEqual({ avg: null, p95: null, p99: null, max: null });
  });

  it('weighs each batch by its events', () => {
    const meter = new LatencyMeter(new ManualClock());
    meter.record(1, 960);
    meter.record(50, 40);
    const { avg, p95, p99, max } = summarize(meter.window());
    expect(avg).toBeCloseTo(2.96, 10);
    expect(p95).toBeCloseTo(1, 1);
    expect((p99 ?? 0) / 50).toBeCloseTo(1, 1);
    expect(max).toBe(50);
  });

  it('ignores a batch without events', () => {
    const meter = new LatencyMeter(new ManualClock());
    meter.record(1000, 0);
    expect(meter.window()).toMatchObject({ count: 0, max: 0 });
  });

  it('forgets what is older than a second in the window, and never in the total', () => {
    const clock = new ManualClock();
    const meter = new LatencyMeter(clock);
    meter.record(5, 10);
    clock.at += 999;
    expect(meter.window().count).toBe(10);
    clock.at += 1;
    expect(meter.window().count).toBe(0);
    expect(meter.total()).toMatchObject({ count: 10, sum: 50, max: 5 });
  });

  it('stays right over a pause much longer than its window', () => {
    const clock = new ManualClock();
    const meter = new LatencyMeter(clock);
    meter.record(5, 1);
    clock.at += 86_400_000;
    meter.record(7, 2);
    expect(meter.window()).toMatchObject({ count: 2, max: 7 });
    expect(meter.total().count).toBe(3);
  });

  it('takes a time that was read already, instead of reading the clock', () => {
    const clock = new ManualClock();
    const meter = new LatencyMeter(clock);
    clock.reads = 0;
    meter.record(5, 1, clock.at + 10);
    expect(clock.reads).toBe(0);
  });

  it('gives away copies: later records do not change them', () => {
    const meter = new LatencyMeter(new ManualClock());
    meter.record(1, 1);
    const [window, total] = [meter.window(), meter.total()];
    meter.record(1, 1);
    expect([window.count, total.count]).toEqual([1, 1]);
  });

  it('holds exactly the records of the last 0.9 to 1 s, and all of them in total', () => {
    const record = fc.record({ afterMs: fc.integer({ min: 0, max: 400 }), latency: fc.integer({ min: 1, max: 1000 }) });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), (records) => {
        const clock = new ManualClock();
        const meter = new LatencyMeter(clock);
        const all = new Histogram();
        const times: number[] = [];
        for (const { afterMs, latency } of records) {
          clock.at += afterMs;
          meter.record(latency, 1);
          all.record(latency);
          times.push(clock.at);
        }
        const oldestKept = Math.floor(clock.at / 100) * 100 - 900;
        expect(meter.window().count).toBe(times.filter((at) => at >= oldestKept).length);
        expect(meter.total()).toEqual(all);
      }),
    );
  });

  it.each([
    [{ windowMs: 0 }, 'windowMs: expected a number of ms above 0, received 0.'],
    [{ windowMs: Infinity }, 'windowMs: expected a number of ms above 0, received Infinity.'],
    [{ steps: 1 }, 'steps: expected an integer from 2 to 1000, received 1.'],
    [{ steps: 2.5 }, 'steps: expected an integer from 2 to 1000, received 2.5.'],
    [{ steps: 1001 }, 'steps: expected an integer from 2 to 1000, received 1001.'],
  ])('refuses %j', (options, message) => {
    expect(() => new LatencyMeter(new ManualClock(), options)).toThrow(message);
  });
});

class ManualClock {
  at = 0;
  reads = 0;
  now(): number {
    this.reads += 1;
    return this.at;
  }
  wall(): number {
    return this.at;
  }
}
