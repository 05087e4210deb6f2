import { describe, expect, it } from 'vitest';
import { snapshotOf } from '../snapshot-fixtures.ts';
import { RateSearch, type SearchStep } from './search.ts';

const TICK_MS = 125;

interface Plant {
  /** Events per second that it can do. */
  readonly capacity: number;
  /** It does so much less from this time on. */
  readonly later?: { readonly fromMs: number; readonly capacity: number };
}

/** A queue in front of a server of fixed capacity, with figures over the last second, as the engine has them. */
function search(plant: Plant, options: { durationMs: number; fixedRate?: number }) {
  const rates = new RateSearch(options);
  const steps: SearchStep[] = [];
  const done: number[] = [];
  const waits: number[] = [];
  let backlog = 0;
  let rate = 0;
  for (let atMs = TICK_MS; atMs <= options.durationMs + 1000; atMs += TICK_MS) {
    const { capacity } = plant.later !== undefined && atMs >= plant.later.fromMs ? plant.later : plant;
    const offered = (rate * TICK_MS) / 1000;
    const served = Math.min(backlog + offered, (capacity * TICK_MS) / 1000);
    backlog += offered - served;
    done.push(served);
    waits.push(2 + (backlog / capacity) * 1000);
    const second = waits.slice(-8);
    const snapshot = snapshotOf({
      uptimeMs: atMs,
      eps: done.slice(-8).reduce((sum, n) => sum + n, 0),
      avg: second.reduce((sum, ms) => sum + ms, 0) / second.length,
      p95: Math.max(...second),
      bottleneck: { where: 'cpu', kind: rate > capacity * 0.6 ? 'cpu' : 'none', reason: '' },
    });
    const step = rates.step(snapshot);
    steps.push(step);
    rate = step.rate;
    if (step.isOver) break;
  }
  return { rates, steps };
}

describe('the search for the highest rate', () => {
  it.each([150_000, 400_000, 1_000_000, 3_300_000])(
    'finds a capacity of %d per second to within a tenth',
    (capacity) => {
      const { rates } = search({ capacity }, { durationMs: 40_000 });
      expect(rates.held?.rate).toBeGreaterThan(capacity * 0.88);
      expect(rates.held?.rate).toBeLessThanOrEqual(capacity);
    },
  );

  it('sees all targets met within the ramp', () => {
    const { rates } = search({ capacity: 1_000_000 }, { durationMs: 40_000 });
    expect(rates.allGreenAtMs).toBeLessThan(6500);
  });

  it('ends when its time is over', () => {
    for (const durationMs of [1000, 10_000, 40_000]) {
      const { steps } = search({ capacity: 1_000_000 }, { durationMs });
      expect(steps.at(-1)?.isOver).toBe(true);
      expect(steps.length).toBe(durationMs / TICK_MS);
    }
  });

  it('takes back an answer that does not hold to the end', () => {
    const later = { fromMs: 34_000, capacity: 500_000 };
    const { rates } = search({ capacity: 1_000_000, later }, { durationMs: 40_000 });
    expect(rates.held?.rate ?? 0).toBeLessThanOrEqual(500_000);
  });

  it('finds none where the first goal is too much, and never claims more than was held', () => {
    const { rates } = search({ capacity: 30_000 }, { durationMs: 20_000 });
    expect(rates.held?.rate ?? 0).toBeLessThanOrEqual(30_000);
    expect(rates.allGreenAtMs).toBeUndefined();
  });

  it('goes to a fixed rate and stays there', () => {
    const { rates, steps } = search({ capacity: 1_000_000 }, { durationMs: 10_000, fixedRate: 300_000 });
    expect(steps.slice(20).every(({ rate }) => rate === 300_000)).toBe(true);
    expect(rates.held?.rate).toBe(300_000);
  });

  it('is pure: the same snapshots give the same steps', () => {
    const once = search({ capacity: 700_000 }, { durationMs: 20_000 });
    expect(search({ capacity: 700_000 }, { durationMs: 20_000 }).steps).toEqual(once.steps);
  });
});
