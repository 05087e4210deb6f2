import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sink } from '../../event/sink.ts';
import type { EventSource } from '../../event/source.ts';
import type { RunnableFlow } from '../../flow/run.ts';
import { count, sum } from '../../operator/aggregate/aggregate.ts';
import { tumbling } from '../../operator/window/window-spec.ts';
import { virtualFlow, virtualHost, type VirtualHost } from '../../testing/virtual-host.ts';

interface Event {
  readonly n: number;
  readonly key: string;
  readonly at: number;
}

/** Gives one batch of events each ms, from where it is told to begin. */
function replaying(
  total: number,
  size: number,
): EventSource<Event> & { readonly acknowledged: (p: string, o: number) => void } & {
  readonly acks: number[];
} {
  const acks: number[] = [];
  return {
    kind: 'events',
    name: 'numbers',
    replays: true,
    acks,
    acknowledged: (_partition, offset) => acks.push(offset),
    run: async (output, { resume, scheduler, signal }) => {
      for (let from = resume.get('p') ?? 0; from < total && !signal.aborted; from += size) {
        const events = Array.from({ length: Math.min(size, total - from) }, (_, i) => eventOf(from + i));
        await output.write({ events, bytes: 1, partition: 'p', endOffset: from + events.length });
        await new Promise<void>((resolve) => void scheduler.after(1, resolve));
      }
    },
  };
}

const eventOf = (n: number): Event => ({ n, key: `k${n % 7}`, at: n * 3 + (n % 5) });

/** A place that a crash does not touch; its writer goes back where the checkpoint says, if it `goesBack`. */
function place(host: VirtualHost, goesBack: boolean): { readonly rows: unknown[]; readonly sink: Sink<unknown> } {
  const rows: unknown[] = [];
  const sink: Sink<unknown> = {
    name: 'place',
    open: ({ resume }) => {
      if (goesBack && resume !== undefined) rows.length = resume as number; // else it appends to what is there
      const write = (events: readonly unknown[]): Promise<void> =>
        new Promise((resolve) => {
          host.scheduler.after(3, () => {
            rows.push(...events);
            resolve();
          });
        });
      return goesBack ? { write, position: () => rows.length } : { write };
    },
  };
  return { rows, sink };
}

interface Declared {
  readonly source: EventSource<Event>;
  readonly sink: Sink<unknown>;
  readonly data?: string;
  readonly every?: number;
}

function flowOf(host: VirtualHost, { source, sink, data, every = 20 }: Declared): RunnableFlow {
  const flow = virtualFlow('f', host, data === undefined ? {} : { data, checkpointEvery: every });
  return flow
    .from(source)
    .eventTime((event) => event.at, { outOfOrder: 10 })
    .keyBy('key')
    .window(tumbling(100))
    .aggregate({ n: count(), total: sum((event: Event) => event.n) })
    .mapAsync((window) => window)
    .keyBy((window) => window.key)
    .scan((all, window) => all + window.total, 0)
    .to(sink, { concurrency: 1 });
}

const settled = async (host: VirtualHost, ms: number): Promise<void> => host.scheduler.advance(ms);

async function unbroken(total: number, size: number): Promise<unknown[]> {
  const host = virtualHost();
  const { rows, sink } = place(host, true);
  const run = flowOf(host, { source: replaying(total, size), sink }).run();
  await settled(host, total * 4 + 1000);
  expect(run.state).toBe('done');
  return rows;
}

describe('a flow with checkpoints', () => {
  it('ends after any number of crashes with the result of an unbroken run', async () => {
    const expected = await unbroken(600, 4);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 6 }), async (lives) => {
        const host = virtualHost();
        const { rows, sink } = place(host, true);
        const start = (): ReturnType<RunnableFlow['run']> =>
          flowOf(host, { source: replaying(600, 4), sink, data: 'd' }).run();
        for (const ms of lives) {
          const run = start();
          run.done.catch(() => undefined);
          await settled(host, ms);
          void run.stop().catch(() => undefined); // nothing of it is saved: as good as a kill
          await settled(host, 10);
        }
        const last = start();
        await settled(host, 5000);
        expect([last.state, rows]).toEqual(['done', expected]);
      }),
      { numRuns: 40 },
    );
  });

  it('takes what its sources gave last, and did not wait for, while one is taken', async () => {
    const host = virtualHost();
    const rows: unknown[] = [];
    const slow: Sink<unknown> = {
      name: 'slow',
      open: ({ scheduler }) => ({
        write: (events) => new Promise((resolve) => void scheduler.after(50, () => resolve(void rows.push(...events)))),
      }),
    };
    const hasty: EventSource<number> = {
      kind: 'events',
      name: 'hasty',
      run: async (output, { scheduler }) => {
        void output.write({ events: [1], bytes: 1 });
        await new Promise<void>((resolve) => void scheduler.after(30, resolve)); // intake is held by now
        void output.write({ events: [2], bytes: 1 });
        output.endPartition('hasty');
      },
    };
    const run = virtualFlow('f', host, { data: 'd', checkpointEvery: 20 }).from(hasty).to(slow).run();
    await settled(host, 1000);
    expect([run.state, rows]).toEqual(['done', [1, 2]]);
  });

  it('that is drained keeps its windows open, and goes on where it was', async () => {
    const expected = await unbroken(600, 4);
    const host = virtualHost();
    const { rows, sink } = place(host, true);
    for (const ms of [37, 55]) {
      const run = flowOf(host, { source: replaying(600, 4), sink, data: 'd', every: 100_000 }).run();
      await settled(host, ms);
      void run.drain();
      await settled(host, 200);
      expect(run.state).toBe('done');
    }
    flowOf(host, { source: replaying(600, 4), sink, data: 'd' }).run();
    await settled(host, 5000);
    expect(rows).toEqual(expected);
  });

  it('gives outputs of a sink that cannot go back at least once, and no others', async () => {
    const expected = await unbroken(600, 4);
    const host = virtualHost();
    const { rows, sink } = place(host, false);
    for (const ms of [50, 70, 5000]) {
      const run = flowOf(host, { source: replaying(600, 4), sink, data: 'd' }).run();
      run.done.catch(() => undefined);
      await settled(host, ms);
      void run.stop().catch(() => undefined);
      await settled(host, 10);
    }
    const texts = rows.map((row) => JSON.stringify(row));
    expect(new Set(texts)).toEqual(new Set(expected.map((row) => JSON.stringify(row))));
    expect(texts.length).toBeGreaterThanOrEqual(expected.length);
  });

  it('acknowledges to its source what the checkpoint before the newest one holds', async () => {
    const host = virtualHost();
    const { sink } = place(host, true);
    const source = replaying(600, 4);
    flowOf(host, { source, sink, data: 'd', every: 20 }).run();
    await settled(host, 30);
    expect(source.acks).toEqual([]);
    await settled(host, 70);
    expect(source.acks.length).toBeGreaterThan(0);
    expect(Math.max(...source.acks)).toBeLessThan(300);
  });

  it('takes none while a sink is away, says nothing wrong, and goes on when it is back', async () => {
    const host = virtualHost();
    let isAway = true;
    const { rows, sink } = place(host, true);
    const shy: Sink<unknown> = {
      name: 'place',
      open: (context) => {
        const writer = sink.open(context) as { write: (events: readonly unknown[]) => Promise<void> };
        const write = (events: readonly unknown[]): Promise<void> =>
          isAway ? Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' })) : writer.write(events);
        return { ...writer, write };
      },
    };
    const run = flowOf(host, { source: replaying(600, 4), sink: shy, data: 'd' }).run();
    await settled(host, 10_000);
    isAway = false;
    await settled(host, 60_000);
    expect([run.state, rows.length]).toEqual(['done', (await unbroken(600, 4)).length]);
  });

  it('refuses the state of another flow, and state that does not fit', async () => {
    const host = virtualHost();
    const { sink } = place(host, true);
    flowOf(host, { source: replaying(40, 4), sink, data: 'd' }).run();
    await settled(host, 1000);
    const failures: string[] = [];
    for (const name of ['other', 'f']) {
      const flow = virtualFlow(name, host, { data: 'd' }).from(replaying(40, 4)).keyBy('key').window(tumbling(50));
      const run = flow.aggregate({ n: count() }).to(sink).run();
      run.done.then(
        () => failures.push('done'),
        (cause: unknown) => failures.push((cause as Error).message),
      );
      await settled(host, 1000);
    }
    expect(failures[0]).toContain('holds the state of flow f, not of other');
    expect(failures[1]).toContain('there is stored state of');
  });
});

it.each([
  { goesBack: true, state: 'failed' },
  { goesBack: false, state: 'done' },
])(
  'a first checkpoint that cannot be written: $state where a sink goes back is $goesBack',
  async ({ goesBack, state }) => {
    const host = virtualHost({ seed: 1 });
    const { rows, sink } = place(host, goesBack);
    host.disk.faults = { ...host.disk.faults, noDescriptor: 1 };
    const run = flowOf(host, { source: replaying(500, 5), sink, data: 'd' }).run();
    const ended = run.done.then(String, String);
    await host.scheduler.advance(60);
    host.disk.faults = { ...host.disk.faults, noDescriptor: 0 };
    await host.scheduler.advance(10_000);
    expect([run.state, rows.length > 0]).toEqual([state, !goesBack]);
    expect(/would leave what they write twice: EMFILE/.test(await ended)).toBe(goesBack);
  },
);
