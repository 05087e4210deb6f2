import { expect, it } from 'vitest';
import { virtualFlow } from '../../src/testing/virtual-host.ts';
import { eventsOf, repeating, worldOf } from './flow-fixtures.ts';

const CALL_MS = 5;
const MOST = 100;
const LATE_MS = 30;

interface Second {
  readonly done: number;
  readonly p95: number;
}

interface Load {
  /** What comes each 10 ms, together, at most; what is held back does not come at all. */
  readonly bulk: (nowMs: number) => number;
  /** Of an event in a call, ms. */
  readonly perEvent?: number;
  /** Time that the target has not used may be made up, up to so much: it delays calls as a token bucket does, ms. */
  readonly allowance?: number;
}

async function secondsOf(
  { bulk, perEvent = 0, allowance = 0 }: Load,
  seconds: number,
  seed: number,
): Promise<Second[]> {
  const { host, random, now, after } = worldOf(seed);
  const source = repeating(async (output) => {
    await after(10 * (0.95 + 0.1 * random()));
    await output.write(eventsOf(bulk(now())));
  });
  let done = 0;
  let freeAt = 0;
  const target = {
    name: 'target',
    limits: { maxConcurrency: 1, maxBatch: MOST },
    open: () => ({
      write: async (events: readonly number[]) => {
        freeAt = Math.max(freeAt + CALL_MS + perEvent * events.length, now() - allowance);
        if (freeAt > now()) await after(freeAt - now());
        done += events.length;
      },
    }),
  };
  const run = virtualFlow('bulk', host, { targets: { latency: { p95: LATE_MS } } })
    .from(source)
    .to(target)
    .run({ seed });
  void run.done.catch(() => undefined);
  const found: Second[] = [];
  for (let second = 1; second <= seconds; second += 1) {
    const before = done;
    await host.scheduler.advance(1000);
    found.push({ done: done - before, p95: run.snapshot().system.response_time.p95 ?? Infinity });
  }
  void run.stop().catch(() => undefined);
  return found;
}

it.each([1, 2])(
  'arrays far larger than a call are worked off at full rate, however late they are (seed %i)',
  async (seed) => {
    const perEvent = 0.05;
    const best = (1000 * MOST) / (CALL_MS + perEvent * MOST);
    for (const { done } of (await secondsOf({ bulk: () => 2000, perEvent }, 10, seed)).slice(2)) {
      expect(done).toBeGreaterThan(0.95 * best);
    }
  },
);

it.each([
  [0, 1],
  [20, 1],
  [100, 1],
  [100, 2],
  [1000, 1],
])(
  'after an overload a load of a third is carried in time, on a target that makes up %i ms (seed %i)',
  async (allowance, seed) => {
    const bulk = (now: number): number => (now < 5000 ? 2000 : 60);
    const later = (await secondsOf({ bulk, allowance }, 20, seed)).slice(7);
    for (const { done, p95 } of later) {
      expect(done).toBeGreaterThan(0.95 * 6000);
      expect(p95).toBeLessThan(LATE_MS);
    }
  },
);
