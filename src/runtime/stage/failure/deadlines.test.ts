import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualScheduler } from '../../../testing/virtual-scheduler.ts';
import type { Stage } from '../stage.ts';
import { batches, each, never, numbers, reset, SETTINGS, takes, world, write } from './failure-fixtures.ts';

const FACTOR = Number(process.env['FUZZ_FACTOR'] ?? 1);

const KINDS = ['sink', 'mapBatch', 'mapAsync'] as const;

function stageOf(kind: (typeof KINDS)[number], call: (event: unknown) => unknown): Stage {
  if (kind === 'mapAsync') return each(call);
  return batches(([event]) => call(event), { kind: kind === 'sink' ? 'sink' : 'async' });
}

beforeEach(() => reset(new VirtualScheduler()));

describe('a call that hangs', () => {
  it('is given up within its limit and a quarter, its signal aborts, and its slot does the work again', async () => {
    const stage = batches(() => (world.calls.length === 1 ? never() : takes(1)));
    write(stage, numbers(8));
    await world.scheduler.advance(999);
    expect(world.calls).toHaveLength(1);
    await world.scheduler.advance(300);
    expect(world.calls).toHaveLength(2);
    expect(world.calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect(world.settled.confirmed).toBe(8);
    expect(stage.account()).toMatchObject({ timedOut: 1, retried: 8, timeoutMs: 1000 });
  });

  it('says nothing any more when it ends late', async () => {
    const stage = batches((events) => takes(world.calls.length === 1 ? 1500 : 600, events), { kind: 'async' });
    write(stage, [1]);
    await world.scheduler.advance(3000);
    expect([world.out, world.settled.confirmed, world.calls.length]).toEqual([[1], 1, 2]);
  });

  it('is its events fault while the target works for others, and they become dead letters', async () => {
    world.settings = { ...SETTINGS, concurrency: 2, burstConcurrency: 2, batchLimit: 1 };
    const stage = batches(([event]) => (event === 0 ? never() : takes(10)));
    write(stage, numbers(600));
    await world.scheduler.advance(10_000);
    expect(world.letters.map(({ event, reason }) => [event, reason])).toEqual([
      [0, 'TimeoutError: a call of stage did not end within 1000 ms'],
    ]);
    expect(world.settled.confirmed).toBe(600);
  });

  it('frees the place of an event, in order', async () => {
    world.settings = { ...SETTINGS, concurrency: 4 };
    const stage = each((event) => (event === 1 ? never() : takes(1, event)));
    write(stage, numbers(40));
    await world.scheduler.advance(6000);
    expect(world.letters.map(({ event }) => event)).toEqual([1]);
    expect(world.out).toEqual(numbers(40).filter((n) => n !== 1));
  });

  it.each([1, 2, 4])('is found out where %s may go at a time, however many hang in a row', async (concurrency) => {
    world.settings = { ...SETTINGS, concurrency };
    let [inFlight, most] = [0, 0];
    const bad = [0, 1, 2, 30, 31, 60];
    const stage = each((event) => {
      most = Math.max(most, (inFlight += 1));
      if (bad.includes(event as number)) return never();
      return takes(1, event).finally(() => (inFlight -= 1));
    });
    write(stage, numbers(80));
    stage.close();
    for (let s = 0; s < 200; s += 1) {
      inFlight = 0; // what is given up is in flight no more
      await world.scheduler.advance(1_000);
    }
    expect(world.letters.map(({ event }) => event)).toEqual(bad);
    expect(world.out).toEqual(numbers(80).filter((n) => !bad.includes(n)));
    expect(most).toBeLessThanOrEqual(2 * concurrency); // before and after one was given up
  });

  it.each([0, 5, 30])('is found out in a mapBatch that makes one call at a time (event %s)', async (bad) => {
    world.settings = { ...SETTINGS, batchLimit: 8 };
    const stage = batches((events) => (events.includes(bad) ? never() : takes(1, events)), { kind: 'async' });
    write(stage, numbers(100));
    stage.close();
    await world.scheduler.advance(120_000);
    expect(world.letters.map(({ event }) => event)).toEqual([bad]);
    expect([...world.out].sort((a, b) => Number(a) - Number(b))).toEqual(numbers(100).filter((n) => n !== bad));
  });

  it.each(KINDS)('is found out at the end of a stream, where nothing follows (%s)', async (kind) => {
    world.settings = { ...SETTINGS, concurrency: 4, batchLimit: 1 };
    const call = (event: unknown): unknown => (event === 2 ? never() : takes(1, event));
    const stage = stageOf(kind, call);
    write(stage, numbers(6));
    stage.close();
    await world.scheduler.advance(60_000);
    expect([world.letters.map(({ event }) => event), world.settled.confirmed]).toEqual([[2], 6]);
  });

  it.each(KINDS)(
    'is nothing that an event is blamed for, when the target was away (%s)',
    async (kind) => {
      const outage = fc.record({ from: fc.nat(12_000), ms: fc.nat(8_000) });
      const outages = fc.array(outage, { maxLength: 2 });
      await fc.assert(
        fc.asyncProperty(outages, fc.integer({ min: 1, max: 6 }), fc.nat(20), async (away, concurrency, ms) => {
          reset(new VirtualScheduler());
          world.settings = { ...SETTINGS, concurrency, batchLimit: 8 };
          const call = (event: unknown): unknown => {
            const now = world.scheduler.now();
            return away.some(({ from, ms }) => from <= now && now < from + ms) ? never() : takes(1 + ms, event);
          };
          const stage = stageOf(kind, call);
          for (let batch = 0; batch < 100; batch += 1) {
            write(stage, numbers(5));
            await world.scheduler.advance(150);
          }
          await world.scheduler.advance(60_000);
          expect([world.letters, world.settled.confirmed]).toEqual([[], 500]);
        }),
        { numRuns: 20, endOnFailure: true },
      );
    },
    60_000 * FACTOR,
  );

  it('is not held against an event whose last call began just before the target was back', async () => {
    world.settings = { ...SETTINGS, concurrency: 4 };
    let [begun, isBack] = [0, false];
    const stage = each((event) => {
      begun += 1;
      isBack ||= begun === 8; // the fourth call of the second event
      return isBack ? takes(5, event) : never();
    });
    write(stage, [0]);
    await world.scheduler.advance(100);
    write(stage, [1]);
    stage.close();
    await world.scheduler.advance(60_000);
    expect([world.letters, world.out.length]).toEqual([[], 2]);
  });

  it.each(KINDS)(
    'is nothing that the last events are blamed for, whenever an outage ends between their calls (%s)',
    async (kind) => {
      const timing = fc.record({
        from: fc.nat(5),
        to: fc.nat(9_000),
        count: fc.integer({ min: 1, max: 4 }),
        gap: fc.nat(3),
      });
      await fc.assert(
        fc.asyncProperty(timing, async ({ from, to, count, gap }) => {
          reset(new VirtualScheduler());
          world.settings = { ...SETTINGS, concurrency: 4, batchLimit: 1 };
          const call = (event: unknown): unknown =>
            from <= world.scheduler.now() && world.scheduler.now() < to ? never() : takes(1, event);
          const stage = stageOf(kind, call);
          write(stage, numbers(12));
          for (let event = 0; event < count; event += 1) {
            await world.scheduler.advance(gap);
            write(stage, [12 + event]);
          }
          stage.close();
          await world.scheduler.advance(60_000);
          expect([world.letters, world.settled.confirmed]).toEqual([[], 12 + count]);
        }),
        { numRuns: 100, endOnFailure: true },
      );
    },
    60_000 * FACTOR,
  );

  it('opens the breaker when all do, and nothing is dead-lettered for it', async () => {
    world.settings = { ...SETTINGS, concurrency: 4, burstConcurrency: 4, batchLimit: 1 };
    let isStuck = true;
    const stage = batches(() => (isStuck ? never() : takes(1)));
    write(stage, numbers(100));
    await world.scheduler.advance(20_000);
    expect(world.breaker[0]).toBe('stage open');
    expect([world.letters, world.fatal]).toEqual([[], []]);
    isStuck = false;
    await world.scheduler.advance(5_000);
    expect(world.settled.confirmed).toBe(100);
  });

  it('is left alone where the process stood still, and where there is no limit', async () => {
    const stage = batches(() => takes(500));
    write(stage, [1]);
    world.scheduler.skip(60_000);
    await world.scheduler.advance(500);
    expect([world.settled.confirmed, stage.account().timedOut]).toEqual([1, 0]);
    write(batches(never, { protection: { timeoutMs: Infinity } }), [1]);
    await world.scheduler.advance(1e7);
    expect(world.calls).toHaveLength(2);
  });
});
