import { expect, it } from 'vitest';
import { virtualFlow } from '../../src/testing/virtual-host.ts';
import { eventsOf, repeating, worldOf } from './flow-fixtures.ts';

const CALL_MS = 5;
const EVENT_MS = 0.1;
const LATE_MS = 100;
/** Events per ms, three times what can be done. */
const RATE = 30;

it('what is not dropped is in time, and as much as can be done in time is done', async () => {
  const { host, after } = worldOf();
  const load = repeating(async (output) => {
    await after(1);
    void output.write(eventsOf(RATE));
  });
  const target = {
    name: 'target',
    limits: { maxConcurrency: 1 },
    open: () => ({
      write: (events: readonly number[]) => after(CALL_MS + EVENT_MS * events.length),
    }),
  };
  const run = virtualFlow('dropping', host, { targets: { latency: { p95: LATE_MS } } })
    .from(load)
    .to(target, { whenSlow: 'drop' })
    .run();
  await host.scheduler.advance(10_000);
  const done = () => run.snapshot().stages[0]?.done ?? 0;
  const before = done();
  for (let second = 0; second < 10; second += 1) {
    await host.scheduler.advance(1000);
    expect(run.metrics().response_time.p95).toBeLessThan(LATE_MS);
  }
  expect((done() - before) / 10_000).toBeGreaterThan(0.8 / EVENT_MS);
  void run.stop().catch(() => undefined);
});
