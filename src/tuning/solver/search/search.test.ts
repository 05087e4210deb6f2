import { describe, expect, it } from 'vitest';
import { NATURAL_BOUNDS } from '../../../control/goal.ts';
import { certainModel } from '../solver-fixtures.ts';
import { bestBisection } from '../trial/bracket.ts';
import { bestTrial } from '../trial/trial.ts';
import { candidatesIn, isWithin, withinReach, type SearchSpace } from './candidates.ts';
import { choose } from './choice.ts';
import { anchorAmong } from './anchor.ts';
import { FIRST_SWEEP, isHopeless, retreat, sweep, type SweepState } from './sweep.ts';

const affine = (b: number, n: number): number => (2 + 0.01 * b) * (1 + 0.02 * (n - 1) + 0.002 * n * (n - 1));

const spaceWith = (some: Partial<SearchSpace> = {}): SearchSpace => ({
  model: certainModel(affine, { batch: 2000, inFlight: 64 }),
  p95Ms: 30,
  batch: NATURAL_BOUNDS.batchLimit,
  concurrency: NATURAL_BOUNDS.concurrency,
  ...some,
});

/** The best throughput of all points, by looking at each. */
function exhaustive({ p95Ms }: SearchSpace): number {
  let best = 0;
  for (let n = 1; n <= 64; n += 1) {
    for (let b = 1; b <= 4000; b += 1) {
      const ms = affine(b, n);
      if (ms * (1.2 + 1 / n) <= p95Ms) best = Math.max(best, (b * n) / ms);
    }
  }
  return best;
}

describe('choose', () => {
  it('comes within 1.5 % of the best of all points, within the target', () => {
    const space = spaceWith();
    const chosen = choose(space, { batch: 1, inFlight: 1 });
    expect(chosen.throughput).toBeGreaterThan(0.985 * exhaustive(space));
    expect(chosen.p95Ms).toBeLessThanOrEqual(30 * 1.001);
  });

  it('never leaves bounds nor reach', () => {
    const pinned = spaceWith({ batch: { min: 1, max: 1 }, concurrency: { min: 2, max: 5 } });
    const chosen = choose(pinned, { batch: 1, inFlight: 2 });
    expect([chosen.batch, chosen.inFlight]).toEqual([1, 5]);
    const young = withinReach(spaceWith({ model: certainModel(affine, { batch: 10, inFlight: 2 }) }));
    for (const each of candidatesIn(young, { batch: 10, inFlight: 2 })) {
      expect(each.batch).toBeLessThanOrEqual(25);
      expect(each.inFlight).toBeLessThanOrEqual(4);
      expect(isWithin(young, each)).toBe(true);
    }
  });

  it('takes the smallest concurrency among those that do as well', () => {
    const servers = certainModel((b, n) => (1 + 0.02 * b) * Math.max(1, n / 8), { batch: 400, inFlight: 64 });
    const chosen = choose(spaceWith({ model: servers, p95Ms: 200, batch: { min: 1, max: 100 } }), {
      batch: 100,
      inFlight: 1,
    });
    expect(chosen.inFlight).toBe(8);
  });

  it('expects no more calls than a limit per second grants, and spares slots for calls that last', () => {
    const space = spaceWith({ callsPerMs: 0.4 });
    const chosen = choose(space, { batch: 1, inFlight: 1 });
    expect(chosen.throughput).toBeLessThan(0.4 * chosen.batch);
    const possible = chosen.inFlight / affine(chosen.batch, chosen.inFlight);
    expect(possible).toBeGreaterThan(0.4);
    expect(possible).toBeLessThan(0.7);
  });
});

describe('sweep', () => {
  it('grows the batch first, then the concurrency, and ends', () => {
    const space = spaceWith();
    let state: ReturnType<typeof sweep>['state'] = FIRST_SWEEP;
    let point = { batch: 1, inFlight: 1 };
    const visited = [point];
    while (state !== undefined && visited.length < 50) {
      ({ state, next: point } = sweep(state, space, point));
      visited.push(point);
    }
    expect(state).toBeUndefined();
    expect(visited.length).toBeLessThan(16);
    expect(visited.slice(0, 5).every(({ inFlight }) => inFlight === 1)).toBe(true);
    expect(Math.max(...visited.map(({ inFlight }) => inFlight))).toBeGreaterThanOrEqual(16);
  });

  it('goes a step back from so many calls that they do not end in time', () => {
    const convoy = certainModel((_, n) => 20 * (1 + Math.max(0, n - 26)), { batch: 100, inFlight: 64 });
    const space = spaceWith({ model: convoy, p95Ms: 100 });
    const state: SweepState = { axis: 'concurrency', best: 1, bestBatch: 100 };
    expect(isHopeless(state, space, { batch: 100, inFlight: 32 })).toBe(true);
    expect(isHopeless(state, space, { batch: 100, inFlight: 16 })).toBe(false);
    expect(retreat({ batch: 100, inFlight: 32 })).toEqual({ state: undefined, next: { batch: 100, inFlight: 16 } });
  });

  it('says where calls that did not disturb each other suddenly do', () => {
    const endOf = (cost: (b: number, n: number) => number): boolean | undefined => {
      const space = spaceWith({ model: certainModel(cost, { batch: 100, inFlight: 64 }), p95Ms: 1000 });
      let step = sweep({ axis: 'concurrency', best: 0, bestBatch: 100 }, space, { batch: 100, inFlight: 2 });
      while (step.state !== undefined) step = sweep(step.state, space, step.next);
      return step.isWall;
    };
    expect(endOf((_, n) => (n > 9 ? 30 : 10))).toBe(true);
    expect(endOf((b, n) => 10 * (1 + 3 * Math.max(0, (b * n) / 800 - 1)))).toBe(true);
    expect(endOf((_, n) => 10 * (1 + 0.1 * (n - 1) + 0.01 * n * (n - 1)))).toBe(false);
  });

  it('tries larger batches where even single events miss the target', () => {
    const space = spaceWith({ model: certainModel(() => 50, { batch: 1, inFlight: 1 }), p95Ms: 30 });
    expect(sweep(FIRST_SWEEP, space, { batch: 1, inFlight: 1 }).next).toEqual({ batch: 4, inFlight: 1 });
  });

  it('keeps a batch that costs nothing where not even one event leaves room for more calls', () => {
    const flat = certainModel((b) => (b > 64 ? 200 : 100), { batch: 64, inFlight: 1 });
    const space = spaceWith({ model: flat, p95Ms: 225 });
    const state: SweepState = { axis: 'batch', best: 0, bestBatch: 1 };
    expect(sweep(state, space, { batch: 64, inFlight: 1 }).next).toEqual({ batch: 64, inFlight: 2 });
  });

  it('leaves a pinned batch alone', () => {
    const space = spaceWith({ batch: { min: 1, max: 1 } });
    const { next } = sweep(FIRST_SWEEP, space, { batch: 1, inFlight: 1 });
    expect(next).toEqual({ batch: 1, inFlight: 2 });
  });
});

describe('trials', () => {
  it('are not made where nothing can be learned', () => {
    const space = spaceWith();
    const { batch, inFlight } = choose(space, { batch: 1, inFlight: 1 });
    expect(bestTrial(space, { batch: Math.round(batch), inFlight }, [])).toBeUndefined();
  });

  it('go where the doubt leaves the most to gain, within the target', () => {
    const model = {
      ...certainModel(affine, { batch: 900, inFlight: 20 }),
      doubt: (b: number) => (b > 500 ? 0.1 : 0.01),
    };
    const space = spaceWith({ model, p95Ms: 60 });
    const trial = bestTrial(space, { batch: 400, inFlight: 16 }, []);
    expect(trial?.batch).toBeGreaterThan(500);
    expect(trial?.loss).toBeLessThan(0.35);
  });

  it('look between two numbers of calls that were measured, however sure the model is', () => {
    const servers = certainModel((b, n) => (5 + 0.05 * b) * Math.max(1, n / 8), { batch: 200, inFlight: 8 });
    const space = spaceWith({
      model: servers,
      p95Ms: 150,
      batch: { min: 200, max: 200 },
      concurrency: { min: 1, max: 8 },
    });
    const measured = [4, 8].map((inFlight) => ({ batch: 200, inFlight, doubt: 0.01 }));
    const trial = bestTrial(space, { batch: 200, inFlight: 8 }, measured);
    expect(trial?.inFlight).toBeGreaterThan(4);
    expect(trial?.inFlight).toBeLessThan(8);
    const known = [4, 5, 6, 7, 8].map((inFlight) => ({ batch: 200, inFlight, doubt: 0.01 }));
    expect(bestTrial(space, { batch: 200, inFlight: 8 }, known)).toBeUndefined();
  });

  it('take more calls only if they pay: half of what another stage would lose is no reason', () => {
    const shared = certainModel((b, n) => (5 + 0.05 * b) * Math.sqrt(n), { batch: 200, inFlight: 8 });
    const space = spaceWith({ model: shared, p95Ms: 1000, batch: { min: 200, max: 200 } });
    const known = [4, 5, 6, 7, 8].map((inFlight) => ({ batch: 200, inFlight, doubt: 0.01 }));
    expect(
      bestTrial(space, { batch: 200, inFlight: 8 }, [...known, { batch: 200, inFlight: 9, doubt: 0.01 }])?.inFlight ??
        8,
    ).not.toBe(9);
  });

  it('bisect towards a cliff that a smooth model takes for a slope', () => {
    // Measured at 4 and, five times as slow, at 8: the model draws a line between them.
    const sloping = certainModel((b, n) => (5 + 0.05 * b) * (1 + Math.max(0, n - 4)), { batch: 200, inFlight: 8 });
    const space = spaceWith({ model: sloping, p95Ms: 150, batch: { min: 1, max: 200 } });
    const measured = [
      { batch: 200, inFlight: 4, doubt: 0.01 },
      { batch: 200, inFlight: 8, doubt: 0.05 },
    ];
    const visit = bestBisection(space, { batch: 200, inFlight: 4 }, measured);
    expect(visit?.inFlight).toBeGreaterThan(4);
    expect(visit?.inFlight).toBeLessThan(8);
    const closed = [...measured, { batch: 200, inFlight: 5, doubt: 0.02 }];
    expect(bestBisection(space, { batch: 200, inFlight: 4 }, closed)).toBeUndefined();
  });

  it('do not go on bisecting between numbers of calls that make no difference', () => {
    const falling = certainModel((b, n) => (5 + 0.05 * b) * Math.max(1, (n / 126) ** 4), { batch: 1, inFlight: 128 });
    const space = spaceWith({ model: falling, batch: { min: 1, max: 1 }, concurrency: { min: 1, max: 256 } });
    const measured = [126, 128].map((inFlight) => ({ batch: 1, inFlight, doubt: 0.005 }));
    expect(bestBisection(space, { batch: 1, inFlight: 126 }, measured)).toBeUndefined();
    measured.push({ batch: 1, inFlight: 140, doubt: 0.005 });
    expect(bestBisection(space, { batch: 1, inFlight: 126 }, measured.slice(2))?.inFlight).toBe(133);
  });
});

describe('an anchor', () => {
  const space = spaceWith();
  const current = { batch: 400, inFlight: 16 };

  it('is the first place of which the stage can live meanwhile', () => {
    const [small, large] = [
      { batch: 4, inFlight: 1 },
      { batch: 300, inFlight: 12 },
    ];
    expect(anchorAmong([small, large], space, current)).toEqual(large);
    expect(anchorAmong([small], space, current)).toBeUndefined();
    expect(anchorAmong([current, large], space, current)).toEqual(current);
  });

  it('is none at which everything is late', () => {
    const crowded = { batch: 400, inFlight: 64 };
    expect(anchorAmong([crowded], spaceWith({ p95Ms: 100 }), current)).toEqual(crowded);
    expect(anchorAmong([crowded], space, current)).toBeUndefined();
  });

  it('is within the bounds, which may have become narrower', () => {
    const narrow = spaceWith({ concurrency: { min: 1, max: 16 } });
    expect(anchorAmong([{ batch: 300, inFlight: 20 }], narrow, current)).toBeUndefined();
  });
});
