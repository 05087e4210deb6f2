// The same flow with hand-picked values, and with none: npx jiti examples/by-hand-or-not.ts
import { flow, fromBatches, type Sink } from 'daoflow';
import { setTimeout as sleep } from 'node:timers/promises';

/** An API with 8 slots: 10 ms a call and 0.05 ms an event; what comes beyond that waits for a slot. */
function api(): Sink<number> {
  const freeAt = new Array<number>(8).fill(0);
  const write = async (events: readonly number[]): Promise<void> => {
    const slot = freeAt.indexOf(Math.min(...freeAt));
    const now = performance.now();
    freeAt[slot] = Math.max(now, freeAt[slot] ?? 0) + 10 + events.length * 0.05;
    await sleep((freeAt[slot] ?? 0) - now);
  };
  return { name: 'api', open: () => ({ write }) };
}

const SECONDS = 6;

async function run(name: string, settings: { batch?: number; concurrency?: number }): Promise<void> {
  const until = performance.now() + SECONDS * 1000;
  const events = function* (): Generator<number[]> {
    while (performance.now() < until) yield new Array<number>(16).fill(1);
  };
  const running = flow('by-hand-or-not', { targets: { latency: { avg: '60ms', p95: '60ms' } } })
    .from(fromBatches(events))
    .to(api(), { name: 'api', ...settings })
    .run();
  await sleep(SECONDS * 500);
  const before = running.snapshot().totals.confirmed;
  await sleep(SECONDS * 400);
  const { totals, system } = running.snapshot();
  const perSecond = Math.round(((totals.confirmed - before) / (SECONDS * 400)) * 1000);
  const [pin] = running.pins();
  const { batchLimit, concurrency } = running.settings.get('api');
  await running.done;
  const cost = pin?.cost === undefined ? '' : `; ${pin.cost.sentence}`;
  console.log(
    `${name}: ${perSecond} events/s, p95 ${system.response_time.p95?.toFixed(0) ?? '-'} ms, ${batchLimit} x ${concurrency}${cost}`,
  );
}

await run('by hand, careful', { batch: 100, concurrency: 4 });
await run('by hand, generous', { batch: 1000, concurrency: 32 });
await run('nothing given', {});
