import { expect, it } from 'vitest';
import { madeUpDatabase } from '../../src/cli/demo/database.ts';
import { paymentBytes, type Payment } from '../../src/cli/demo/load.ts';
import { generateBytes } from '../../src/connector/generate/generate.ts';
import { Flow } from '../../src/flow/flow.ts';
import type { SystemMetrics } from '../../src/metrics/system-metrics.ts';
import { count, sum } from '../../src/operator/aggregate/aggregate.ts';
import { tumbling } from '../../src/operator/window/window-spec.ts';
import { FlowRun } from '../../src/runtime/run/flow-run.ts';
import { DiscreteScheduler } from '../../src/testing/discrete-scheduler.ts';
import { virtualHost } from '../../src/testing/virtual-host.ts';

const SLOW = { fromMs: 7000, toMs: 12_000 };
const TURNS = 16;

/**
 * The demo in virtual time.
 *
 * @param isLooked - a stage in front of the database looks up what each payment needs
 * @returns its figures at the end of each second of the slow stretch, from the third one on
 */
async function slowSeconds(perSecond: number, isLooked = false): Promise<SystemMetrics[]> {
  const scheduler = new DiscreteScheduler(0, TURNS);
  const isSlow = (): boolean => scheduler.now() >= SLOW.fromMs && scheduler.now() < SLOW.toMs;
  const table = madeUpDatabase(() => ({ slowdown: isSlow() ? 3 : 1, isAway: false }));
  const bytes = paymentBytes();
  const make = (first: number, events: number): Uint8Array => bytes.take(first, events);
  const rate = (): number => perSecond * Math.min(1, Math.max(0.02, scheduler.now() / 4000));
  const declared = new Flow('payments', {}, (definition, options) => {
    return new FlowRun(definition, options, { ...virtualHost({ seed: 1 }), scheduler });
  });
  const accepted = declared
    .from<Payment>(generateBytes({ name: 'load', rate, make }))
    .filter((payment) => payment.amount >= 50);
  const looked = async (batch: readonly Payment[]): Promise<readonly Payment[]> => {
    await new Promise<void>((resolve) => scheduler.after(1 + batch.length / 2000, resolve));
    return batch;
  };
  const payments = isLooked ? accepted.mapBatch(looked, { name: 'lookup' }) : accepted;
  payments.to(table('payments'), { name: 'store' });
  const run = payments
    .keyBy('card')
    .window(tumbling('1s'))
    .aggregate({ payments: count(), total: sum((payment: Payment) => payment.amount) })
    .to(table('spending'), { name: 'spending' })
    .run({ seed: 1 });
  void run.done.catch(() => undefined);
  const seconds: SystemMetrics[] = [];
  for (let at = SLOW.fromMs + 3000; at <= SLOW.toMs; at += 1000) {
    await scheduler.runUntil(at);
    seconds.push(run.snapshot().system);
  }
  void run.stop().catch(() => undefined);
  return seconds;
}

it.each([125_000, 500_000])('the demo at %i/s keeps a mean of 10 ms while its database is slow', async (rate) => {
  const means = (await slowSeconds(rate)).map(({ response_time }) => response_time.avg ?? Infinity);
  expect(Math.max(...means)).toBeLessThan(10);
});

it.each([1_800_000, 2_000_000])(
  'the demo at %i/s, for which a slow database has no room within the targets, carries it all the same',
  async (rate) => {
    for (const { throughput, response_time } of await slowSeconds(rate)) {
      expect(throughput.eps).toBeGreaterThan(0.97 * rate);
      expect(response_time.p95).toBeLessThan(100);
    }
  },
  60_000, // 12 s of a flow at full load: 5 s where nobody else has the cores
);

it('a stage in front of it changes nothing: what waits outside of the flow is worked off', async () => {
  for (const { throughput, response_time } of await slowSeconds(1_800_000, true)) {
    expect(throughput.eps).toBeGreaterThan(0.97 * 1_800_000);
    expect(response_time.p95).toBeLessThan(100);
  }
}, 60_000);
