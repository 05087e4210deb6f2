import { describe, expect, it } from 'vitest';

import { RateMeter } from './rate-meter.ts';

describe('the rate meter', () => {
  it('gives no rate before one step of time has passed', () => {
    const clock = new ManualClock();
    const meter = new RateMeter(clock);
    meter.accepted(1000, 1);
    clock.at += 99;
    expect(meter.rate()).toBeNull();
    clock.at += 1;
    expect(meter.rate()).toEqual({ eventsPerSecond: 10_000, bytesPerSecond: 10 });
  });

  it('divides by the time that its window really holds', () => {
    const clock = new ManualClock();
    const meter = new RateMeter(clock);
    for (let i = 0; i < 250; i += 1) {
      meter.accepted(500, 64_000); // 50 events and 6.4 KB per ms
      clock.at += 10;
      const rate = meter.rate();
      if (clock.at >= 100) expect(rate?.eventsPerSecond).toBeCloseTo(50_000, 6);
      if (clock.at >= 100) expect(rate?.bytesPerSecond).toBeCloseTo(6_400_000, 3);
    }
  });

  it('measures zero when nothing came for a second', () => {
    const clock = new ManualClock();
    const meter = new RateMeter(clock);
    meter.accepted(500, 500);
    clock.at += 1000;
    expect(meter.rate()).toEqual({ eventsPerSecond: 0, bytesPerSecond: 0 });
  });

  it('keeps totals and the mean of the whole run', () => {
    const clock = new ManualClock();
    const meter = new RateMeter(clock);
    expect(meter.mean()).toBeNull();
    meter.accepted(100, 1000);
    clock.at += 5000;
    meter.accepted(100, 3000);
    expect([meter.events, meter.bytes]).toEqual([200, 4000]);
    expect(meter.mean()).toEqual({ eventsPerSecond: 40, bytesPerSecond: 800 });
  });

  it('takes a batch that is dated a little before the current step', () => {
    const clock = new ManualClock();
    const meter = new RateMeter(clock);
    meter.accepted(1, 0, 350);
    meter.accepted(1, 0, 299);
    expect(meter.rate(400)?.eventsPerSecond).toBe(5);
  });
});

class ManualClock {
  at = 0;
  now(): number {
    return this.at;
  }
  wall(): number {
    return this.at;
  }
}
