import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sink } from '../../event/sink.ts';
import type { EventSource } from '../../event/source.ts';
import type { SinkTransaction, TransactionPlace } from '../../event/transaction.ts';
import type { Run } from '../../flow/run.ts';
import { count } from '../../operator/aggregate/aggregate.ts';
import { tumbling } from '../../operator/window/window-spec.ts';
import { virtualFlow, virtualHost, type VirtualHost } from '../../testing/virtual-host.ts';

const TOTAL = 300;

/** One batch of four numbers each ms, from where it is told to begin. */
const numbers: EventSource<number> = {
  kind: 'events',
  name: 'numbers',
  replays: true,
  run: async (output, { resume, scheduler, signal }) => {
    for (let from = resume.get('p') ?? 0; from < TOTAL && !signal.aborted; from += 4) {
      await output.write({
        events: [from, from + 1, from + 2, from + 3],
        bytes: 1,
        partition: 'p',
        endOffset: from + 4,
      });
      await new Promise<void>((resolve) => void scheduler.after(1, resolve));
    }
  },
};

/** Commits what was written with the checkpoint; a new owner deposes the one before. */
class Place implements TransactionPlace {
  readonly name = 'here';
  readonly rows: unknown[] = [];
  last: Uint8Array | undefined;
  commits = 0;
  /** Commits fail from here on. */
  isBroken = false;
  /** Asks the run for a checkpoint. */
  commitSoon: () => void = () => undefined;
  readonly #host: VirtualHost;
  #owner: SinkTransaction | undefined;
  readonly written = new Map<SinkTransaction, unknown[]>();

  constructor(host: VirtualHost) {
    this.#host = host;
  }

  readonly open: TransactionPlace['open'] = (context) => {
    this.commitSoon = () => context.commitSoon();
    const { last } = this;
    const transaction: SinkTransaction = {
      last,
      toBeginAnew: 'empty the place',
      commit: (checkpoint) => this.#commit(transaction, checkpoint),
      close: () => Promise.resolve(),
    };
    this.#owner = transaction;
    this.written.set(transaction, []);
    return Promise.resolve(transaction);
  };

  sink(name: string): Sink<unknown> {
    return {
      name,
      transaction: this,
      open: ({ transaction }) => ({
        write: async (events) => {
          if (transaction !== undefined) this.written.get(transaction)?.push(...events);
          await this.#pass(2);
        },
      }),
    };
  }

  async #commit(transaction: SinkTransaction, checkpoint: Uint8Array): Promise<void> {
    const written = this.written.get(transaction)?.splice(0) ?? [];
    await this.#pass(2);
    if (this.isBroken || transaction !== this.#owner) throw new Error('the place is broken');
    this.rows.push(...written);
    this.last = checkpoint;
    this.commits += 1;
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#host.scheduler.after(ms, resolve));
  }
}

function started(host: VirtualHost, place: Place, options: { checkpointEvery?: number; data?: string } = {}): Run {
  const flow = virtualFlow('f', host, { checkpointEvery: 20, ...options });
  const all = flow.from(numbers);
  all
    .filter((n) => n % 2 === 0)
    .keyBy((n) => n % 7)
    .scan((sum, n) => sum + n, 0)
    .to(place.sink('sums'));
  all
    .filter((n) => n % 2 === 1)
    .eventTime((n) => n)
    .keyBy((n) => n % 3)
    .window(tumbling(50))
    .aggregate({ n: count() })
    .mapAsync((window) => window)
    .to(place.sink('windows'));
  const run = flow.run();
  run.done.catch(() => undefined);
  return run;
}

async function unbroken(): Promise<unknown[]> {
  const host = virtualHost();
  const place = new Place(host);
  const run = started(host, place);
  await host.scheduler.advance(5000);
  expect(run.state).toBe('done');
  return sorted(place.rows);
}

const sorted = (rows: readonly unknown[]): unknown[] => rows.map((row) => JSON.stringify(row)).sort();

describe('outputs that are committed with the checkpoint', () => {
  it('are each there once, in all sinks, after any number of crashes and takeovers', async () => {
    const expected = await unbroken();
    const life = fc.record({ ms: fc.integer({ min: 1, max: 90 }), isKilled: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(life, { maxLength: 6 }), async (lives) => {
        const host = virtualHost();
        const place = new Place(host);
        const runs: Run[] = [];
        for (const { ms, isKilled } of lives) {
          const run = started(host, place);
          runs.push(run);
          await host.scheduler.advance(ms);
          if (isKilled) void run.stop().catch(() => undefined); // else it goes on until it is deposed
        }
        const last = started(host, place);
        await host.scheduler.advance(5000);
        expect([last.state, sorted(place.rows)]).toEqual(['done', expected]);
        expect(runs.map(({ state }) => state)).not.toContain('running');
      }),
      { numRuns: 60 },
    );
  });

  it('are committed when it is drained, and at its end', async () => {
    const host = virtualHost();
    const place = new Place(host);
    const run = started(host, place, { checkpointEvery: 100_000 });
    await host.scheduler.advance(30);
    expect([place.rows.length, place.commits]).toEqual([0, 1]); // the one before the first event
    void run.drain();
    await host.scheduler.advance(100);
    expect(run.state).toBe('done');
    expect(place.rows.length).toBeGreaterThan(0);
    started(host, place, { checkpointEvery: 100_000 });
    await host.scheduler.advance(5000);
    expect(sorted(place.rows)).toEqual(await unbroken());
  });

  it('make the run fail at once when they cannot be committed', async () => {
    const host = virtualHost();
    const place = new Place(host);
    const run = started(host, place);
    await host.scheduler.advance(10);
    place.isBroken = true;
    await host.scheduler.advance(30);
    expect(run.state).toBe('failed');
    await expect(run.done).rejects.toThrow('the place is broken');
    expect(place.rows).toEqual([]);
  });

  it('are committed each second where nothing else is asked for, and sooner where the place asks', async () => {
    const host = virtualHost();
    const place = new Place(host);
    const flow = virtualFlow('f', host);
    const idle: EventSource<number> = {
      ...numbers,
      run: (_, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    };
    flow.from(idle).to(place.sink('out'));
    const run = flow.run();
    await host.scheduler.advance(5500);
    expect(place.commits).toBe(6);
    place.commitSoon();
    await host.scheduler.advance(10);
    expect(place.commits).toBe(7);
    void run.drain();
    await host.scheduler.advance(100);
  });

  it('are not begun from a checkpoint that is not whole', async () => {
    const host = virtualHost();
    const place = new Place(host);
    started(host, place);
    await host.scheduler.advance(50);
    const { last = new Uint8Array() } = place;
    place.last = last.map((byte, i) => (i === last.length - 3 ? byte ^ 1 : byte));
    const run = started(host, place);
    await host.scheduler.advance(50);
    await expect(run.done).rejects.toThrow(/checkpoint is damaged.*empty the place/);
  });
});
