import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConstantSchedule, VaryingSchedule, type Schedule } from './schedule.ts';

function takeAll(schedule: Schedule, untilMs: number, max: number): { count: number; firsts: number[] } {
  const firsts: number[] = [];
  let count = 0;
  for (let due = schedule.take(untilMs, max); due !== undefined; due = schedule.take(untilMs, max)) {
    expect(due.first).toBe(count);
    expect(due.count).toBeLessThanOrEqual(max);
    firsts.push(due.firstMs);
    count += due.count;
  }
  return { count, firsts };
}

describe('ConstantSchedule', () => {
  it('has event i due at i / rate, without drift', () => {
    const schedule = new ConstantSchedule(10);
    for (let i = 0; i < 1000; i += 1) {
      expect(schedule.nextMs()).toBeCloseTo(i * 100, 6);
      expect(schedule.take(i * 100, 10)).toMatchObject({ first: i, count: 1 });
      expect(schedule.take(i * 100 + 99.9, 10)).toBeUndefined();
    }
  });
});

describe('VaryingSchedule', () => {
  it('with a constant rate gives what the constant one gives, whenever it is asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200_000 }),
        fc.array(fc.double({ min: 0, max: 40, noNaN: true }), { maxLength: 30 }),
        (rate, gaps) => {
          const constant = new ConstantSchedule(rate);
          const varying = new VaryingSchedule(() => rate);
          let now = 0;
          let [a, b] = [0, 0];
          for (const gap of gaps) {
            now += gap;
            a += takeAllFrom(constant, now);
            b += takeAllFrom(varying, now);
            expect(Math.abs(a - b)).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
  });

  it('follows a ramp: the integral of the rate has come by any time', () => {
    const schedule = new VaryingSchedule((ms) => ms * 10); // 0 to 10,000 per second within 1 s
    expect(Math.abs(takeAll(schedule, 1000, 1024).count - 5000)).toBeLessThanOrEqual(2);
  });

  it('pauses where the rate is not above 0, and goes on afterwards with the right times', () => {
    const schedule = new VaryingSchedule((ms) => (ms >= 100 && ms < 200 ? 0 : 1000));
    const { firsts } = takeAll(schedule, 299, 1);
    expect(firsts.filter((ms) => ms < 100)).toHaveLength(100);
    expect(firsts.filter((ms) => ms >= 100 && ms < 199.999)).toHaveLength(0);
    expect(firsts.filter((ms) => ms >= 199.999).length).toBeGreaterThanOrEqual(99);
  });

  it('never lets times go back', () => {
    const { firsts } = takeAll(new VaryingSchedule((ms) => 50_000 * (1 + Math.sin(ms / 10))), 200, 7);
    expect(firsts).toEqual([...firsts].sort((x, y) => x - y));
  });
});

/** Counting goes on over several calls, so the check of `first` in takeAll does not apply. */
function takeAllFrom(schedule: Schedule, untilMs: number): number {
  let count = 0;
  for (let due = schedule.take(untilMs, 1024); due !== undefined; due = schedule.take(untilMs, 1024))
    count += due.count;
  return count;
}
