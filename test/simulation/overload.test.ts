import { expect, it } from 'vitest';
import type { EventSource } from '../../src/event/source.ts';
import type { Sink } from '../../src/event/sink.ts';
import { measure } from '../../src/testing/simulation/measure.ts';
import { noise, type Plant, type PlantCall } from '../../src/testing/simulation/plant.ts';
import { simulate } from '../../src/testing/simulation/simulate.ts';
import { virtualFlow, virtualHost } from '../../src/testing/virtual-host.ts';
import { stageSolver } from '../../src/tuning/solver/solver.ts';

const CALL_MS = 5;
const CALL_EVENTS = 100;
const CAPACITY = (1000 / CALL_MS) * CALL_EVENTS;
const EVENT_BYTES = 1000;
const STEP_MS = 10;
const OVERLOAD_MS = 60_000;
const STEPS = (OVERLOAD_MS + 20_000) / STEP_MS;

it('ten times what a sink can take, for a minute, leaves no more in memory than its queue, and is over within 10 s', async () => {
  const host = virtualHost();
  const { scheduler } = host;
  let given = 0;
  let confirmed = 0;
  let disorder = 0;
  /** A sender that waits while it is held back, and then sends what is due at that moment. */
  const load: EventSource<{ n: number }> = {
    kind: 'events',
    name: 'load',
    run: async (output) => {
      for (let step = 0; scheduler.now() < STEPS * STEP_MS; step += 1) {
        const rate = scheduler.now() < OVERLOAD_MS ? 10 * CAPACITY : 0.5 * CAPACITY;
        const events = Array.from({ length: (rate * STEP_MS) / 1000 }, () => ({ n: given++ }));
        await output.write({ events, bytes: events.length * EVENT_BYTES });
        await new Promise<void>((resolve) => void scheduler.after(STEP_MS, resolve));
      }
    },
  };
  const sink: Sink<{ n: number }> = {
    name: 'limited',
    limits: { maxConcurrency: 1, maxBatch: CALL_EVENTS },
    open: () => ({
      write: (events) =>
        new Promise((resolve) => {
          scheduler.after(CALL_MS, () => {
            for (const { n } of events) if (n !== confirmed++) disorder += 1;
            resolve();
          });
        }),
    }),
  };
  const run = virtualFlow('overload', host).from(load).to(sink).run();
  let [mostEvents, mostBytes, lateUntilMs] = [0, 0, 0];
  for (let ms = 0; ms < STEPS * STEP_MS; ms += 250) {
    await scheduler.advance(250);
    const [stage] = run.snapshot().stages;
    mostEvents = Math.max(mostEvents, stage?.backlogEvents ?? 0);
    mostBytes = Math.max(mostBytes, stage?.backlogBytes ?? 0);
    const { avg, p95 } = run.metrics().response_time;
    const meets = avg !== null && p95 !== null && avg < 10 && p95 < 30;
    if (!meets) lateUntilMs = scheduler.now();
  }
  await scheduler.advance(1000);
  const oneBatch = (10 * CAPACITY * STEP_MS) / 1000;
  expect(run.state).toBe('done');
  expect([confirmed, disorder]).toEqual([given, 0]);
  expect(given).toBeGreaterThan((0.9 * CAPACITY * OVERLOAD_MS) / 1000);
  expect(mostEvents).toBeLessThanOrEqual(2000 + oneBatch);
  expect(mostBytes).toBeLessThanOrEqual((2000 + oneBatch) * EVENT_BYTES);
  expect(lateUntilMs - OVERLOAD_MS).toBeLessThan(10_000);
}, 60_000);

/** Calls of 5 ms and .05 ms per event, which return at once while what was not used of the last second is made up for. */
const madeUp = ({ batch, now, random, state }: PlantCall): number => {
  const workMs = (CALL_MS + 0.05 * batch) * noise(random, 0.1);
  state['freeAt'] = Math.max(state['freeAt'] ?? -Infinity, now - 1000) + workMs;
  return Math.max(0, (state['freeAt'] ?? 0) - now);
};

it.each([
  [15_000, 10_000, 1],
  [15_000, 10_000, 2],
  [3000, 3000, 1],
  [3000, 3000, 2],
])(
  'a backlog that first calls of no length have left is worked off at full rate: %i come per second (%i can be done, seed %i)',
  async (arrivals, possible, seed) => {
    const bounds = { batchLimit: { min: 1, max: CALL_EVENTS } };
    const plant: Plant = { name: 'made up', targetMs: 30, arrivals, bounds, service: madeUp };
    const { periods } = await simulate(plant, { seed, controller: stageSolver });
    const { throughput } = measure(periods, [20_000, 30_000], 30);
    expect(throughput).toBeGreaterThan(0.97 * possible);
  },
);
