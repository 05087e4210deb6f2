import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunnableFlow } from '../../../flow/run.ts';
import { count, sum } from '../../../operator/aggregate/aggregate.ts';
import { tumbling } from '../../../operator/window/window-spec.ts';
import { virtualFlow, virtualHost } from '../../../testing/virtual-host.ts';
import { eventOf, kill, lastOf, MB, place, range, SLOW, source, type Event } from './spill-fixtures.ts';

const FACTOR = Number(process.env['FUZZ_FACTOR'] ?? 1);

describe('a sink that spills', () => {
  it('does not hold back the others, and gets everything in order', async () => {
    const host = virtualHost();
    const fast = place<Event>(host, 'fast', { ms: 1 });
    const slow = place<Event>(host, 'slow');
    const flow = virtualFlow('f', host, { data: 'd', checkpointEvery: 400 });
    const stream = flow.from(source(4000));
    stream.to(fast.sink);
    const run = stream.to(slow.sink, SLOW).run();
    await host.scheduler.advance(1800);
    const { spilled, backlogEvents = 0, arrived } = run.snapshot().stages.find(({ name }) => name === 'slow') ?? {};
    expect(fast.rows.length).toBe(4000);
    expect(slow.rows.length).toBeLessThan(2000);
    expect(spilled?.events).toBeGreaterThan(2000);
    expect(spilled?.oldestMs).toBeGreaterThan(500);
    expect(spilled?.total).toBeGreaterThan(3800);
    expect(arrived).toBe(4000);
    expect(backlogEvents + slow.rows.length).toBeGreaterThanOrEqual(4000 - 16);
    await host.scheduler.advance(10_000);
    expect(run.state).toBe('done');
    expect(slow.rows.map(({ n }) => n)).toEqual(range(0, 4000));
    expect(run.snapshot().stages.find(({ name }) => name === 'slow')?.spilled).toMatchObject({ events: 0, bytes: 0 });
  });

  it(
    'has, after any number of crashes, what an unbroken run would have given, where sources replay',
    async () => {
      const ways = fc.constantFrom('kill' as const, 'power' as const);
      const lives = fc.array(fc.tuple(fc.integer({ min: 1, max: 500 }), ways), { maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(lives, fc.integer({ min: 1, max: 1000 }), async (ends, seed) => {
          const host = virtualHost({ seed });
          host.disk.faults = { ...host.disk.faults, latencyMs: 4 };
          const slow = place<{ n: number; sum: number }>(host, 'slow');
          const start = (): ReturnType<RunnableFlow['run']> =>
            virtualFlow('f', host, { data: 'd', checkpointEvery: 40 })
              .from(source(600))
              .keyBy('key')
              .scan((all, { n }) => ({ n, sum: all.sum + n }), { n: -1, sum: 0 })
              .to(slow.sink, SLOW)
              .run();
          const last = await lastOf(host, start, ends, 4_000);
          const sums = new Map<string, number>();
          const expected = range(0, 600).map((n) => {
            const { key } = eventOf(n);
            sums.set(key, (sums.get(key) ?? 0) + n);
            return { n, sum: sums.get(key) };
          });
          expect([last.state, slow.rows]).toEqual(['done', expected]);
        }),
        { numRuns: 6 },
      );
    },
    60_000 * FACTOR,
  );

  it(
    'loses nothing that was acknowledged to a source that does not give it again',
    async () => {
      const ways = fc.constantFrom('kill' as const, 'power' as const);
      const lives = fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), ways), { minLength: 1, maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(lives, fc.integer({ min: 1, max: 1000 }), async (ends, seed) => {
          const host = virtualHost({ seed });
          host.disk.faults = { ...host.disk.faults, latencyMs: 4 };
          const slow = place<Event>(host, 'slow', { goesBack: false });
          const start = (from: ReturnType<typeof source>): ReturnType<RunnableFlow['run']> =>
            virtualFlow('f', host, { data: 'd', checkpointEvery: 40 }).from(from).to(slow.sink, SLOW).run();
          let broker = source(600, { replays: false });
          for (const [ms, how] of ends) {
            const run = start(broker);
            await host.scheduler.advance(ms);
            await kill(host, run, how);
            broker = source(600, { replays: false, from: broker.acked });
          }
          const last = start(broker);
          await host.scheduler.advance(4_000);
          expect(last.state).toBe('done');
          expect([...new Set(slow.rows.map(({ n }) => n))].sort((a, b) => a - b)).toEqual(range(0, 600));
        }),
        { numRuns: 6 },
      );
    },
    60_000 * FACTOR,
  );

  it('leaves what is on disk to a later run when it is drained', async () => {
    const host = virtualHost();
    const slow = place<Event>(host, 'slow');
    const start = (): ReturnType<RunnableFlow['run']> =>
      virtualFlow('f', host, { data: 'd' }).from(source(2000)).to(slow.sink, SLOW).run();
    for (const ms of [300, 300]) {
      const run = start();
      await host.scheduler.advance(ms);
      void run.drain();
      await host.scheduler.advance(200);
      expect(run.state).toBe('done');
    }
    expect(slow.rows.length).toBeLessThan(1000);
    const last = start();
    expect(last.guarantee.level).toBe('exactly-once');
    await host.scheduler.advance(4_000);
    expect(slow.rows.map(({ n }) => n)).toEqual(range(0, 2000));
  });

  it('drains also when the input has ended and only the disk is left to read', async () => {
    const host = virtualHost();
    const slow = place<Event>(host, 'slow');
    const run = virtualFlow('f', host, { data: 'd' }).from(source(2000)).to(slow.sink, SLOW).run();
    await host.scheduler.advance(900);
    expect(run.state).toBe('running');
    void run.drain();
    await host.scheduler.advance(200);
    expect(run.state).toBe('done');
  });

  it(
    'holds the flow back at its bound, and goes on as checkpoints give room',
    async () => {
      const host = virtualHost();
      const slow = place<Event>(host, 'slow', { ms: 200 });
      const numbers = source(220, { text: 'x'.repeat(100_000) });
      const options = { ...SLOW, queue: { events: 8 } };
      const run = virtualFlow('f', host, { data: 'd', checkpointEvery: 300 })
        .from(numbers)
        .to(slow.sink, options)
        .run();
      let most = 0;
      let held = 0;
      for (let i = 0; i < 160; i += 1) {
        await host.scheduler.advance(50);
        const { stages, sources } = run.snapshot();
        most = Math.max(most, stages[0]?.spilled?.diskBytes ?? 0);
        held = Math.max(held, sources[0]?.heldRatio ?? 0);
      }
      expect(run.state).toBe('done');
      expect(slow.rows.map(({ n }) => n)).toEqual(range(0, 220));
      expect(held).toBeGreaterThan(0.9);
      expect(most).toBeGreaterThan(15 * MB);
      expect(most).toBeLessThan(18 * MB);
    },
    60_000 * FACTOR,
  );

  it('waits while the disk is full, and loses nothing', async () => {
    const host = virtualHost();
    const slow = place<Event>(host, 'slow');
    host.disk.capacityBytes = 1_300_000;
    const run = virtualFlow('f', host, { data: 'd', checkpointEvery: 1000 })
      .from(source(1000, { text: 'x'.repeat(2_000) }))
      .to(slow.sink, SLOW)
      .run();
    await host.scheduler.advance(5000);
    expect(run.state).toBe('running');
    host.disk.capacityBytes = Infinity;
    await host.scheduler.advance(4_000);
    expect(run.state).toBe('done');
    expect(slow.rows.map(({ n }) => n)).toEqual(range(0, 1000));
  });

  it('is refused where there is no place for it, and with events that would come back as others', async () => {
    const host = virtualHost();
    const { sink } = place<unknown>(host, 'slow');
    const flow = (data?: string): RunnableFlow =>
      virtualFlow('f', host, data === undefined ? {} : { data })
        .from(source(8))
        .to(sink, SLOW);
    expect(() => flow().run()).toThrow('flow.f.slow.whenSlow');
    expect(() => flow('d').run({ data: false })).toThrow('flow.f.slow.whenSlow');
    class Money {
      readonly cents = 1;
    }
    const run = virtualFlow('f', host, { data: 'd' })
      .from(source(8))
      .map(() => ({ price: new Money() }))
      .to(sink, SLOW)
      .run();
    const failure = run.done.catch((cause: unknown) => cause);
    await host.scheduler.advance(100);
    expect(String(await failure)).toContain('an instance of Money, which cannot be stored');
  });

  it('is not given up while events of it are on disk', async () => {
    const host = virtualHost();
    const slow = place<Event>(host, 'slow');
    const flow = (options: object): RunnableFlow =>
      virtualFlow('f', host, { data: 'd' }).from(source(2000)).to(slow.sink, options);
    const run = flow(SLOW).run();
    await host.scheduler.advance(300);
    void run.drain();
    await host.scheduler.advance(200);
    const failure = flow({})
      .run()
      .done.catch((cause: unknown) => cause);
    await host.scheduler.advance(200);
    expect(String(await failure)).toMatch(/\d+ events of stage slow are still on disk/);
  });
});

describe('a sink that spilled', () => {
  it('does not go on without its directory', async () => {
    const host = virtualHost();
    const slow = place<Event>(host, 'slow');
    const flow = virtualFlow('f', host, { data: 'd' }).from(source(2000)).to(slow.sink, SLOW);
    const run = flow.run();
    await host.scheduler.advance(300);
    void run.drain();
    await host.scheduler.advance(200);
    for (const path of host.disk.paths) if (path.startsWith('d/spill/')) host.disk.unlink(path);
    const failure = flow.run().done.catch((cause: unknown) => cause);
    await host.scheduler.advance(200);
    expect(String(await failure)).toContain('d/spill/slow ends at record 0');
  });
});

describe('an async operator that spills', () => {
  it('gives what it would give without, windows behind it too', async () => {
    const results = async (whenSlow: 'block' | 'spill', crashAt?: number): Promise<unknown[]> => {
      const host = virtualHost();
      const out = place<unknown>(host, 'out', { ms: 1 });
      const start = (): ReturnType<RunnableFlow['run']> =>
        virtualFlow('f', host, { data: 'd', checkpointEvery: 50 })
          .from(source(600))
          .mapAsync((event) => new Promise<Event>((resolve) => void host.scheduler.after(5, () => resolve(event))), {
            ...SLOW,
            whenSlow,
            concurrency: 2,
          })
          .eventTime((event) => event.at, { outOfOrder: 10 })
          .keyBy('key')
          .window(tumbling(100))
          .aggregate({ n: count(), total: sum((event: Event) => event.n) })
          .to(out.sink)
          .run();
      if (crashAt !== undefined) {
        const run = start();
        await host.scheduler.advance(crashAt);
        await kill(host, run, 'power');
      }
      const run = start();
      await host.scheduler.advance(4_000);
      expect(run.state).toBe('done');
      return out.rows;
    };
    const expected = await results('block');
    expect(expected.length).toBeGreaterThan(100);
    expect(await results('spill')).toEqual(expected);
    for (const crashAt of [60, 330, 700]) expect(await results('spill', crashAt)).toEqual(expected);
  });
});
