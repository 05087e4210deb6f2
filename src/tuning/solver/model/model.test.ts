import { describe, expect, it } from 'vitest';
import { MAX_CELLS, settledDoubt, withEvidence, type Cell, type Seen } from './cells.ts';
import { nonNegativeLeastSquares } from './least-squares.ts';
import { Places } from './places.ts';
import { fitPrior } from './prior-fit.ts';
import { priorLogMs } from './prior.ts';
import { ResidualField } from './residual.ts';
import { BLANK_SURFACE, learn, surfaceOf, type SurfaceState } from './surface.ts';
import { initialTail, mixOf, tailAt, tailsOf, withCalls, withOddness } from './tail.ts';

const cellAt = (batch: number, inFlight: number, ms: number, more: Partial<Cell> = {}): Cell => ({
  batch,
  inFlight,
  logMs: Math.log(ms),
  variance: 1e-4,
  visits: 5,
  surprise: 0,
  at: 0,
  ...more,
});

const seenAt = (batch: number, inFlight: number, ms: number, more: Partial<Seen> = {}): Seen => ({
  ...cellAt(batch, inFlight, ms, more),
  visits: 1,
  calls: more.calls ?? 20,
});

const grid = (cost: (b: number, n: number) => number): Cell[] =>
  [1, 4, 16, 64, 256, 1024]
    .map((b) => cellAt(b, 1, cost(b, 1)))
    .concat([2, 4, 8, 16, 32].map((n) => cellAt(256, n, cost(256, n))));

/** Calls at one point, all of the same duration. */
const calls = (batch: number, inFlight: number, ms: number, count = 50) =>
  Array.from({ length: count }, () => ({ batch, inFlight, ms, startedAt: 0 }));

function taught(places: readonly (readonly [number, number, number])[], periods = 6): SurfaceState {
  let state: SurfaceState = BLANK_SURFACE;
  let at = 0;
  for (const [batch, inFlight, ms] of places) {
    for (let i = 0; i < periods; i += 1) state = learn(state, calls(batch, inFlight, ms), (at += 100));
  }
  return state;
}

describe('cells', () => {
  it('keep the exact place and average what they see of it', () => {
    let cells = withEvidence([], [seenAt(321, 7, 10)]);
    cells = withEvidence(cells, [seenAt(321, 7, 10.4, { at: 100 })]);
    expect(cells).toHaveLength(1);
    expect(cells[0]?.batch).toBeCloseTo(321, 9);
    expect(Math.exp(cells[0]?.logMs ?? 0)).toBeCloseTo(10.2, 1);
    expect(cells[0]?.variance).toBeLessThan(1e-4);
  });

  it('follow at once when a place is suddenly another', () => {
    const cells = withEvidence([cellAt(100, 4, 10)], [seenAt(100, 4, 20, { at: 100 })]);
    expect(Math.exp(cells[0]?.logMs ?? 0)).toBeGreaterThan(19);
  });

  it('do not follow one odd call, but the second one', () => {
    const odd = (at: number) => seenAt(100, 4, 40, { at, calls: 1, variance: 0.04 });
    const once = withEvidence([cellAt(100, 4, 10, { variance: 0.01 })], [odd(100)]);
    expect(Math.exp(once[0]?.logMs ?? 0)).toBeLessThan(12);
    const usual = withEvidence(once, [seenAt(100, 4, 10, { at: 200, calls: 1, variance: 0.04 })]);
    expect(Math.exp(withEvidence(usual, [odd(300)])[0]?.logMs ?? 0)).toBeLessThan(13);
    expect(Math.exp(withEvidence(once, [odd(200)])[0]?.logMs ?? 0)).toBeGreaterThan(35);
  });

  it('never become more than their bound, and lose no place of their own', () => {
    let cells: readonly Cell[] = [];
    for (let i = 0; i < 3 * MAX_CELLS; i += 1)
      cells = withEvidence(cells, [seenAt(2 ** (i / 12), 1 + (i % 7), 5, { at: i })]);
    expect(cells).toHaveLength(MAX_CELLS);
  });

  it('tell what is known from near by what is settled', () => {
    const cells = [cellAt(100, 4, 10), cellAt(1000, 4, 50, { visits: 1 })];
    expect(settledDoubt(cells, { batch: 100, inFlight: 4 })).toBe(0);
    expect(settledDoubt(cells, { batch: 103, inFlight: 4 })).toBeGreaterThan(0);
    expect(settledDoubt(cells, { batch: 120, inFlight: 4 })).toBeUndefined();
    expect(settledDoubt(cells, { batch: 100, inFlight: 5 })).toBeUndefined();
    expect(settledDoubt(cells, { batch: 1000, inFlight: 4 })).toBeUndefined();
  });
});

describe('the level', () => {
  const known = taught([[100, 4, 10]], 12);
  const shiftBy = (state: SurfaceState, periods: readonly ReturnType<typeof calls>[]): number => {
    let [next, at] = [state, 1200];
    for (const seen of periods) next = learn(next, seen, (at += 100));
    return Math.exp(next.level - state.level);
  };

  it('follows many slow calls soon', () => {
    expect(shiftBy(known, [calls(100, 4, 20), calls(100, 4, 20), calls(100, 4, 20)])).toBeGreaterThan(1.5);
  });

  it('is not what a page costs that begins just behind a settled place', () => {
    expect(shiftBy(known, [calls(104, 4, 17), calls(104, 4, 17), calls(104, 4, 17)])).toBeLessThan(1.05);
    const { predict } = ((state) => ({ predict: (b: number) => surfaceOf(state).predict(b, 4).ms }))(
      learn(learn(known, calls(104, 4, 17), 1300), calls(104, 4, 17), 1400),
    );
    expect(predict(100)).toBeLessThan(11);
  });
});

describe('nonNegativeLeastSquares', () => {
  it('finds the coefficients where they are positive, and zero where they would be negative', () => {
    const columnsOf = (batches: number[], ms: (b: number) => number) => [
      Float64Array.from(batches, (b) => 1 / ms(b)),
      Float64Array.from(batches, (b) => b / ms(b)),
    ];
    const exact = nonNegativeLeastSquares(
      columnsOf([1, 2, 4, 8, 16], (b) => 3 + 2 * b),
      new Float64Array(5).fill(1),
    );
    expect(exact.coefficients[0]).toBeCloseTo(3, 3);
    expect(exact.coefficients[1]).toBeCloseTo(2, 3);
    expect(exact.error).toBeLessThan(1e-6);
    const falling = nonNegativeLeastSquares(
      columnsOf([2, 4, 8], (b) => 20 - b),
      new Float64Array(3).fill(1),
    );
    expect(falling.coefficients[1]).toBe(0);
  });
});

describe('fitPrior', () => {
  it('makes no slope of chance between 1 and 1.05 calls', () => {
    const cells = [1, 4, 16, 64, 256].flatMap((b) => [
      cellAt(b, 1, 4 + 0.03 * b),
      cellAt(b, 1.06, 1.2 * (4 + 0.03 * b)),
    ]);
    const prior = fitPrior(cells, 0.03);
    expect(priorLogMs(prior, 256, 2) - priorLogMs(prior, 256, 1)).toBeLessThan(0.25);
  });

  it('does not take single events for free where only large batches were seen and cost grows with their logarithm', () => {
    const cells = [16, 64, 256, 1024, 4096].map((b) => cellAt(b, 1, 4 * Math.log2(1 + b)));
    expect(Math.exp(priorLogMs(fitPrior(cells, 0.03), 1, 1))).toBeGreaterThan(2);
  });

  it.each([
    [
      'affine cost and contention',
      (b: number, n: number) => (2 + 0.01 * b) * (1 + 0.03 * (n - 1) + 0.002 * n * (n - 1)),
    ],
    ['finite servers', (b: number, n: number) => (1 + 0.02 * b) * Math.max(1, n / 8)],
    ['quadratic cost', (b: number, n: number) => (1 + 0.01 * b + 2e-5 * b * b) * (1 + 0.02 * (n - 1))],
  ])('explains %s within 5 %, also between the axes that it has seen', (_, cost) => {
    const prior = fitPrior(grid(cost), 0.03);
    for (const [b, n] of [
      [100, 1],
      [256, 12],
      [64, 8],
      [512, 16],
    ] as const) {
      expect(Math.abs(priorLogMs(prior, b, n) - Math.log(cost(b, n)))).toBeLessThan(0.05);
    }
  });

  it('tells a round trip that is not shared from bandwidth that is, once points off the axes say so', () => {
    const cost = (b: number, n: number): number => 5 + 0.01 * b * n;
    const corners = [
      [16, 8],
      [64, 16],
      [1024, 8],
      [64, 4],
    ].map(([b = 1, n = 1]) => cellAt(b, n, cost(b, n)));
    const prior = fitPrior([...grid(cost), ...corners], 0.03);
    expect(Math.abs(priorLogMs(prior, 512, 12) - Math.log(cost(512, 12)))).toBeLessThan(0.05);
  });

  it('knows that half the batch in twice the calls needs no more room, where all calls share it', () => {
    const memory = (b: number, n: number): number =>
      (3 + 0.02 * b) * (1 + 0.01 * (n - 1)) * (1 + Math.max(0, (n * b) / 3000 - 1) ** 2);
    const places = [...[2, 4, 6, 8, 10, 12].map((n) => [400, n]), ...[200, 300, 600].map((b) => [b, 9])] as const;
    const cells = grid(memory).concat(places.map(([b = 1, n = 1]) => cellAt(b, n, memory(b, n))));
    const prior = fitPrior(cells, 0.02);
    expect(prior.crowd?.room).toBeGreaterThan(2500);
    expect(prior.crowd?.room).toBeLessThan(3500);
    expect(Math.exp(priorLogMs(prior, 60, 48)) / memory(60, 48)).toBeCloseTo(1, 0);
    expect(
      fitPrior(
        grid((b, n) => (3 + 0.02 * b) * Math.max(1, n / 8)),
        0.02,
      ).crowd,
    ).toBeUndefined();
  });

  it('finds so many servers, though it never saw calls in that number', () => {
    const cost = (b: number, n: number): number => (80 + 6 * Math.sqrt(b)) * Math.max(1, n / 12);
    const prior = fitPrior([...grid(cost), cellAt(96, 15, cost(96, 15)), cellAt(400, 18, cost(400, 18))], 0.03);
    expect(Math.exp(priorLogMs(prior, 256, 12)) / cost(256, 12)).toBeCloseTo(1, 1);
    expect(prior.knee).toBeGreaterThanOrEqual(11);
    expect(prior.knee).toBeLessThanOrEqual(13);
  });

  it('makes no curve of two points', () => {
    const prior = fitPrior([cellAt(1, 1, 2), cellAt(4, 1, 2.2)], 0.03);
    expect(Math.exp(priorLogMs(prior, 100, 1))).toBeLessThan(10);
    expect(Math.exp(priorLogMs(prior, 4, 1))).toBeCloseTo(2.2, 1);
  });
});

describe('ResidualField', () => {
  const residuals = {
    places: new Places([
      { batch: 100, inFlight: 4 },
      { batch: 400, inFlight: 4 },
    ]),
    values: Float64Array.of(0.2, -0.1),
    variances: Float64Array.of(1e-4, 1e-4),
  };
  const field = new ResidualField(residuals, { amplitude: 0.2, roughness: 1 });

  it('follows what was measured and returns to the prior far away', () => {
    expect(field.mean(100, 4)).toBeCloseTo(0.2, 1);
    expect(field.mean(400, 4)).toBeCloseTo(-0.1, 1);
    expect(Math.abs(field.mean(100, 400))).toBeLessThan(0.01);
  });

  it('is sure where it has measured and not elsewhere', () => {
    expect(Math.sqrt(field.variance(100, 4))).toBeLessThan(0.02);
    expect(Math.sqrt(field.variance(100, 400))).toBeCloseTo(0.2, 2);
  });

  it('finds small residuals likelier under a small amplitude', () => {
    const small = { ...residuals, values: residuals.values.map((value) => value / 20) };
    const evidence = (amplitude: number) => new ResidualField(small, { amplitude, roughness: 0 }).evidence;
    expect(evidence(0.02)).toBeGreaterThan(evidence(0.3));
  });
});

describe('the tail', () => {
  it('is of the odd calls where they are more than one in twenty, and the mean is with them', () => {
    const tailOf = (every: number) => {
      const calls = Array.from({ length: 500 }, (_, i) => (i % every === 0 ? { oddness: 20 } : {}));
      const alike = calls.filter(({ oddness }) => oddness === undefined).map(() => ({ inFlight: 8, ratio: 1 }));
      return withOddness(withCalls(initialTail(), alike), calls);
    };
    expect(tailAt(tailsOf(tailOf(10)), 64)).toBeCloseTo(20, 0);
    expect(mixOf(tailOf(10)).mean).toBeCloseTo(2.9, 0);
    expect(mixOf(tailOf(10)).spread ** 2).toBeCloseTo(3.9, 0);
    expect(tailAt(tailsOf(tailOf(50)), 8)).toBeLessThan(1.1);
    expect(mixOf(initialTail())).toEqual({ mean: 1, spread: 0 });
  });

  it('is p95 over the expected duration, learned where it was seen', () => {
    const ratios = Array.from({ length: 2000 }, (_, i) => ({ inFlight: 8, ratio: 0.8 + (0.4 * i) / 2000 }));
    const tails = tailsOf(withCalls(initialTail(), ratios));
    expect(tailAt(tails, 8)).toBeGreaterThan(1.15);
    expect(tailAt(tails, 8)).toBeLessThan(1.22);
  });
});

describe('the surface', () => {
  it('predicts what it was taught and says how sure it is', () => {
    const state = taught([
      [1, 1, 2],
      [16, 1, 2.3],
      [256, 1, 7],
      [256, 8, 9],
    ]);
    const surface = surfaceOf(state);
    expect(surface.predict(256, 8).ms).toBeCloseTo(9, 0);
    expect(surface.doubt(256, 8)).toBeLessThan(surface.doubt(20, 60));
    expect(surface.explored.batch).toBeCloseTo(256, 6);
  });

  it('takes a common slow-down for a new level: places that were not visited are slower too', () => {
    const before = taught([
      [16, 1, 2.3],
      [256, 1, 7],
      [256, 8, 9],
    ]);
    let state = before;
    for (let i = 1; i <= 10; i += 1) state = learn(state, calls(256, 8, 27), before.at + 100 * i);
    expect(surfaceOf(state).predict(256, 8).ms).toBeGreaterThan(24);
    expect(surfaceOf(state).predict(256, 1).ms).toBeGreaterThan(17);
  });

  it('takes a new place that is worse than thought for that place alone', () => {
    const before = taught([
      [16, 1, 2.3],
      [256, 1, 7],
      [256, 8, 9],
    ]);
    const state = learn(before, calls(256, 32, 90), before.at + 100);
    expect(surfaceOf(state).predict(256, 8).ms).toBeCloseTo(9, 0);
  });

  it('does not believe at once that a known place is quite another, and does when it stays so', () => {
    const before = taught([
      [16, 1, 2.3],
      [256, 1, 7],
      [256, 8, 9],
    ]);
    const once = learn(before, calls(256, 8, 45), before.at + 100);
    expect(once.strange).toHaveLength(1);
    expect(surfaceOf(once).predict(256, 8).ms).toBeLessThan(12);
    let state = once;
    for (let i = 2; i <= 6; i += 1) state = learn(state, calls(256, 8, 45), before.at + 100 * i);
    expect(state.strange).toEqual([]);
    expect(surfaceOf(state).predict(256, 8).ms).toBeGreaterThan(40);
  });

  it('believes in the end what no known place can confirm or deny', () => {
    const before = taught([
      [16, 1, 2.3],
      [256, 1, 7],
      [256, 8, 9],
      [256, 32, 30],
    ]);
    let state = before;
    for (let i = 1; i <= 40; i += 1) state = learn(state, calls(20, 31, 60), before.at + 100 * i);
    expect(surfaceOf(state).predict(20, 31).ms).toBeGreaterThan(50);
    expect(state.strange).toEqual([]);
  });

  it('is plain data: a saved state predicts the same', () => {
    const state = taught([
      [16, 1, 2.3],
      [256, 4, 7],
    ]);
    const saved = JSON.parse(JSON.stringify(state)) as SurfaceState;
    expect(surfaceOf(saved).predict(99, 3)).toEqual(surfaceOf(state).predict(99, 3));
  });
});
