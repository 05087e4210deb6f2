import { describe, expect, it } from 'vitest';
import { Breaker, DEFAULT_BREAKER, type BreakerState } from './breaker.ts';

const SETTINGS = { ...DEFAULT_BREAKER, minCalls: 4, openMs: 100, maxOpenMs: 300 };

function opened(): { readonly breaker: Breaker; readonly states: BreakerState[] } {
  const states: BreakerState[] = [];
  const breaker = new Breaker(SETTINGS, (state) => states.push(state));
  for (let i = 0; i < 4; i += 1) breaker.failed(i);
  return { breaker, states };
}

describe('Breaker', () => {
  it('stays closed while fewer calls fail than its ratio, or too few have ended', () => {
    const breaker = new Breaker(SETTINGS);
    for (let i = 0; i < 3; i += 1) breaker.failed(i);
    expect(breaker.isClosed).toBe(true);
    for (let i = 0; i < 30; i += 1) {
      breaker.succeeded(i);
      breaker.succeeded(i);
      if (i > 3 && i % 3 === 0) breaker.failed(i);
    }
    expect([breaker.state, breaker.waitMs(30)]).toEqual(['closed', 0]);
  });

  it('counts successes that it is told of together as it counts single ones', () => {
    for (const calls of [1, 3, 4, 5, 70]) {
      const [one, many] = [new Breaker(SETTINGS), new Breaker(SETTINGS)];
      for (let i = 0; i < calls; i += 1) one.succeeded(1);
      many.succeeded(1, calls);
      const failuresUntilOpen = (breaker: Breaker): number => {
        let failures = 0;
        for (; breaker.isClosed && failures < 200; failures += 1) {
          breaker.failed(2);
          if (failures % 3 === 2) breaker.succeeded(2);
        }
        return failures;
      };
      expect(failuresUntilOpen(many)).toBe(failuresUntilOpen(one));
    }
  });

  it('opens when calls fail, and lets none go for a while', () => {
    const { breaker, states } = opened();
    expect(states).toEqual(['open']);
    expect([breaker.waitMs(3), breaker.waitMs(53), breaker.waitMs(103)]).toEqual([100, 50, 0]);
  });

  it('does not count what is long ago', () => {
    const breaker = new Breaker(SETTINGS);
    for (let i = 0; i < 3; i += 1) breaker.failed(i);
    breaker.succeeded(4);
    for (let i = 0; i < 3; i += 1) breaker.failed(20_000);
    expect(breaker.state).toBe('closed');
  });

  it('opens when the newest calls all failed, however long that took', () => {
    const breaker = new Breaker(SETTINGS);
    for (let i = 0; i < 4; i += 1) breaker.failed(i * 20_000);
    expect(breaker.state).toBe('open');
  });

  it('lets one call probe, and closes when it succeeds, with nothing held against it', () => {
    const { breaker, states } = opened();
    breaker.started();
    expect([breaker.state, breaker.waitMs(103)]).toEqual(['halfOpen', Infinity]);
    expect(breaker.succeeded(110)).toBe(true);
    for (let i = 0; i < 3; i += 1) breaker.failed(111);
    expect(states).toEqual(['open', 'halfOpen', 'closed']);
  });

  it('opens again, for twice as long up to a bound, when the probe fails', () => {
    const { breaker } = opened();
    const waits = [0, 1, 2].map(() => {
      const now = 1_000;
      breaker.started();
      breaker.failed(now);
      return breaker.waitMs(now);
    });
    expect(waits).toEqual([200, 300, 300]);
    expect(breaker.opened).toBe(4);
  });

  it('closes when its probe is answered, whatever the answer', () => {
    const { breaker } = opened();
    expect(breaker.answered()).toBe(false);
    breaker.started();
    expect([breaker.answered(), breaker.state]).toEqual([true, 'closed']);
  });

  it('ignores what ends while it is open: that was started before', () => {
    const { breaker } = opened();
    breaker.failed(10);
    expect(breaker.succeeded(10)).toBe(false);
    expect([breaker.state, breaker.waitMs(3)]).toEqual(['open', 100]);
  });
});
