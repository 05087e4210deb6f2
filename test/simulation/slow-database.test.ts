import { expect, it } from 'vitest';
import { madeUpDatabase } from '../../src/cli/demo/database.ts';
import { paymentBytes, type Payment } from '../../src/cli/demo/load.ts';
import { generateBytes } from '../../src/connector/generate/generate.ts';
import { Flow } from '../../src/flow/flow.ts';
import { FlowRun } from '../../src/runtime/run/flow-run.ts';
import { DiscreteScheduler } from '../../src/testing/discrete-scheduler.ts';
import { virtualHost } from '../../src/testing/virtual-host.ts';

const SLOW = { fromMs: 7000, toMs: 11_000 };
const TURNS = 16;

it('the demo, in virtual time, keeps a mean of 10 ms from one second after its database slows down', async () => {
  const scheduler = new DiscreteScheduler(0, TURNS);
  const isSlow = (): boolean => scheduler.now() >= SLOW.fromMs && scheduler.now() < SLOW.toMs;
  const table = madeUpDatabase(() => ({ slowdown: isSlow() ? 3 : 1, isAway: false }));
  const bytes = paymentBytes();
  const make = (first: number, events: number): Uint8Array => bytes.take(first, events);
  const rate = (): number => 200_000 * Math.min(1, Math.max(0.02, scheduler.now() / 4000));
  const declared = new Flow('payments', {}, (definition, options) => {
    return new FlowRun(definition, options, { ...virtualHost({ seed: 1 }), scheduler });
  });
  const run = declared
    .from<Payment>(generateBytes({ name: 'load', rate, make }))
    .filter((payment) => payment.amount >= 50)
    .to(table('payments'), { name: 'store' })
    .run({ seed: 1 });
  void run.done.catch(() => undefined);
  const means: number[] = [];
  for (let at = SLOW.fromMs + 2000; at <= SLOW.toMs; at += 1000) {
    await scheduler.runUntil(at);
    means.push(run.snapshot().system.response_time.avg ?? Infinity);
  }
  void run.stop().catch(() => undefined);
  expect(Math.max(...means)).toBeLessThan(10);
});
