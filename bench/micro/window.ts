/**
 * Cost of a keyed tumbling sum per event, dense ids against Map keys, generated against interpreted,
 * alone and after other windows have run through the same code. Run: npx jiti bench/micro/window.ts
 * CPU time of the process, best of several rounds; compare within one run only.
 */

import { count, max, percentile, sum } from '../../src/operator/aggregate/aggregate.ts';
import type { Collector, OperatorEnvironment } from '../../src/operator/operator.ts';
import { type CollectorSpec, windowAggregate } from '../../src/operator/window/window.ts';
import { sliding, tumbling } from '../../src/operator/window/window-spec.ts';

interface Reading {
  readonly ts: number;
  readonly key: string;
  readonly value: number;
}

const EVENTS = 65_536;
/** Long enough that compiling is a small part; few enough events that they stay in the cache. */
const PASSES = 100;
/** Event time of one pass, ms: 100 events per ms. */
const SPAN = EVENTS / 100;
const KEYS = 1000;
const ROUNDS = 2;

const names = Array.from({ length: KEYS }, (_, i) => `sensor-${i}`);
const ids = new Int32Array(EVENTS);
const events: Reading[] = Array.from({ length: EVENTS }, (_, i) => {
  const id = (Math.imul(i, 2_654_435_761) >>> 8) % KEYS;
  ids[i] = id;
  return { ts: 1_700_000_000_000 + i / 100, key: names[id] as string, value: (i * 7) % 1000 };
});

class Time {
  readonly kind = 'event';
  watermark = -Infinity;
  next = Infinity;
  wakeAt(timeMs: number): void {
    if (timeMs < this.next) this.next = timeMs;
  }
}

/** The shape of a fused loop: watermark after each event, `take` after each batch. */
function run(spec: CollectorSpec<unknown, unknown>, dense: boolean, generateCode: boolean): number {
  const time = new Time();
  const environment = { flow: 'bench', name: 'w', time, generateCode } as unknown as OperatorEnvironment;
  const window = spec.create(environment);
  const before = process.cpuUsage();
  let total = 0;
  for (let pass = 0; pass < PASSES; pass += 1) {
    for (let at = 0; at < EVENTS; at += 256) total += batch(window, time, { at, shift: pass * SPAN, dense });
  }
  window.end();
  for (const result of (window.output.take(0) ?? []) as { n: number }[]) total += result.n;
  const used = process.cpuUsage(before);
  if (total !== PASSES * EVENTS * (spec.name === 'slide' ? 10 : 1))
    throw new Error(`${spec.name}: ${total} events in the results`);
  return ((used.user + used.system) * 1000) / (PASSES * EVENTS);
}

interface Part {
  readonly at: number;
  readonly shift: number;
  readonly dense: boolean;
}

function batch(window: Collector, time: Time, { at, shift, dense }: Part): number {
  for (let i = at; i < at + 256; i += 1) {
    const event = events[i] as Reading;
    const timeMs = event.ts + shift;
    window.push(event, event.key, dense ? (ids[i] as number) : -1, timeMs);
    time.watermark = timeMs;
    if (timeMs >= time.next) {
      time.next = Infinity;
      window.advance(timeMs);
    }
  }
  let total = 0;
  for (const result of (window.output.take(0) ?? []) as { n: number }[]) total += result.n;
  return total;
}

/** The same by hand: what a careful person writes without an engine. */
function byHand(): number {
  const before = process.cpuUsage();
  let state = new Map<string, { n: number; sum: number }>();
  let end = -Infinity;
  let results: object[] = [];
  let total = 0;
  for (let i = 0; i < PASSES * EVENTS; i += 1) {
    const event = events[i % EVENTS] as Reading;
    const timeMs = event.ts + Math.floor(i / EVENTS) * SPAN;
    if (timeMs >= end) {
      for (const [key, { n, sum }] of state) results.push({ key, start: end - 1000, end, revision: 0, n, sum });
      for (const result of results as { n: number }[]) total += result.n;
      results = [];
      state = new Map();
      end = (Math.floor(timeMs / 1000) + 1) * 1000;
    }
    const row = state.get(event.key);
    if (row === undefined) state.set(event.key, { n: 1, sum: event.value });
    else {
      row.n += 1;
      row.sum += event.value;
    }
  }
  const used = process.cpuUsage(before);
  if (total + [...state.values()].reduce((all, row) => all + row.n, 0) !== PASSES * EVENTS) throw new Error('by hand');
  return ((used.user + used.system) * 1000) / (PASSES * EVENTS);
}

function best(measure: () => number): number {
  return Math.min(...Array.from({ length: ROUNDS }, measure));
}

const value = (event: Reading): number => event.value;
const one = (): CollectorSpec<unknown, unknown> =>
  windowAggregate('sum', tumbling('1s'), { n: count(), total: sum((event: Reading) => event.value) }) as CollectorSpec<
    unknown,
    unknown
  >;
const cases: readonly (readonly [string, () => number])[] = [
  ['by hand, Map and objects', byHand],
  ['sum, dense ids', (): number => run(one(), true, true)],
  ['sum, Map keys', (): number => run(one(), false, true)],
  ['sum, dense ids, interpreted', (): number => run(one(), true, false)],
  [
    'sum, max, p95, dense ids',
    (): number =>
      run(
        windowAggregate('more', tumbling('1s'), {
          n: count(),
          total: sum(value),
          top: max(value),
          p: percentile(value, 0.95),
        }) as CollectorSpec<unknown, unknown>,
        true,
        true,
      ),
  ],
  [
    'sliding sum, 10 panes, dense ids',
    (): number =>
      run(
        windowAggregate('slide', sliding({ size: '10s', every: '1s' }), {
          n: count(),
          total: sum(value),
        }) as CollectorSpec<unknown, unknown>,
        true,
        true,
      ),
  ],
];

for (const title of ['alone', 'polluted']) {
  for (const [name, measure] of cases)
    console.log(`${title.padEnd(9)} ${name.padEnd(34)} ${best(measure).toFixed(1)} ns/event`);
}
