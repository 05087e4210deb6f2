import { describe, expect, it } from 'vitest';
import { NATURAL_BOUNDS } from '../../../control/goal.ts';
import type { Point } from '../cost-model.ts';
import { candidateAt, type SearchSpace } from '../search/candidates.ts';
import { certainModel, observationOf } from '../solver-fixtures.ts';
import {
  besidesLook,
  FIRST_LOOK,
  looked,
  placeFrom,
  withLook,
  withoutLook,
  withWall,
  type Looked,
  type LookState,
} from './look.ts';

const BASE: Point = { batch: 800, inFlight: 8 };
/** 10 ms a call wherever anything was seen. */
const SPACE: SearchSpace = {
  model: certainModel(() => 10, BASE),
  p95Ms: 30,
  batch: NATURAL_BOUNDS.batchLimit,
  concurrency: NATURAL_BOUNDS.concurrency,
};
const BEGUN = withLook(FIRST_LOOK, candidateAt(SPACE, BASE), 10, 1000);
const PLACE: Point = { batch: 200, inFlight: 32 };

/** A period at a place in which calls took so long. */
function after(before: LookState, current: Point, at: number, ms: number, leastMs = 0): Looked {
  const samples = Array.from({ length: 40 }, (_, i) => {
    const { batch, inFlight } = current;
    const endedAt = at - i;
    return {
      batch,
      inFlightAtStart: inFlight,
      inFlightMean: inFlight,
      durationMs: ms,
      outcome: 'ok',
      endedAt,
    } as const;
  });
  const observation = observationOf({ at, samples });
  return looked(before, { observation, current, space: SPACE, targetMs: 30, leastMs });
}

describe('a look', () => {
  it('is due a while after a wall was met, at as many events in flight in four times the calls', () => {
    expect(FIRST_LOOK.nextAt).toBeUndefined();
    expect(withWall(FIRST_LOOK, 1000, 10).nextAt).toBe(1200);
    expect(placeFrom(SPACE, BASE)).toEqual(PLACE);
    expect(placeFrom(SPACE, { batch: 3, inFlight: 8 })).toBeUndefined();
    expect(placeFrom({ ...SPACE, concurrency: { min: 1, max: 31 } }, BASE)).toBeUndefined();
    expect(placeFrom({ ...SPACE, callsPerMs: 1 }, BASE)).toBeUndefined();
  });

  it('wins by throughput within the target, and its calls are told then', () => {
    const { look, next, won } = after(BEGUN, PLACE, 1100, 9);
    expect(look.visit).toBeUndefined();
    expect(next).toBeUndefined();
    expect(won.length).toBe(40);
    expect(won.every(({ batch, inFlight, ms }) => batch === 200 && inFlight === 32 && ms === 9)).toBe(true);
    expect(look.nextAt).toBeLessThan(2000);
    const late = looked(BEGUN, {
      observation: observationOf({ at: 1100 }),
      current: PLACE,
      space: SPACE,
      targetMs: 5,
      leastMs: 0,
    });
    expect(late.won).toEqual([]);
  });

  it('goes on to four times as many again where nothing is lost yet, and back from there', () => {
    const { look, next, won } = after(BEGUN, PLACE, 1100, 10.5);
    expect(next).toEqual({ batch: 50, inFlight: 128 });
    expect(won).toEqual([]);
    const over = after(look, { batch: 50, inFlight: 128 }, 1200, 30);
    expect(over.next).toEqual(BASE);
    expect(over.look.visit).toBeUndefined();
  });

  it('is given up as soon as calls that do not end say that it cannot win', () => {
    const { look, next } = after(BEGUN, PLACE, 1010, 10, 20);
    expect(next).toEqual(BASE);
    expect(look.visit).toBeUndefined();
    expect(after(BEGUN, PLACE, 1010, 10).next).toBeUndefined();
  });

  it('is given up where calls fail or are refused', () => {
    const observation = observationOf({ at: 1010, rejected: 1 });
    const { next } = looked(BEGUN, { observation, current: PLACE, space: SPACE, targetMs: 30, leastMs: 0 });
    expect(next).toEqual(BASE);
  });

  it('is taken again, each time after twice as long', () => {
    expect(BEGUN.nextAt).toBe(61_000);
    expect(withLook(withoutLook(BEGUN, 1100), candidateAt(SPACE, BASE), 10, 61_000).nextAt).toBe(181_000);
  });

  it('leaves nothing to be learned of its calls', () => {
    const calls = [900, 1000, 1050, 1100].map((startedAt) => ({ batch: 200, inFlight: 32, ms: 10, startedAt }));
    expect(besidesLook(FIRST_LOOK, calls)).toEqual(calls);
    expect(besidesLook(BEGUN, calls)).toEqual(calls.slice(0, 1));
    expect(besidesLook(withoutLook(BEGUN, 1100), calls)).toEqual([calls[0], calls[3]]);
  });
});
