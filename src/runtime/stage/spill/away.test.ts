import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectorError } from '../../../errors/errors.ts';
import type { Sink } from '../../../event/sink.ts';
import type { Run, RunnableFlow } from '../../../flow/run.ts';
import { virtualFlow, virtualHost, type VirtualHost } from '../../../testing/virtual-host.ts';
import { eventOf, kill, lastOf, place, range, SLOW, source, type End, type Event } from './spill-fixtures.ts';

const FACTOR = Number(process.env['FUZZ_FACTOR'] ?? 1);

/** How a target is away: it says so, or says nothing. */
type Away = 'refuses' | 'hangs';

interface Outage {
  readonly from: number;
  readonly to: number;
  readonly how: Away;
}

/** What a target does now: answers after 5 ms, or is away. @param done - it has worked */
function call(host: VirtualHost, outages: readonly Outage[], done: () => void): Promise<void> {
  const now = host.scheduler.now();
  const outage = outages.find(({ from, to }) => from <= now && now < to);
  if (outage?.how === 'refuses') {
    return Promise.reject(new ConnectorError('target', 'is away', { retryable: true }));
  }
  return new Promise((resolve) => {
    if (outage !== undefined) return; // until its deadline
    host.scheduler.after(5, () => {
      done();
      resolve();
    });
  });
}

/** Outlives the process. */
function target(host: VirtualHost, outages: readonly Outage[]): { rows: Event[]; sink: Sink<Event> } {
  const rows: Event[] = [];
  const write = (events: readonly Event[], { signal }: { readonly signal: AbortSignal }): Promise<void> =>
    call(host, outages, () => {
      if (!signal.aborted) rows.push(...events);
    });
  return { rows, sink: { name: 'slow', open: () => ({ write }) } };
}

const FOR_EVER: Outage = { from: 200, to: Infinity, how: 'refuses' };

const lives = fc.array(fc.tuple(fc.integer({ min: 1, max: 4_000 }), fc.constantFrom<End>('kill', 'power', 'drain')), {
  maxLength: 5,
});
const outages = fc.array(
  fc.record({
    from: fc.integer({ min: 0, max: 8_000 }),
    to: fc.integer({ min: 0, max: 12_000 }),
    how: fc.constantFrom<Away>('refuses', 'hangs'),
  }),
  { maxLength: 4 },
);

describe('a spilling sink whose target is away', () => {
  it.each<Away>(['refuses', 'hangs'])('holds back no checkpoint, nor what its source has done (it %s)', async (how) => {
    const host = virtualHost();
    const { rows, sink } = target(host, [{ ...FOR_EVER, how }]);
    const numbers = source(40_000);
    const run = virtualFlow('f', host, { data: 'd', checkpointEvery: 500 }).from(numbers).to(sink, SLOW).run();
    await host.scheduler.advance(6_000);
    expect(rows.length).toBeLessThan(2_000);
    expect(numbers.acked).toBeGreaterThan(10_000);
    run.done.catch(() => undefined);
    void run.stop().catch(() => undefined);
    await host.scheduler.advance(10);
  });

  it('gets after a crash what it held, then the rest, each once and in order', async () => {
    const host = virtualHost();
    const { rows, sink } = target(host, [{ from: 200, to: 8_000, how: 'refuses' }]);
    const start = (numbers = source(16_000)): Run =>
      virtualFlow('f', host, { data: 'd', checkpointEvery: 500 }).from(numbers).to(sink, SLOW).run();
    const run = start();
    await host.scheduler.advance(3_000);
    await kill(host, run, 'power');
    const last = start();
    await host.scheduler.advance(40_000);
    expect(last.state).toBe('done');
    const numbers = rows.map(({ n }) => n);
    expect(numbers).toEqual(range(0, 16_000)); // nothing was on its way: it was away when the process ended
  });

  it.each<Away>(['refuses', 'hangs'])('is let go of by a drain, and the next run goes on (it %s)', async (how) => {
    const host = virtualHost();
    const back = 20_000;
    const { rows, sink } = target(host, [{ from: 200, to: back, how }]);
    const numbers = source(16_000);
    const start = (): Run =>
      virtualFlow('f', host, { data: 'd' })
        .from(numbers)
        .to(sink, { ...SLOW, timeout: '1s' })
        .run();
    const run = start();
    const notices: string[] = [];
    run.on('notice', ({ message }) => notices.push(message));
    await host.scheduler.advance(3_000);
    const drained = run.drain({ timeout: '4s' });
    await host.scheduler.advance(7_000);
    expect(await drained).toMatchObject({ state: 'done', deadLettered: 0 });
    expect(notices.at(-1)).toBe('not done after 4000 ms: what slow holds is on disk, for the next run');
    expect(rows.length).toBeLessThan(1_000);
    const last = start();
    await host.scheduler.advance(60_000);
    expect(last.state).toBe('done');
    expect(rows.map(({ n }) => n)).toEqual(range(0, 16_000));
  });

  it(
    'loses nothing, whatever is away when, and whenever the process ends',
    async () => {
      await fc.assert(
        fc.asyncProperty(lives, outages, fc.integer({ min: 1, max: 1000 }), async (ends, away, seed) => {
          const host = virtualHost({ seed });
          host.disk.faults = { ...host.disk.faults, latencyMs: 4 };
          const { rows, sink } = target(host, away);
          const fast = place<Event>(host, 'fast', { ms: 1 });
          const start = (): Run => {
            const events = virtualFlow('f', host, { data: 'd', checkpointEvery: 100 }).from(source(2_000));
            events.to(fast.sink, { concurrency: 1 });
            return events.to(sink, { ...SLOW, concurrency: 2, timeout: '1s' }).run();
          };
          const last = await lastOf(host, start, ends, 120_000);
          expect(last.state).toBe('done');
          expect(fast.rows.map(({ n }) => n)).toEqual(range(0, 2_000));
          expect([...new Set(rows.map(({ n }) => n))].sort((a, b) => a - b)).toEqual(range(0, 2_000));
        }),
        { numRuns: 6, endOnFailure: true },
      );
    },
    60_000 * FACTOR,
  );
});

describe('a spilling operator whose target is away', () => {
  it.each([true, false])(
    'gives state behind it each event once, whenever the process ends (ordered: %s)',
    async (ordered) => {
      await fc.assert(
        fc.asyncProperty(lives, outages, fc.integer({ min: 1, max: 1000 }), async (ends, away, seed) => {
          const host = virtualHost({ seed });
          host.disk.faults = { ...host.disk.faults, latencyMs: 4 };
          const out = place<{ count: number; sum: number }>(host, 'out', { ms: 1 });
          const start = (): Run => {
            const counted: RunnableFlow = virtualFlow('f', host, { data: 'd', checkpointEvery: 100 })
              .from(source(1_000))
              .mapAsync(async (event) => call(host, away, () => undefined).then(() => event), {
                whenSlow: 'spill',
                concurrency: 3,
                queue: SLOW.queue,
                spill: SLOW.spill,
                ordered,
                timeout: '1s',
              })
              .keyBy('key')
              .scan((all, { n }) => ({ count: all.count + 1, sum: all.sum + n }), { count: 0, sum: 0 })
              .to(out.sink, { concurrency: 1 });
            return counted.run();
          };
          const last = await lastOf(host, start, ends, 120_000);
          expect(last.state).toBe('done');
          expect(out.rows.length).toBe(1_000);
          const most = Math.max(...out.rows.map(({ count }) => count));
          const sums = out.rows.filter(({ count }) => count >= most - 1).map(({ sum }) => sum);
          for (const key of range(0, 7)) expect(sums).toContain(sumOf(key));
        }),
        { numRuns: 4, endOnFailure: true },
      );
    },
    60_000 * FACTOR,
  );

  it('keeps what it holds, and nothing of the calls that ended before', async () => {
    const host = virtualHost();
    const out = place<Event>(host, 'out', { ms: 1 });
    const outage: Outage = { from: 100, to: 20_000, how: 'refuses' };
    const slow = 10; // its call ends well, after the breaker has opened: its slot stays empty
    const start = (numbers = source(500)): Run =>
      virtualFlow('f', host, { data: 'd', checkpointEvery: 100 })
        .from(numbers)
        .mapAsync(
          async (event) => {
            if (event.n === slow && host.scheduler.now() < outage.to) {
              await new Promise<void>((resolve) => void host.scheduler.after(8_000, resolve));
            } else await call(host, [outage], () => undefined);
            return event;
          },
          { whenSlow: 'spill', concurrency: 3, queue: SLOW.queue, spill: SLOW.spill, ordered: false },
        )
        .to(out.sink, { concurrency: 1 })
        .run();
    const numbers = source(500);
    const run = start(numbers);
    await host.scheduler.advance(12_000);
    expect(numbers.acked).toBe(500);
    await kill(host, run, 'power');
    const last = start();
    await host.scheduler.advance(60_000);
    expect(await last.done).toMatchObject({ deadLettered: 0 });
    expect(out.rows.map(({ n }) => n).sort((a, b) => a - b)).toEqual(range(0, 500));
  });
});

/** Of all numbers of a key. */
function sumOf(key: number): number {
  return range(0, 1_000)
    .filter((n) => eventOf(n).key === `k${key}`)
    .reduce((sum, n) => sum + n, 0);
}
