import { describe, expect, it } from 'vitest';
import { Turn } from './turn.ts';

/** Steps until the turn is over, and how often the clock was read for them. */
function takeTurn(turn: Turn, clock: { at: number; reads: number }, stepMs: number): { steps: number; reads: number } {
  clock.reads = 0;
  for (let steps = 1; ; steps += 1) {
    clock.at += stepMs;
    if (!turn.isOver()) continue;
    const { reads } = clock;
    turn.begin();
    return { steps, reads };
  }
}

function makeTurn(): { turn: Turn; clock: { at: number; reads: number; now: () => number; wall: () => number } } {
  const clock = {
    at: 1000,
    reads: 0,
    now: () => ((clock.reads += 1), clock.at),
    wall: () => 0,
  };
  return { turn: new Turn(clock), clock };
}

describe('Turn', () => {
  it('lasts two milliseconds, whatever a step takes', () => {
    for (const stepMs of [0.0005, 0.01, 0.3, 1, 5]) {
      const { turn, clock } = makeTurn();
      for (let i = 0; i < 10; i += 1) {
        const tookMs = takeTurn(turn, clock, stepMs).steps * stepMs;
        expect(tookMs).toBeGreaterThan(2 - 1e-9);
        expect(tookMs).toBeLessThanOrEqual(Math.max(2.2, 2 + stepMs));
      }
    }
  });

  it('looks at the clock seldom when steps are short', () => {
    const { turn, clock } = makeTurn();
    takeTurn(turn, clock, 0.001);
    const { steps, reads } = takeTurn(turn, clock, 0.001);
    expect(steps / reads).toBeGreaterThan(50);
  });

  it('is over as soon when steps are taken at once', () => {
    const { turn, clock } = makeTurn();
    takeTurn(turn, clock, 0.01);
    let steps = 0;
    for (let isOver = false; !isOver;) {
      const { left } = turn;
      steps += left;
      clock.at += left * 0.01;
      isOver = turn.isOver(left);
    }
    expect(steps * 0.01).toBeGreaterThan(2 - 1e-9);
    expect(steps * 0.01).toBeLessThanOrEqual(2.2);
  });

  it('looks after each step again once steps have become long', () => {
    const { turn, clock } = makeTurn();
    takeTurn(turn, clock, 0.001);
    takeTurn(turn, clock, 0.5);
    expect(takeTurn(turn, clock, 0.5)).toEqual({ steps: 4, reads: 4 });
  });
});
