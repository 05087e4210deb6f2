import { expect, it } from 'vitest';
import { virtualFlow } from '../../src/testing/virtual-host.ts';
import { eventsOf, repeating, servedBy, worldOf } from './flow-fixtures.ts';

const SERVERS = 32;
const P95_MS = 5000;

/** p95 of each second of a flow that gets an event every 2 ms; null while no call ended. */
async function p95Of(seconds: number, seed: number): Promise<(number | null)[]> {
  const world = worldOf(seed);
  const { host, random, after } = world;
  const source = repeating(async (output) => {
    await after(2 * (0.9 + 0.2 * random()));
    await output.write(eventsOf(1));
  });
  const target = servedBy(world, SERVERS, (events) => (2000 + events) * (0.8 + 0.4 * random()));
  const run = virtualFlow('long-calls', host, { targets: { latency: { p95: P95_MS } } })
    .from(source)
    .to(target)
    .run({ seed });
  void run.done.catch(() => undefined);
  const found: (number | null)[] = [];
  for (let second = 1; second <= seconds; second += 1) {
    await host.scheduler.advance(1000);
    found.push(run.snapshot().system.response_time.p95);
  }
  void run.stop().catch(() => undefined);
  return found;
}

it.each([1, 2])('calls of two seconds are known after a few of them (seed %i)', async (seed) => {
  const late = (await p95Of(40, seed)).slice(30).filter((p95) => p95 !== null && p95 > P95_MS);
  expect(late).toEqual([]);
});
