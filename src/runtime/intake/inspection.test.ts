import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Isolation } from '../../cli/isolation.ts';
import { Lives } from '../../cli/lives.ts';
import type { DeadLetter } from '../../event/dead-letter.ts';
import type { Sink } from '../../event/sink.ts';
import type { EventSource } from '../../event/source.ts';
import type { Run, RunnableFlow } from '../../flow/run.ts';
import { notesIn, sharedNotes, SupervisedThread, type ThreadNotes } from '../../host/supervised-thread.ts';
import { virtualFlow, virtualHost, type VirtualHost } from '../../testing/virtual-host.ts';
import type { Suspicion } from '../supervision.ts';

const FACTOR = Number(process.env['FUZZ_FACTOR'] ?? 1);

interface Event {
  readonly n: number;
  readonly text: string;
}

/** Gives `size` events per ms, in partitions that take turns, from where it is told to begin. */
function source(total: number, size: number, partitions: number): EventSource<Event> {
  return {
    kind: 'events',
    name: 'numbers',
    replays: true,
    run: async (output, { resume, scheduler, signal }) => {
      const next = Array.from({ length: partitions }, (_, p) => resume.get(`p${p}`) ?? 0);
      for (let p = 0; next.some((at) => at < total) && !signal.aborted; p = (p + 1) % partitions) {
        const from = next[p] ?? 0;
        const to = Math.min(total, from + size);
        next[p] = to;
        const events = Array.from({ length: to - from }, (_, i) => ({ n: p * total + from + i, text: 'x' }));
        if (to > from) await output.write({ events, bytes: 1, partition: `p${p}`, endOffset: to });
        await new Promise<void>((resolve) => void scheduler.after(1, resolve));
      }
    },
  };
}

/** Where a thread dies of an event: at once, in a call for it, or as it is written. */
type Where = 'map' | 'mapAsync' | 'sink';

/** What outlives a thread, and the thread that runs. */
class Process {
  readonly host: VirtualHost = virtualHost();
  readonly rows: number[] = [];
  readonly letters: DeadLetter[] = [];
  deaths = 0;
  /** As they stood when the thread died; undefined while it lives. */
  last: ThreadNotes | undefined;

  /** One life of a flow whose thread dies of any event of `poison`. @returns whether it ended by itself */
  async live(shared: SharedArrayBuffer, suspicion: Suspicion | undefined, flow: FlowOptions): Promise<Run['state']> {
    const run = this.begin(shared, suspicion, flow);
    for (let i = 0; i < 4000 && run.state !== 'done' && !this.#isDead; i += 1) await this.host.scheduler.advance(10);
    if (!this.#isDead) return run.state;
    this.deaths += 1;
    void run.stop().catch(() => undefined);
    await this.host.scheduler.advance(200);
    return 'failed';
  }

  begin(shared: SharedArrayBuffer, suspicion: Suspicion | undefined, flow: FlowOptions): Run {
    this.last = undefined;
    const run = this.#flow(shared, flow, { ...this.host, supervision: new SupervisedThread(shared, suspicion) }).run();
    run.done.catch(() => undefined);
    return run;
  }

  get #isDead(): boolean {
    return this.last !== undefined;
  }

  #flow(
    shared: SharedArrayBuffer,
    { total, size, partitions, poison, where, spills = 'none', from }: FlowOptions,
    host: VirtualHost,
  ): RunnableFlow {
    const dies = (at: Where, n: number): boolean => {
      if (where !== at || !poison.has(n) || this.#isDead) return false;
      this.last = notesIn(shared);
      this.host.disk.crash('kill');
      return true;
    };
    return virtualFlow('f', host, { data: 'd', checkpointEvery: 40 })
      .from(from ?? source(total, size, partitions))
      .map((event) => (dies('map', event.n) ? event : event))
      .mapAsync(
        async (event) => {
          if (dies('mapAsync', event.n)) await new Promise(() => undefined);
          if (spills === 'both') await new Promise<void>((resolve) => void host.scheduler.after(1, resolve));
          return event;
        },
        spills === 'both' ? SLOW : {},
      )
      .to(
        this.#place((n) => dies('sink', n)),
        spills === 'none' ? { concurrency: 1 } : SPILLS,
      )
      .deadLetters(this.#letterBox());
  }

  #place(dies: (n: number) => boolean): Sink<Event> {
    const { rows } = this;
    return {
      name: 'place',
      repeats: 'goes back',
      open: ({ resume, scheduler }) => {
        if (resume !== undefined) rows.length = resume as number;
        const write = (events: readonly Event[]): Promise<void> =>
          new Promise((resolve) => {
            if (this.#isDead || events.some(({ n }) => dies(n))) return;
            scheduler.after(3, () => {
              if (this.#isDead) return;
              rows.push(...events.map(({ n }) => n));
              resolve();
            });
          });
        return { write, position: () => rows.length };
      },
    };
  }

  #letterBox(): Sink<DeadLetter> {
    const write = (letters: readonly DeadLetter[]): void => {
      if (!this.#isDead) this.letters.push(...letters);
    };
    return { name: 'letters', open: () => ({ write }) };
  }
}

interface FlowOptions {
  readonly total: number;
  readonly size: number;
  readonly partitions: number;
  readonly poison: ReadonlySet<number>;
  readonly where: Where;
  /** What does not hold back its source, so that nearly all is read back from disk: the sink, or the call before it too. */
  readonly spills?: Spilling;
  /** Default: as `source` gives them. */
  readonly from?: EventSource<Event>;
}

type Spilling = 'none' | 'sink' | 'both';

const SLOW = { concurrency: 6, whenSlow: 'spill', queue: { events: 40 } } as const;
const SPILLS = { concurrency: 1, batch: 16, whenSlow: 'spill', queue: { events: 40 } } as const;

/** As `daoflow run` does it. */
async function supervised(process: Process, flow: FlowOptions, wasHeld: boolean): Promise<Run['state']> {
  const [isolation, lives] = [new Isolation(), new Lives()];
  for (;;) {
    const shared = sharedNotes();
    const state = await process.live(shared, isolation.suspicion, flow);
    if (state !== 'failed') return state;
    const { kind } = isolation.died({ ...(process.last ?? notesIn(shared)), wasHeld, what: 'held its thread' });
    const now = process.host.scheduler.now();
    if (kind === 'nothing' && lives.died(now) === undefined) return 'failed';
    if (kind === 'found' && lives.setApart(now) === undefined) return 'failed';
  }
}

/** A letter comes again where the thread dies once more before the next checkpoint. */
const lettersOf = ({ letters }: Process): number[] =>
  [...new Set(letters.map(({ event }) => (event as Event).n))].sort((a, b) => a - b);

describe('events that their thread always dies of', () => {
  it.each([
    ['held', true, 2],
    ['ended', false, 3],
  ])('become dead letters after few deaths, where they %s it', async (_what, wasHeld, deaths) => {
    const process = new Process();
    const flow = { total: 2000, size: 64, partitions: 1, poison: new Set([1234]), where: 'map' } as const;
    expect(await supervised(process, flow, wasHeld)).toBe('done');
    expect(process.letters).toMatchObject([{ at: 'thread', reason: 'held its thread', event: { n: 1234 } }]);
    expect(process.rows).toEqual(Array.from({ length: 2000 }, (_, n) => n).filter((n) => n !== 1234));
    expect(process.deaths).toBe(deaths);
  });

  it.each([
    ['held', true, 2],
    ['ended', false, 3],
  ])('become dead letters also where they are read back from disk (%s)', async (_what, wasHeld, deaths) => {
    const process = new Process();
    const sizes = { total: 2000, size: 64, partitions: 1 };
    const flow = { ...sizes, poison: new Set([1234]), where: 'sink', spills: 'sink' } as const;
    expect(await supervised(process, flow, wasHeld)).toBe('done');
    expect(process.letters).toMatchObject([{ at: 'thread', reason: 'held its thread', event: { n: 1234 } }]);
    expect(process.rows).toEqual(Array.from({ length: 2000 }, (_, n) => n).filter((n) => n !== 1234));
    expect(process.deaths).toBe(deaths);
  });

  it('become dead letters also where they go to disk alone, behind a piece that has filled the queue', async () => {
    const process = new Process();
    const sizes = { total: 600, size: 49, partitions: 1 };
    const flow = { ...sizes, poison: new Set([49]), where: 'sink', spills: 'sink' } as const;
    expect(await supervised(process, flow, false)).toBe('done');
    expect(lettersOf(process)).toEqual([49]);
    expect(process.rows).toEqual(Array.from({ length: 600 }, (_, n) => n).filter((n) => n !== 49));
    expect(process.deaths).toBe(3);
  });

  it('become dead letters where a source that gives nothing again has gone to disk', async () => {
    const process = new Process();
    const sizes = { total: 600, size: 8, partitions: 1 };
    let given = 0;
    const from: EventSource<Event> = {
      kind: 'events',
      name: 'once',
      run: async (output, { scheduler, signal }) => {
        while (given < sizes.total && !signal.aborted && process.last === undefined) {
          const events = Array.from({ length: 8 }, (_, i) => ({ n: given + i, text: 'x' }));
          given += 8;
          await output.write({ events, bytes: 1 });
          await new Promise<void>((resolve) => void scheduler.after(1, resolve));
        }
      },
    };
    const flow = { ...sizes, poison: new Set([300]), where: 'sink', spills: 'sink', from } as const;
    expect(await supervised(process, flow, true)).toBe('done');
    expect(lettersOf(process)).toEqual([300]);
    expect(process.deaths).toBe(2);
    expect(process.rows).toEqual(expect.arrayContaining([299, 301, 599])); // lost is what was on its way to the disk
  });

  // Pieces that are smaller than a call's batch are read back in other company each time.
  it.each([
    [8, [336]],
    [7, [515, 324, 544]],
  ])('become dead letters where pieces of %s go to disk and are read back as batches', async (size, bad) => {
    const process = new Process();
    const flow = { total: 600, size, partitions: 1, poison: new Set(bad), where: 'sink', spills: 'sink' } as const;
    expect(await supervised(process, flow, true)).toBe('done');
    expect(lettersOf(process)).toEqual([...bad].sort((a, b) => a - b));
    expect(process.rows).toEqual(Array.from({ length: 600 }, (_, n) => n).filter((n) => !bad.includes(n)));
    expect(process.deaths).toBe(2 * bad.length);
  });

  it(
    'are found wherever they are, and nothing else is lost, comes twice or is set apart',
    async () => {
      const where = fc.constantFrom<Where>('map', 'mapAsync', 'sink');
      const numbers = fc.record({ size: fc.integer({ min: 1, max: 200 }), partitions: fc.integer({ min: 1, max: 3 }) });
      const poison = fc.uniqueArray(fc.integer({ min: 0, max: 599 }), { minLength: 1, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(
          numbers,
          poison,
          where,
          fc.boolean(),
          fc.constantFrom<Spilling>('none', 'sink', 'both'),
          async (sizes, bad, at, wasHeld, spills) => {
            const { size, partitions } = sizes;
            const process = new Process();
            const total = Math.ceil(600 / partitions);
            const flow = { total, size, partitions, poison: new Set(bad), where: at, spills };
            expect(await supervised(process, flow, wasHeld)).toBe('done');
            expect(lettersOf(process)).toEqual([...bad].sort((a, b) => a - b));
            const expected = Array.from({ length: total * partitions }, (_, n) => n).filter((n) => !bad.includes(n));
            expect([...process.rows].sort((a, b) => a - b)).toEqual(expected);
            // Partitions that take turns in another order than before hide it behind those that are suspected.
            const most = (wasHeld ? 2 : 3) + (partitions > 1 ? 2 : 0);
            expect(process.deaths).toBeLessThanOrEqual(most * bad.length);
          },
        ),
        { numRuns: 8, endOnFailure: true },
      );
    },
    120_000 * FACTOR,
  );
});

describe('an inspection', () => {
  const suspicion = (given: number): Suspicion => ({ given: [given], among: 'given', apart: [] });
  const flow = { total: 300, size: 50, partitions: 1, poison: new Set<number>(), where: 'map' } as const;

  it('is over once the suspects have passed, without a trace', async () => {
    const process = new Process();
    const shared = sharedNotes();
    expect(await process.live(shared, suspicion(200), flow)).toBe('done');
    expect(process.rows).toEqual(Array.from({ length: 300 }, (_, n) => n));
    expect(notesIn(shared).alone).toBeUndefined();
  });

  it.each([10, 25, 60, 120])('does not keep a run from being drained, with events on disk, after %s ms', async (ms) => {
    const process = new Process();
    const spilling = { ...flow, total: 2000, spills: 'sink' } as const;
    const first = process.begin(sharedNotes(), undefined, spilling);
    await process.host.scheduler.advance(200);
    process.host.disk.crash('kill');
    void first.stop().catch(() => undefined);
    await process.host.scheduler.advance(200);
    const inspected: Suspicion = { given: [800, 600], among: 'given', apart: [] };
    const run = process.begin(sharedNotes(), inspected, spilling);
    await process.host.scheduler.advance(ms);
    void run.drain({ timeout: '5s' });
    await process.host.scheduler.advance(3_000);
    expect(run.state).toBe('done');
    expect(await process.live(sharedNotes(), undefined, spilling)).toBe('done');
    expect(process.rows).toEqual(Array.from({ length: 2000 }, (_, n) => n));
  });

  it('is over when sources have long been silent, and checkpoints are taken again', async () => {
    const host = virtualHost();
    const shared = sharedNotes();
    // Ten events come, of a hundred that are suspected, and then none for long.
    const ten = source(10, 10, 1);
    const silent: EventSource<Event> = {
      ...ten,
      run: async (output, context) => {
        await ten.run(output, context);
        await new Promise<void>((resolve) => void context.scheduler.after(20_000, resolve));
      },
    };
    const supervision = new SupervisedThread(shared, suspicion(100));
    const run = virtualFlow('f', { ...host, supervision }, { data: 'd', checkpointEvery: 40 })
      .from(silent)
      .to({ name: 'place', open: () => ({ write: () => undefined }) })
      .run();
    await host.scheduler.advance(5_000);
    expect(notesIn(shared).given[0]).toBe(10);
    await host.scheduler.advance(6_000);
    expect(notesIn(shared).given[0]).toBe(0);
    await host.scheduler.advance(20_000);
    expect(run.state).toBe('done');
  });

  it('of another checkpoint says nothing about this one', async () => {
    const process = new Process();
    const range = { source: 'numbers', partition: 'p0', base: 7, from: 3, count: 1 };
    const apart = [{ ...range, reason: 'held its thread' }];
    expect(await process.live(sharedNotes(), { given: [], among: range, apart }, flow)).toBe('done');
    expect(process.letters).toEqual([]);
    expect(process.rows.length).toBe(300);
  });
});
