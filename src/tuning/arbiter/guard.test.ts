import { describe, expect, it } from 'vitest';
import { freshGuard, isOnHold, judge, withMove, type FlowFigures } from './guard.ts';

const figures = (at: number, throughput: number, over: Partial<FlowFigures> = {}): FlowFigures => ({
  at,
  throughput,
  isHeld: true,
  p95Ms: 20,
  ...over,
});
const moved = (state = freshGuard<string>(), at = 0, before = 'before') =>
  withMove(state, { key: 'a>b', before, figures: figures(at, 1000), predicted: 1050 });

describe('the guard', () => {
  it('lets a move stand that does what it promised', () => {
    let { state, failed } = judge(moved(), figures(5000, 1000), 30);
    ({ state, failed } = judge(state, figures(10_000, 960), 30));
    expect(failed).toBeUndefined();
    expect(state.pending).toEqual([]);
  });

  it('takes a move back that fell short twice, with all that came after it, and holds it off', () => {
    let { state, failed } = judge(moved(), figures(5000, 900), 30);
    expect(failed).toBeUndefined();
    state = moved(state, 5000, 'later');
    ({ state, failed } = judge(state, figures(10_000, 900), 30));
    expect(failed?.before).toBe('before');
    expect(state.pending).toEqual([]);
    expect(isOnHold(state, 'a>b', 19_999)).toBe(true);
    expect(isOnHold(state, 'a>b', 20_000)).toBe(false);
    expect(isOnHold(state, 'b>a', 10_001)).toBe(false);
  });

  it('forgives one bad period', () => {
    let { state, failed } = judge(moved(), figures(5000, 500), 30);
    ({ state, failed } = judge(state, figures(10_000, 1100), 30));
    expect(failed).toBeUndefined();
    expect(state.pending).toEqual([]);
  });

  it('doubles the hold up to five minutes, and clears it when the move holds', () => {
    let state = freshGuard<string>();
    const holds: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      state = judge(moved(state), figures(0, 500), 30).state;
      state = judge(state, figures(0, 500), 30).state;
      holds.push(state.holds['a>b']?.ms ?? 0);
    }
    expect(holds).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
    state = judge(judge(moved(state), figures(0, 1100), 30).state, figures(0, 1100), 30).state;
    expect(state.holds).toEqual({});
  });

  it('does not blame a move for load that went away, but for a target missed', () => {
    const calm = (p95Ms: number) => {
      const { state } = judge(moved(), figures(5000, 100, { isHeld: false, p95Ms }), 30);
      return judge(state, figures(10_000, 100, { isHeld: false, p95Ms }), 30).failed;
    };
    expect(calm(20)).toBeUndefined();
    expect(calm(40)?.key).toBe('a>b');
  });
});
