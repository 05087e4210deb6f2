import { expect, it } from 'vitest';
import type { EventSource } from '../../src/event/source.ts';
import { systemRandom } from '../../src/host/random.ts';
import { virtualFlow, virtualHost } from '../../src/testing/virtual-host.ts';

const SERVERS = 32;
const P95_MS = 5000;

/** p95 of each second of a flow that gets an event every 2 ms; null while no call ended. */
async function p95Of(seconds: number, seed: number): Promise<(number | null)[]> {
  const host = virtualHost({ seed });
  const { scheduler } = host;
  const random = systemRandom(seed + 1);
  const after = (ms: number): Promise<void> => new Promise((resolve) => void scheduler.after(ms, resolve));
  const source: EventSource<number> = {
    kind: 'events',
    name: 'steady',
    run: async (output, { signal }) => {
      while (!signal.aborted) {
        await after(2 * (0.9 + 0.2 * random()));
        await output.write({ events: [0], bytes: 64 });
      }
    },
  };
  const freeAt = new Array<number>(SERVERS).fill(0);
  const target = async (events: readonly number[]): Promise<void> => {
    const now = scheduler.now();
    const next = freeAt.indexOf(Math.min(...freeAt));
    const endsAt = Math.max(now, freeAt[next] ?? 0) + (2000 + events.length) * (0.8 + 0.4 * random());
    freeAt[next] = endsAt;
    await after(endsAt - now);
  };
  const run = virtualFlow('long-calls', host, { targets: { latency: { p95: P95_MS } } })
    .from(source)
    .to(target)
    .run({ seed });
  void run.done.catch(() => undefined);
  const found: (number | null)[] = [];
  for (let second = 1; second <= seconds; second += 1) {
    await scheduler.advance(1000);
    found.push(run.snapshot().system.response_time.p95);
  }
  void run.stop().catch(() => undefined);
  return found;
}

it.each([1, 2])('calls of two seconds are known after a few of them (seed %i)', async (seed) => {
  const late = (await p95Of(40, seed)).slice(30).filter((p95) => p95 !== null && p95 > P95_MS);
  expect(late).toEqual([]);
});
