import { describe, expect, it } from 'vitest';
import { ConnectorError } from '../../src/errors/errors.ts';
import type { Sink, SinkContext } from '../../src/event/sink.ts';
import { systemScheduler } from '../../src/host/scheduler.ts';

export interface Record {
  readonly id: number;
  readonly name: string;
}

/** A sink on a fresh target. */
export interface PreparedSink {
  readonly sink: Sink<Record>;
  /** Everything the target holds now. */
  readonly read: () => unknown[] | Promise<unknown[]>;
  /** Makes the target refuse. */
  readonly breakTarget?: () => void | Promise<void>;
  readonly cleanUp?: () => void | Promise<void>;
}

export interface SinkCase {
  readonly name: string;
  readonly prepare: () => PreparedSink | Promise<PreparedSink>;
  /** Tests that do not apply, each with its reason. */
  readonly skips?: Readonly<Partial<globalThis.Record<'again' | 'failure', string>>>;
}

export function sinkContext(): SinkContext {
  const { signal } = new AbortController();
  return {
    flow: 'test',
    name: 'sink',
    scheduler: systemScheduler({ keepAlive: true }),
    signal,
    notice: () => undefined,
  };
}

/** What every sink must do, wherever it writes. */
export function sinkContract(kase: SinkCase): void {
  const signal = new AbortController().signal;
  const batch = (first: number, count: number): Record[] =>
    Array.from({ length: count }, (_, i) => ({
      id: first + i,
      name: i % 2 === 0 ? 'plain' : 'with "quotes", é\nand a line',
    }));
  const withSink = async (run: (prepared: PreparedSink) => Promise<void>): Promise<void> => {
    const prepared = await kase.prepare();
    try {
      await run(prepared);
    } finally {
      await prepared.cleanUp?.();
    }
  };

  describe(`sink ${kase.name}`, () => {
    it('holds every event of every confirmed batch, in order, once closed', () =>
      withSink(async ({ sink, read }) => {
        const writer = await sink.open(sinkContext());
        for (let i = 0; i < 5; i += 1) await writer.write(batch(i * 10, 10), { signal });
        await writer.close?.();
        expect(await read()).toEqual([0, 10, 20, 30, 40].flatMap((first) => batch(first, 10)));
      }));

    it('takes an empty batch, and leaves nothing of it', () =>
      withSink(async ({ sink, read }) => {
        const writer = await sink.open(sinkContext());
        await writer.write([], { signal });
        await writer.write(batch(0, 1), { signal });
        await writer.close?.();
        expect(await read()).toEqual(batch(0, 1));
      }));

    it('does not change the events or their array', () =>
      withSink(async ({ sink }) => {
        const writer = await sink.open(sinkContext());
        const events = Object.freeze(batch(0, 3).map((event) => Object.freeze(event)));
        await writer.write(events, { signal });
        await writer.close?.();
        expect(events).toEqual(batch(0, 3));
      }));

    it('can be opened again, and goes on behind what is there', ({ skip }) => {
      if (kase.skips?.again !== undefined) skip(kase.skips.again);
      return withSink(async ({ sink, read }) => {
        for (const first of [0, 5]) {
          const writer = await sink.open(sinkContext());
          await writer.write(batch(first, 5), { signal });
          await writer.close?.();
        }
        expect(await read()).toEqual([...batch(0, 5), ...batch(5, 5)]);
      });
    });

    it('fails the batch with a ConnectorError when the target refuses', ({ skip }) => {
      if (kase.skips?.failure !== undefined) skip(kase.skips.failure);
      return withSink(async ({ sink, breakTarget }) => {
        const writer = await sink.open(sinkContext());
        await breakTarget?.();
        await expect((async () => writer.write(batch(0, 2), { signal }))()).rejects.toBeInstanceOf(ConnectorError);
      });
    });
  });
}
