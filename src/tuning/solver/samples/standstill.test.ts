import { describe, expect, it } from 'vitest';
import type { CallSample } from '../../../control/observation.ts';
import { observationOf } from '../solver-fixtures.ts';
import { NO_STANDSTILL, watchForStandstill, type Standstill } from './standstill.ts';

const call = (startedAt: number, endedAt: number): CallSample => ({
  batch: 10,
  inFlightAtStart: 8,
  inFlightMean: 8,
  durationMs: endedAt - startedAt,
  outcome: 'ok',
  endedAt,
});

class Watch {
  state: Standstill = NO_STANDSTILL;
  overAt = -Infinity;

  see(...samples: readonly CallSample[]): this {
    const step = watchForStandstill(this.state, observationOf({ samples }), 40);
    this.state = step.state;
    this.overAt = step.overAt;
    return this;
  }
}

describe('a standstill', () => {
  it('is over with the first call that ends: those that began before it say nothing', () => {
    const watch = new Watch().see(call(0, 40), call(5, 45)).see();
    expect(watch.overAt).toBe(-Infinity);
    expect(watch.see(call(46, 2001), call(41, 2000), call(2000, 2040)).overAt).toBe(2000);
  });

  it('is none where nothing was to be done', () => {
    expect(new Watch().see(call(0, 40)).see(call(2000, 2040)).overAt).toBe(-Infinity);
  });

  it('is none a second time: calls take so long now', () => {
    const watch = new Watch().see(call(0, 40)).see(call(41, 2000));
    expect(watch.see(call(2000, 4000)).overAt).toBe(-Infinity);
    expect(watch.see(call(4000, 4040)).see(call(4041, 6000)).overAt).toBe(6000);
  });

  it('is none where the first calls already last so long, nor while others end', () => {
    expect(new Watch().see(call(0, 2000)).overAt).toBe(-Infinity);
    expect(new Watch().see(call(0, 40)).see(call(1000, 1040)).see(call(41, 1100)).overAt).toBe(-Infinity);
  });
});
