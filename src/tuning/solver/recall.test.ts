import { describe, expect, it } from 'vitest';
import { BLANK_SURFACE, learn, surfaceOf, type SurfaceState } from './model/surface.ts';
import { beforeDisturbance, NOTHING_RECALLED, recall, type Recalled, type RecallState } from './recall.ts';
import type { UsableCall } from './samples/calls.ts';
import { FIRST_TRIM } from './trim.ts';

/** 2 ms a call and 10 us an event; `added` while it is disturbed. */
const callsAt = (batch: number, addedMs = 0): UsableCall[] =>
  Array.from({ length: 10 }, () => ({ batch, inFlight: 4, ms: 2 + 0.01 * batch + addedMs, startedAt: 0 }));

let known: SurfaceState = BLANK_SURFACE;
for (const batch of [10, 100, 1000]) {
  for (let period = 0; period < 10; period += 1) known = learn(known, callsAt(batch), 100 * period, true);
}

class Watch {
  at = 10_000;
  surface = known;
  state: RecallState = NOTHING_RECALLED;
  recalled = 0;

  /** So many periods with calls of that batch, which also teach what they are like. */
  see(periods: number, batch: number, addedMs = 0): this {
    for (let i = 0; i < periods; i += 1) this.period(callsAt(batch, addedMs));
    return this;
  }

  period(calls: UsableCall[]): Recalled {
    this.at += 100;
    this.surface = learn(this.surface, calls, this.at, true);
    const step = recall(this.state, { surface: this.surface, trim: FIRST_TRIM }, calls, this.at);
    this.state = step.state;
    if (step.back !== undefined) this.surface = step.back.surface;
    if (step.back !== undefined) this.recalled += 1;
    return step;
  }

  expected(batch: number): number {
    return surfaceOf(this.surface).predict(batch, 4).ms;
  }
}

describe('a disturbance', () => {
  it('that is over is forgotten: all places are as they were, though only one shows it', () => {
    const watch = new Watch().see(6, 1000).see(10, 1000, 50).see(10, 100, 50).see(5, 10, 50);
    expect(watch.expected(1000)).toBeGreaterThan(50);
    watch.see(2, 10);
    expect(watch.recalled).toBe(0);
    watch.see(1, 10);
    expect(watch.recalled).toBe(1);
    expect(watch.expected(1000)).toBeCloseTo(12, 0);
  });

  it('is over, too, where calls take longer than was thought of places that were never seen', () => {
    const small = (addedMs: number): UsableCall[] => callsAt(1, 3 + addedMs); // 2 ms were expected
    const watch = new Watch().see(6, 1000).see(5, 1000, 100);
    for (let i = 0; i < 10; i += 1) watch.period(small(100));
    expect(watch.recalled).toBe(0);
    for (let i = 0; i < 3; i += 1) watch.period(small(0));
    expect(watch.recalled).toBe(1);
  });

  it('goes on where all calls take five times as long, the small ones too', () => {
    const slow = (batch: number): UsableCall[] => callsAt(batch).map((call) => ({ ...call, ms: 5 * call.ms }));
    const watch = new Watch().see(6, 1000);
    for (let i = 0; i < 5; i += 1) watch.period(slow(1000));
    for (let i = 0; i < 20; i += 1) watch.period(slow(1));
    expect(watch.recalled).toBe(0);
  });

  it('has a before, as long as it goes on', () => {
    const watch = new Watch().see(6, 1000);
    expect(beforeDisturbance(watch.state)).toBeUndefined();
    watch.see(5, 1000, 50);
    expect(beforeDisturbance(watch.state)?.trim).toBe(FIRST_TRIM);
    watch.see(3, 1000);
    expect(beforeDisturbance(watch.state)).toBeUndefined();
  });

  it('shows at several places, where none of them was settled', () => {
    const watch = new Watch().see(6, 1000).see(1, 700, 50).see(1, 300, 50).see(1, 30, 50).see(3, 30);
    expect(watch.recalled).toBe(1);
  });

  it('is not a place that turns out to be slow', () => {
    const watch = new Watch().see(6, 1000).see(5, 3000, 300).see(5, 1000);
    expect(watch.recalled).toBe(0);
    expect(watch.expected(3000)).toBeGreaterThan(100); // 32 ms by what was known
  });

  it('is none while what is expected has not been right for long', () => {
    const watch = new Watch().see(4, 1000).see(3, 1000, 50).see(3, 10, 50).see(5, 10);
    expect(watch.recalled).toBe(0);
  });

  it('that lasts for a minute is how things are', () => {
    const watch = new Watch().see(6, 1000).see(620, 1000, 50).see(5, 1000);
    expect(watch.recalled).toBe(0);
  });

  it('that comes again at once was none: large batches are slow now, small ones are not', () => {
    const watch = new Watch().see(6, 1000).see(3, 1000, 50).see(3, 10);
    expect(watch.recalled).toBe(1);
    watch.see(3, 1000, 50).see(5, 10);
    expect(watch.recalled).toBe(1);
    expect(watch.expected(1000)).toBeGreaterThan(20); // 12 ms by what was known
  });

  it('is over though a place that it fled to is far quicker than was thought', () => {
    const watch = new Watch().see(6, 1000).see(10, 1000, 50).see(3, 10, 50).see(3, 10, -1.5);
    expect(watch.recalled).toBe(1);
  });

  it('is over with a standstill, of which calls that have not ended told', () => {
    const watch = new Watch().see(6, 1000);
    for (let i = 0; i < 5; i += 1)
      watch.period([{ batch: 1000, inFlight: 4, ms: 20 + 20 * i, startedAt: 0, isUnended: true }]);
    expect(watch.expected(1000)).toBeGreaterThan(15);
    const { back } = recall(watch.state, { surface: watch.surface, trim: FIRST_TRIM }, [], watch.at, true);
    expect(surfaceOf(back?.surface ?? BLANK_SURFACE).predict(1000, 4).ms).toBeCloseTo(12, 0);
  });

  it('says nothing while no calls end', () => {
    const watch = new Watch().see(6, 1000);
    const { state } = watch;
    expect(watch.period([]).state).toBe(state);
  });
});
