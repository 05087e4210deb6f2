import { expect, it } from 'vitest';
import type { EventSource } from '../../src/event/source.ts';
import type { SinkOptions } from '../../src/flow/graph.ts';
import { runFixed } from '../../src/testing/simulation/fixed-run.ts';
import { firstFree, noise, type Plant } from '../../src/testing/simulation/plant.ts';
import { simulate } from '../../src/testing/simulation/simulate.ts';
import { virtualFlow } from '../../src/testing/virtual-host.ts';
import { stageSolver } from '../../src/tuning/solver/solver.ts';
import { eventsOf, servedBy, worldOf } from './flow-fixtures.ts';

const SERVERS = 8;

/** Clients that send so many events each, and wait until all are confirmed before they send again. */
async function perSecond(clients: number, each: number, options: SinkOptions, seed: number): Promise<number> {
  const world = worldOf(seed);
  const { host, random, after } = world;
  const confirmed = new Map<string, () => void>();
  const source: EventSource<number> = {
    kind: 'events',
    name: 'clients',
    run: async (output, { signal }) => {
      const client = async (partition: string): Promise<void> => {
        await after(20 * random());
        while (!signal.aborted) {
          const done = new Promise<void>((resolve) => void confirmed.set(partition, resolve));
          void output.write({ ...eventsOf(each), partition });
          await done;
          await after(0.1 * random());
        }
      };
      await Promise.all(Array.from({ length: clients }, (_, i) => client(`client ${i}`)));
    },
    acknowledged: (partition) => confirmed.get(partition)?.(),
  };
  const database = servedBy(world, SERVERS, (events) => (5 + 0.05 * events) * (0.8 + 0.4 * random()));
  const run = virtualFlow('clients', host, { targets: { latency: { p95: 50 } } })
    .from(source)
    .to(database, options)
    .run({ seed });
  void run.done.catch(() => undefined);
  await host.scheduler.advance(12_000);
  const before = run.snapshot().totals.confirmed;
  await host.scheduler.advance(4_000);
  const rate = (run.snapshot().totals.confirmed - before) / 4;
  void run.stop().catch(() => undefined);
  return rate;
}

it.each([
  [3, 20, 1],
  [50, 1, 1],
  [50, 1, 2],
])(
  '%i clients that wait for their confirmations get the calls that serve them soonest (%i events each, seed %i)',
  async (clients, each, seed) => {
    const best = await perSecond(clients, each, { batch: 32, concurrency: SERVERS }, seed);
    expect(await perSecond(clients, each, {}, seed)).toBeGreaterThan(0.8 * best);
  },
);

it.each([12, 50, 200])('%i callers who all come back in the same turn are divided among calls', async (callers) => {
  const plant: Plant = {
    name: 'callers',
    targetMs: 50,
    arrivals: 'saturating',
    callers,
    servers: SERVERS,
    service: (call) => firstFree(call, (5 + 0.05 * call.batch) * noise(call.random, 0.1)),
  };
  const divided = { batchLimit: Math.ceil(callers / SERVERS), concurrency: SERVERS, lingerMs: 0, minGapMs: 0 };
  const best = await runFixed(plant, [0, 16_000], divided, 1);
  const { periods } = await simulate(plant, { controller: stageSolver, durationMs: 25_000 });
  const done = periods.slice(-100).reduce((sum, { observation }) => sum + observation.done, 0) / 10;
  expect(done).toBeGreaterThan(0.85 * best.throughput);
});
