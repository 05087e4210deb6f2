import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchOf, type GivenBatch } from '../../event/batch.ts';
import type { Sink } from '../../event/sink.ts';
import type { EventSource, SourceOutput } from '../../event/source.ts';
import type { Stream } from '../../flow/stream.ts';
import { count } from '../../operator/aggregate/aggregate.ts';
import { tumbling } from '../../operator/window/window-spec.ts';
import { virtualFlow, virtualHost } from '../../testing/virtual-host.ts';

type Write = (output: SourceOutput<number>, batches: readonly GivenBatch<number>[]) => Promise<void>;

const singly: Write = async (output, batches) => {
  for (const given of batches) {
    const batch = batchOf(given);
    if (batch.events.length > 0) await output.write(batch);
  }
};

const inRuns: Write = async (output, batches) => {
  for (let next = 0; next < batches.length;) {
    const { end, blocked } = output.writeRun(batches, next, Math.min(batches.length, next + 7));
    await blocked;
    if (end === next) await singly(output, batches.slice(next, next + 1));
    next = Math.max(next + 1, end);
  }
};

type Declare = (events: Stream<number>) => Stream<unknown>;

/** 1 in 10 events is kept, one throws. */
const filtered: Declare = (events) =>
  events
    .map((n) => {
      if (n === 13) throw new Error('unlucky');
      return n;
    })
    .filter((n) => n % 10 === 0);

/** Event time of one partition waits for that of the other. */
const windowed: Declare = (events) =>
  events
    .eventTime((n) => n)
    .window(tumbling(10))
    .aggregate({ n: count() });

/** What a flow makes of the batches, however they are written; the sink may be slow. */
async function resultOf(
  declare: Declare,
  given: readonly GivenBatch<number>[],
  write: Write,
  isSlow: boolean,
): Promise<object> {
  const host = virtualHost({ generateCode: true });
  const safe = new Map<string, number>();
  const source: EventSource<number> = {
    kind: 'events',
    name: 'given',
    run: (output) => write(output, given),
    acknowledged: (partition, offset) => {
      expect(offset).toBeGreaterThan(safe.get(partition) ?? -1);
      safe.set(partition, offset);
    },
  };
  const kept: unknown[] = [];
  const sink: Sink<unknown> = {
    name: 'kept',
    open: () => ({
      write: async (events) => {
        if (isSlow) await new Promise<void>((resolve) => void host.scheduler.after(3, resolve));
        kept.push(...events);
      },
    }),
  };
  const letters: unknown[] = [];
  const run = declare(virtualFlow('f', host).from(source)).to(sink, { concurrency: 1 }).run();
  run.on('deadLetter', ({ event, partition, offset }) => letters.push([event, partition, offset]));
  await host.scheduler.advance(60_000);
  const { accepted, confirmed, deadLettered } = await run.done;
  const { bytes } = run.snapshot().sources[0] ?? {};
  return { kept, safe: [...safe].sort(), letters, accepted, confirmed, deadLettered, bytes };
}

const events = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 6 });
const batch = fc.record({
  events,
  bytes: fc.integer({ min: 0, max: 90 }),
  acceptedAt: fc.constantFrom(0, ...new Array<undefined>(9)), // with one it goes alone
  partition: fc.constantFrom('p', 'q', undefined),
});

describe('writeRun', () => {
  it('gives what writing one batch after the other gives', async () => {
    const given = fc.array(fc.oneof(events, batch), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(filtered, windowed), given, fc.boolean(), async (declare, batches, isSlow) => {
        const expected = await resultOf(declare, batches, singly, isSlow);
        expect(await resultOf(declare, batches, inRuns, isSlow)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('wakes what it left open', async () => {
    const host = virtualHost();
    const source: EventSource<number> = {
      kind: 'events',
      name: 'waiting',
      run: async (output, { scheduler }) => {
        await inRuns(output, [[1], [2]]);
        await new Promise<void>((resolve) => void scheduler.after(5000, resolve));
      },
    };
    const rows: unknown[] = [];
    const run = virtualFlow('f', host)
      .from(source)
      .window(tumbling(1000))
      .aggregate({ n: count() })
      .to((results) => void rows.push(...results))
      .run();
    await host.scheduler.advance(2000);
    expect(rows).toMatchObject([{ n: 2 }]);
    await host.scheduler.advance(4000);
    await run.done;
  });

  it('refuses what is no batch, after what came before it', async () => {
    const host = virtualHost();
    const taken: number[] = [];
    const source: EventSource<number> = {
      kind: 'events',
      name: 'wrong',
      run: async (output) => {
        for (let next = 0; next < 20;) taken.push((next = await goOn(output, next)));
      },
      acknowledged: (_partition, offset) => (safe = offset),
    };
    const batches = [...Array.from({ length: 19 }, (_, i) => [i]), { bytes: 1 } as never];
    const goOn = async (output: SourceOutput<number>, next: number): Promise<number> => {
      const { end, blocked } = output.writeRun(batches, next, batches.length);
      await blocked;
      return end;
    };
    let safe = 0;
    const run = virtualFlow('f', host)
      .from(source)
      .filter(() => false)
      .to(() => undefined)
      .run();
    const failed = expect(run.done).rejects.toThrow(
      'batch: expected an array, or an object with an array `events`, received',
    );
    await host.scheduler.advance(1000);
    await failed;
    const { accepted, confirmed } = run.snapshot().totals;
    expect([taken.at(-1), safe, accepted, confirmed]).toEqual([19, 19, 19, 19]);
  });
});
