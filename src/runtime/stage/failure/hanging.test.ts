import { expect, it } from 'vitest';
import type { Sink } from '../../../event/sink.ts';
import { virtualFlow, virtualHost } from '../../../testing/virtual-host.ts';
import { range, source, type Event } from '../spill/spill-fixtures.ts';

// Whatever holds an event back holds back what its source may have under way: soon none is left that could be asked.
const BAD: readonly number[] = [7, 8, 5_007, 10_007, 15_007];

it.each(range(1, 5))(
  'events whose calls never end do not hold up a tuned sink (seed %s)',
  { timeout: 60_000 },
  async (seed) => {
    const host = virtualHost({ seed });
    const rows: number[] = [];
    const write = (events: readonly Event[]): Promise<void> =>
      new Promise((resolve) => {
        if (events.some(({ n }) => BAD.includes(n))) return;
        host.scheduler.after(1 + (events.length * seed) / 100, () => {
          rows.push(...events.map(({ n }) => n));
          resolve();
        });
      });
    const sink: Sink<Event> = { name: 'db', open: () => ({ write }) };
    const run = virtualFlow('f', host, { data: 'd' }).from(source(20_000)).to(sink, { timeout: '1s' }).run();
    for (let s = 0; s < 600 && run.state !== 'done'; s += 1) await host.scheduler.advance(1_000);
    expect(run.state).toBe('done');
    expect(rows.sort((a, b) => a - b)).toEqual(range(0, 20_000).filter((n) => !BAD.includes(n)));
  },
);

it('nor a function that is called in any order', { timeout: 60_000 }, async () => {
  const host = virtualHost();
  const rows: number[] = [];
  const sink: Sink<Event> = {
    name: 'db',
    open: () => ({ write: (events) => void rows.push(...events.map(({ n }) => n)) }),
  };
  const work = (event: Event): Promise<Event> =>
    new Promise((resolve) => {
      if (!BAD.includes(event.n)) host.scheduler.after(1, () => resolve(event));
    });
  const run = virtualFlow('f', host, { data: 'd' })
    .from(source(20_000))
    .mapAsync(work, { timeout: '1s', ordered: false })
    .to(sink)
    .run();
  for (let s = 0; s < 600 && run.state !== 'done'; s += 1) await host.scheduler.advance(1_000);
  expect([run.state, rows.length]).toEqual(['done', 20_000 - BAD.length]);
});

it('nor a sink that is pinned to one call at a time', { timeout: 60_000 }, async () => {
  const host = virtualHost();
  const rows: number[] = [];
  const letters: unknown[] = [];
  const write = (events: readonly Event[]): Promise<void> =>
    new Promise((resolve) => {
      if (events.some(({ n }) => BAD.includes(n))) return;
      host.scheduler.after(1, () => resolve(void rows.push(...events.map(({ n }) => n))));
    });
  const sink: Sink<Event> = { name: 'db', open: () => ({ write }) };
  const run = virtualFlow('f', host, { data: 'd' }).from(source(20_000)).to(sink, { timeout: '1s' }).run();
  run.on('deadLetter', ({ event }) => letters.push((event as Event).n));
  run.pin('db.concurrency', 1);
  for (let s = 0; s < 600 && run.state !== 'done'; s += 1) await host.scheduler.advance(1_000);
  expect([run.state, letters]).toEqual(['done', BAD]);
  expect(rows.sort((a, b) => a - b)).toEqual(range(0, 20_000).filter((n) => !BAD.includes(n)));
});
