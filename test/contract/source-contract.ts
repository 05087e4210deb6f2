import { describe, expect, it } from 'vitest';
import type { ByteSource, EventSource } from '../../src/event/source.ts';
import { fakeContext, FakeOutput, runSource, until } from './source-harness.ts';

export interface Item {
  readonly id: number;
}

/** A source that will hand over the given events. */
export interface Prepared {
  readonly source: EventSource<unknown> | ByteSource;
  /** For servers: sends the events, once the source runs. */
  readonly feed?: () => Promise<void>;
  readonly cleanUp?: () => void | Promise<void>;
}

export interface SourceCase {
  readonly name: string;
  readonly prepare: (events: readonly Item[]) => Prepared | Promise<Prepared>;
  /** Ends by itself after the last event. */
  readonly isEndless: boolean;
  /** Tests that do not apply, each with its reason. */
  readonly skips?: Readonly<Partial<Record<'again' | 'backPressure', string>>>;
}

/** What every source must do, whatever it reads. */
export function sourceContract(kase: SourceCase): void {
  const events = Array.from({ length: 3000 }, (_, id) => ({ id }));
  const withSource = async (run: (prepared: Prepared) => Promise<void>): Promise<void> => {
    const prepared = await kase.prepare(events);
    try {
      await run(prepared);
    } finally {
      await prepared.cleanUp?.();
    }
  };
  const readAll = async ({ source, feed }: Prepared): Promise<FakeOutput> => {
    const output = new FakeOutput();
    const context = fakeContext();
    const done = runSource(source, output, context);
    await feed?.();
    if (kase.isEndless) {
      await until(() => output.events.length >= events.length, 'all events');
      context.abort();
    }
    await done;
    return output;
  };

  describe(`source ${kase.name}`, () => {
    it('hands over every event once and in order', () =>
      withSource(async (prepared) => {
        const output = await readAll(prepared);
        expect(output.events).toEqual(events);
        expect(output.invalid).toBe(0);
      }));

    it('ends every channel that it opened', () =>
      withSource(async (prepared) => {
        const output = await readAll(prepared);
        expect(output.openChannels).toBe(0);
      }));

    it('can run again, without memory of the first run', ({ skip }) => {
      if (kase.skips?.again !== undefined) skip(kase.skips.again);
      return withSource(async (prepared) => {
        await readAll(prepared);
        const second = await readAll(prepared);
        expect(second.events).toEqual(events);
      });
    });

    it('writes no more while it is asked to wait, and goes on afterwards', ({ skip }) => {
      if (kase.skips?.backPressure !== undefined) skip(kase.skips.backPressure);
      return withSource(async ({ source, feed }) => {
        const output = new FakeOutput();
        const context = fakeContext();
        output.hold();
        const done = runSource(source, output, context);
        const fed = feed?.();
        await until(() => output.writes > 0, 'a first write');
        // Real time: long enough for a source that ignores the promise to write again.
        await new Promise((resolve) => setTimeout(resolve, 30));
        expect(output.writes).toBe(1);
        output.release();
        await fed;
        if (kase.isEndless) {
          await until(() => output.events.length >= events.length, 'all events');
          context.abort();
        }
        await done;
        expect(output.events).toEqual(events);
      });
    });

    it('ends soon when aborted, with a gap-free beginning handed over and nothing cut in two', () =>
      withSource(async ({ source, feed }) => {
        const output = new FakeOutput();
        const context = fakeContext();
        output.hold();
        const done = runSource(source, output, context);
        const fed = feed?.().catch(() => undefined);
        await until(() => output.writes > 0, 'a first write');
        context.abort();
        output.release();
        await done;
        await fed;
        expect(output.events.length).toBeGreaterThan(0);
        expect(output.events).toEqual(events.slice(0, output.events.length));
        expect(output.invalid).toBe(0);
        expect(output.openChannels).toBe(0);
      }));

    it('does nothing when the run was aborted before it began', () =>
      withSource(async ({ source }) => {
        const output = new FakeOutput();
        const context = fakeContext();
        context.abort();
        await runSource(source, output, context);
        expect(output.invalid).toBe(0);
        expect(output.openChannels).toBe(0);
      }));
  });
}
