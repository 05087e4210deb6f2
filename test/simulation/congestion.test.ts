import { expect, it } from 'vitest';
import { firstFree, simulate, type Plant } from 'daoflow/testing';
import { stageSolver } from '../../src/tuning/solver/solver.ts';

/** A call that finds every server busy gets no answer: its time limit ends it. */
function dropping(servers: number, callMs: (batch: number) => number, limitMs: number): Plant {
  return {
    name: 'dropping',
    targetMs: 100,
    arrivals: 'saturating',
    servers,
    service: (call) =>
      call.servers.some((freeAt) => freeAt <= call.now)
        ? firstFree(call, callMs(call.batch))
        : { durationMs: limitMs, outcome: 'failed', work: 0.01 },
  };
}

it.each([
  ['quick calls', 20, (batch: number) => 3 + 0.02 * batch, 500],
  ['slow calls', 8, (batch: number) => 15 + 0.05 * batch, 1000],
  ['a short time limit', 8, (batch: number) => 5 + 0.02 * batch, 100],
] as const)(
  'few calls are in flight where more of them only run into their time limit: %s',
  async (_, servers, callMs, limitMs) => {
    const { periods } = await simulate(dropping(servers, callMs, limitMs), { controller: stageSolver, seed: 3 });
    const last = periods.slice(-100);
    const calls = last.flatMap(({ observation }) => observation.samples);
    expect(calls.filter(({ outcome }) => outcome === 'failed').length).toBeLessThan(0.03 * calls.length);
    expect(Math.max(...last.map(({ settings }) => settings.concurrency))).toBeLessThan(2 * servers);
    // Most of what all servers together do with batches of that size.
    const done = last.reduce((sum, { observation }) => sum + observation.done, 0) / 10_000;
    const batch = last.at(-1)?.settings.batchLimit ?? 0;
    expect(done).toBeGreaterThan((0.85 * servers * batch) / callMs(batch));
  },
);
