/**
 * Six other flows for each contestant, over events of other shapes, before anything is measured: a
 * process that hosts several flows has shared operator code that no longer fits any one of them. A
 * contestant measured alone looks several times faster than it is in use.
 */

import { count, flow, max, session, sliding, sum, tumbling, type RunnableFlow, type Stream } from 'daoflow';
import type { Batch, Operator, Peer, Terminal } from './contestant.ts';
import { filter, map } from './jobs.ts';
import { batchesOf, Feed } from './peer/daoflow.ts';

interface OtherFlow {
  readonly batches: readonly Batch[];
  readonly operators: readonly Operator[];
}

const BATCHES = 8;
const EVENTS = 256;
/** Runs of each flow: enough for V8 to optimise what they share. */
const RUNS = 6;

interface Order {
  id: number;
  items: number[];
  customer: { name: string; isNew: boolean };
}

class Reading {
  readonly n: number;
  constructor(n: number) {
    this.n = n;
  }
  twice(): number {
    return this.n * 2;
  }
}

const others: readonly OtherFlow[] = [
  {
    batches: made((n) => ({ id: n, items: [n, n + 1], customer: { name: `c${n % 9}`, isNew: n % 2 === 0 } })),
    operators: [
      filter((o: Order) => o.customer.isNew),
      map((o: Order) => ({ name: o.customer.name, size: o.items.length, id: o.id })),
    ],
  },
  {
    batches: made((n) => n),
    operators: [map((n: number) => n * 1.5), map((n: number) => n | 0), filter((n: number) => n > 7)],
  },
  {
    batches: made((n) => `line ${n}`),
    operators: [
      filter((s: string) => s.length > 5),
      filter((s: string) => !s.endsWith('3')),
      map((s: string) => s.length),
    ],
  },
  {
    batches: made((n) => [n, `v${n}`] as const),
    operators: [map(([n, s]: readonly [number, string]) => ({ [s]: n }))],
  },
  {
    batches: made((n) => ({ celsius: n / 7, sensor: n % 40, at: n })),
    operators: [
      map((r: { celsius: number; sensor: number }) => ({ ...r, fahrenheit: r.celsius * 1.8 + 32 })),
      filter((r: { fahrenheit: number }) => r.fahrenheit > 40),
      map((r: { sensor: number; fahrenheit: number }) => ({ sensor: r.sensor, heat: r.fahrenheit })),
    ],
  },
  {
    batches: made((n) => new Reading(n)),
    operators: [
      filter((r: Reading) => r.n % 3 !== 0),
      map((r: Reading) => r.twice()),
      filter((n: number) => n % 4 !== 0),
      map((n: number) => String(n)),
    ],
  },
];

export async function pollute(peer: Peer): Promise<void> {
  for (let i = 0; i < RUNS; i += 1) {
    for (const { batches, operators } of others) {
      const kept: unknown[] = [];
      await peer.run(batches, operators, keeping(kept));
      await peer.each?.(batches.slice(0, 1), (event) => Promise.resolve(event), 3);
      await peer.arrays?.(batches, (batch: Batch) => Promise.resolve(batch.length), 2);
    }
  }
}

/** The same six, each with an end of its own: stages, keyed and unkeyed windows of every kind. */
export async function polluteDaoFlow(): Promise<void> {
  const ends: readonly ((stream: Stream<unknown>) => RunnableFlow)[] = [
    (stream) =>
      (stream as Stream<{ name: string }>)
        .keyBy('name')
        .window(session({ gap: 5 }))
        .aggregate({ n: count() })
        .to(() => undefined),
    (stream) =>
      stream
        .eventTime(Number)
        .window(sliding({ size: 40, every: 10 }))
        .aggregate({ n: count(), top: max(Number) })
        .to(() => undefined),
    (stream) =>
      stream
        .keyBy(shapeOf)
        .aggregate({ n: count(), total: sum(Number) })
        .to(() => undefined),
    (stream) => stream.mapAsync((event) => Promise.resolve(event)).to(() => undefined),
    (stream) =>
      (stream as Stream<{ sensor: number }>)
        .keyBy('sensor')
        .scan((n: number) => n + 1, 0)
        .to(() => Promise.resolve()),
    (stream) =>
      stream
        .keyBy(shapeOf)
        .window(tumbling(5))
        .aggregate({ n: count() })
        .to(() => undefined),
  ];
  for (let i = 0; i < RUNS; i += 1) {
    for (const [at, { batches, operators }] of others.entries()) {
      const feed = new Feed<unknown>();
      const stream = operators.reduce(applied, flow(`other-${at}`).from(feed));
      const run = (ends[at] as (typeof ends)[number])(stream).run();
      await feed.send(batchesOf(batches));
      feed.end();
      await run.done;
    }
  }
}

function applied(stream: Stream<unknown>, { kind, fn }: Operator): Stream<unknown> {
  const asked = fn as (event: unknown) => unknown;
  return kind === 'map' ? stream.map(asked) : stream.filter(asked);
}

const shapeOf = (event: unknown): string => String(event).slice(-1);

function made<E>(make: (n: number) => E): readonly (readonly E[])[] {
  return Array.from({ length: BATCHES }, (_, b) => Array.from({ length: EVENTS }, (__, i) => make(b * EVENTS + i)));
}

function keeping(kept: unknown[]): Terminal {
  return {
    one: (event) => void kept.push(event),
    all: (events) => void kept.push(...(events as readonly unknown[])),
    end: () => void (kept.length = 0),
  };
}
