import { describe, expect, it } from 'vitest';
import { count } from '../../operator/aggregate/aggregate.ts';
import { tumbling } from '../../operator/window/window-spec.ts';
import { logWorld, payload } from '../../testing/storage/log-fixtures.ts';
import { virtualFlow, virtualHost } from '../../testing/virtual-host.ts';
import { openLog, type Log } from '../../log/log.ts';
import { mountDisk } from '../../testing/storage/simulated-file-system.ts';
import type { Sink } from '../../event/sink.ts';
import { memory } from '../memory/memory.ts';
import { log } from './log.ts';

interface Event {
  readonly n: number;
}

const texts = (from: number, to: number): Uint8Array[] =>
  Array.from({ length: to - from }, (_, i) => payload(JSON.stringify({ n: from + i, at: (from + i) * 10 })));
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** A log on the host's own disk, so that a crash of it takes both. */
function openOn(host: ReturnType<typeof virtualHost>): Promise<Log> {
  return openLog(
    'queue',
    { segmentBytes: 2048, reserveBytes: 0 },
    { fileSystem: mountDisk(host.disk), scheduler: host.scheduler },
  );
}

async function settled<T>(host: ReturnType<typeof virtualHost>, promise: Promise<T>): Promise<T> {
  await host.scheduler.advance(1000);
  return promise;
}

describe('log as a source', () => {
  it('gives what was not acknowledged, and acknowledges it once it is done', async () => {
    const host = virtualHost();
    const queue = await settled(host, openOn(host));
    await settled(host, queue.append(texts(0, 100)));
    queue.acknowledge(40);
    const out = memory<Event>();
    const run = virtualFlow('f', host)
      .from<Event>(log(queue, { follow: false }))
      .to(out)
      .run();
    await host.scheduler.advance(1000);
    expect([run.state, run.guarantee.level]).toEqual(['done', 'at-least-once']);
    expect(out.events.map(({ n }) => n)).toEqual(numbers(40, 100));
    expect(queue.stats.acknowledged).toBe(100);
  });

  it('waits for what is appended later, until it is drained', async () => {
    const host = virtualHost();
    const queue = await settled(host, openOn(host));
    const out = memory<Event>();
    const run = virtualFlow('f', host).from<Event>(log(queue)).to(out).run();
    for (const from of [0, 10, 20]) await settled(host, queue.append(texts(from, from + 10)));
    expect([run.state, out.events.length]).toEqual(['running', 30]);
    void run.drain();
    await host.scheduler.advance(1000);
    expect([run.state, queue.stats.acknowledged]).toEqual(['done', 30]);
  });

  it('makes a dead letter of a record that is no JSON, passes over an empty one, and acknowledges both', async () => {
    const host = virtualHost();
    const queue = await settled(host, openOn(host));
    await settled(host, queue.append([...texts(0, 2), payload('{"n":'), payload(''), ...texts(2, 3), payload('no')]));
    const out = memory<Event>();
    const run = virtualFlow('f', host)
      .from<Event>(log(queue, { follow: false }))
      .to(out)
      .run();
    await host.scheduler.advance(1000);
    expect(out.events.map(({ n }) => n)).toEqual([0, 1, 2]);
    expect(run.deadLetters().map(({ at }) => at)).toEqual(['decode', 'decode']);
    expect(queue.stats.acknowledged).toBe(6);
  });

  it('goes on with the checkpoint: state and outputs that go back are those of an unbroken run', async () => {
    for (const ends of [[], [5], [30, 55], [20, 21, 90]]) {
      const host = virtualHost();
      const rows: unknown[] = [];
      const sink: Sink<unknown> = {
        name: 'rows',
        repeats: 'goes back',
        open: ({ resume }) => {
          if (resume !== undefined) rows.length = resume as number;
          return { write: (events) => void rows.push(...events), position: () => rows.length };
        },
      };
      const start = async (): Promise<{ stop: () => Promise<unknown> }> => {
        const queue = await settled(host, openOn(host));
        if (queue.stats.last < 900) await settled(host, queue.append(texts(queue.stats.last, 900)));
        return virtualFlow('f', host, { data: 'd', checkpointEvery: 10 })
          .from<Event & { at: number }>(log(queue, { follow: false }))
          .mapAsync(
            (event) => new Promise<typeof event>((resolve) => void host.scheduler.after(1, () => resolve(event))),
            {
              concurrency: 8,
            },
          )
          .eventTime(({ at }) => at)
          .keyBy(({ n }) => n % 3)
          .window(tumbling(500))
          .aggregate({ n: count() })
          .to(sink)
          .run();
      };
      for (const ms of ends) {
        const run = await start();
        await host.scheduler.advance(ms);
        host.disk.crash('power');
        void run.stop().catch(() => undefined);
        await host.scheduler.advance(10);
      }
      await start();
      await host.scheduler.advance(5000);
      const total = rows.reduce<number>((all, row) => all + (row as { n: number }).n, 0);
      expect([rows.length, total]).toEqual([54, 900]);
    }
  });

  it('has a log that is open, or a directory', () => {
    expect(() => log('')).toThrow('log()');
    expect(() => log(undefined as never)).toThrow('log()');
    expect(() => log('x', { folow: true } as never)).toThrow('log().folow');
  });
});

describe('log as a sink', () => {
  it('confirms a batch once it is durable', async () => {
    const world = logWorld();
    const queue = await world.open();
    const writer = await log(queue).open({ scheduler: world.scheduler } as never);
    const options = { signal: new AbortController().signal };
    await world.run(Promise.resolve(writer.write([{ n: 1 }, { n: 2 }], options)));
    expect(queue.stats.durable).toBe(2);
    world.disk.crash('power');
    const again = await world.open();
    const payloads: string[] = [];
    await world.run(
      (async () => {
        for await (const batch of again.read({ follow: false })) {
          for (const bytes of batch) payloads.push(new TextDecoder().decode(bytes));
        }
      })(),
    );
    expect(payloads).toEqual(['{"n":1}', '{"n":2}']);
  });

  it('refuses an event that has no JSON, by the name of the sink', async () => {
    const world = logWorld();
    const writer = await log(await world.open(), { name: 'outbox' }).open({ scheduler: world.scheduler } as never);
    const written = Promise.resolve(writer.write([{ n: 1n }], { signal: new AbortController().signal }));
    await expect(written).rejects.toThrow('outbox');
  });
});
