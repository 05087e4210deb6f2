import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ShutdownError, TimeoutError } from '../../../errors/errors.ts';
import type { Run } from '../../../flow/run.ts';
import { virtualFlow, virtualHost, type VirtualHost } from '../../../testing/virtual-host.ts';
import { kill, place, range, SLOW, source, type End, type Event } from './spill-fixtures.ts';

const FACTOR = Number(process.env['FUZZ_FACTOR'] ?? 1);

/** While few or no descriptors are left: the share of calls that find none. */
interface Lack {
  readonly fromMs: number;
  readonly ms: number;
  readonly share: number;
}

const lacks = fc.array(
  fc.record({
    fromMs: fc.nat(3_000),
    ms: fc.integer({ min: 1, max: 1_500 }),
    share: fc.constantFrom(0.05, 0.5, 1),
  }),
  { minLength: 1, maxLength: 4 },
);
const lives = fc.array(fc.tuple(fc.integer({ min: 1, max: 1_500 }), fc.constantFrom<End>('kill', 'power', 'drain')), {
  maxLength: 4,
});

/** Of these there are several segments on disk. */
const TEXT = 'x'.repeat(4_000);

/** A drain had not enough time, or the test has stopped it. */
const isLate = (cause: unknown): boolean => cause instanceof TimeoutError || cause instanceof ShutdownError;

function lacking(host: VirtualHost, from: readonly Lack[]): void {
  const set = (noDescriptor: number): void => void (host.disk.faults = { ...host.disk.faults, noDescriptor });
  for (const { fromMs, ms, share } of from) {
    host.scheduler.after(fromMs, () => set(share));
    host.scheduler.after(fromMs + ms, () => set(0));
  }
}

it(
  'a flow that finds no descriptor (EMFILE) loses nothing, whenever that is and whenever its process ends',
  async () => {
    await fc.assert(
      fc.asyncProperty(lives, lacks, fc.integer({ min: 1, max: 1000 }), async (ends, without, seed) => {
        const host = virtualHost({ seed });
        host.disk.faults = { ...host.disk.faults, latencyMs: 4 };
        lacking(host, without);
        const fast = place<Event>(host, 'fast', { ms: 1 });
        const slow = place<Event>(host, 'slow');
        const ended: unknown[] = [];
        const start = (): Run => {
          const flow = virtualFlow('f', host, { data: 'd', checkpointEvery: 100 });
          const events = flow.from(source(800, { text: TEXT }));
          events.to(fast.sink, { concurrency: 1 });
          const run = events.to(slow.sink, SLOW).run();
          let hasBegun = false;
          run.on('state', (state) => (hasBegun ||= state === 'running'));
          run.done.catch((cause: unknown) => {
            if (hasBegun && !isLate(cause)) ended.push(cause);
          });
          return run;
        };
        for (const [ms, how] of ends) {
          const run = start();
          await host.scheduler.advance(ms);
          await kill(host, run, how);
        }
        let last = start();
        for (let s = 0; s < 20 && last.state !== 'done'; s += 1) {
          await host.scheduler.advance(1_000);
          if (last.state === 'failed') last = start();
        }
        expect([last.state, ended]).toEqual(['done', []]); // none can begin without, but each that has begun goes on
        expect(fast.rows.map(({ n }) => n)).toEqual(range(0, 800));
        expect(slow.rows.map(({ n }) => n)).toEqual(range(0, 800));
      }),
      { numRuns: 4, endOnFailure: true },
    );
  },
  60_000 * FACTOR,
);
