import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../errors/errors.ts';
import { count, custom, distinct, max, mean, min, percentile, sum } from '../aggregate/aggregate.ts';
import { drive, environment, ManualTime, type TimedEvent } from './drive.ts';
import { windowAggregate, windowCollect } from './window.ts';
import { global, session, sliding, tumbling, type WindowSpec } from './window-spec.ts';

interface Sale extends TimedEvent {
  readonly value: number;
}

interface Emitted {
  readonly key?: unknown;
  readonly start: number;
  readonly end: number;
  readonly revision: number;
  readonly events: readonly Sale[];
}

const KEYS = ['a', 'b', '__proto__', '', '\0', 'constructor', '1', 1, 0, 2.5];

const sale = fc.record({
  at: fc.integer({ min: -40, max: 120 }),
  key: fc.constantFrom(...KEYS),
  value: fc.integer({ min: -50, max: 50 }),
  id: fc.integer({ min: -1, max: 4 }),
});
const sales = fc.array(sale, { maxLength: 60 });
const lateness = fc.record({
  outOfOrderMs: fc.constantFrom(0, 3, 20),
  allowedLateness: fc.constantFrom(0, 5, 30),
  batch: fc.constantFrom(1, 7, 100),
  generateCode: fc.boolean(),
});

const all = {
  n: count(),
  total: sum((e: Sale) => e.value),
  low: min((e: Sale) => e.value),
  high: max((e: Sale) => e.value),
  average: mean((e: Sale) => e.value),
  middle: percentile((e: Sale) => e.value, 0.5),
  values: distinct((e: Sale) => e.value),
  product: custom({
    init: () => ({ size: 0, squares: 0 }),
    add: (s, e: Sale) => ({ size: s.size + 1, squares: s.squares + e.value ** 2 }),
    merge: (a, b) => ({ size: a.size + b.size, squares: a.squares + b.squares }),
    result: (s) => `${s.size}/${s.squares}`,
  }),
};

/** What `all` means, computed from the events themselves. */
function resultOf({ events, ...frame }: Emitted): object {
  const values = events.map((e) => e.value).sort((a, b) => a - b);
  const total = values.reduce((a, b) => a + b, 0);
  return {
    ...frame,
    n: values.length,
    total,
    low: values[0],
    high: values.at(-1),
    average: total / values.length,
    middle: values[Math.ceil(values.length / 2) - 1],
    values: new Set(values).size,
    product: `${values.length}/${values.reduce((a, b) => a + b ** 2, 0)}`,
  };
}

interface Model {
  readonly emitted: Emitted[];
  readonly late: Sale[];
}

/** Aligned windows, one list of events each: the definition, without any sharing. */
function modelAligned(
  events: readonly Sale[],
  at: { size: number; every: number; offset: number; outOfOrderMs: number; allowed: number },
): Model {
  const open = new Map<number, Map<unknown, { events: Sale[]; revision: number }>>();
  const fired = new Set<number>();
  const emitted: Emitted[] = [];
  const late: Sale[] = [];
  let watermark = -Infinity;
  const emit = (start: number, key: unknown): void => {
    const row = open.get(start)?.get(key);
    if (row === undefined) return;
    const revision = row.revision++;
    emitted.push({ key, start, end: start + at.size, revision, events: [...row.events] });
  };
  const fire = (through: number): void => {
    const due = [...open.keys()].filter((start) => start + at.size <= through && !fired.has(start));
    for (const start of due.sort((a, b) => a - b)) {
      fired.add(start);
      for (const key of open.get(start)?.keys() ?? []) emit(start, key);
    }
  };
  for (const event of events) {
    const last = Math.floor((event.at - at.offset) / at.every) * at.every + at.offset;
    const starts: number[] = [];
    for (let start = last; start + at.size > event.at; start -= at.every) {
      if (start + at.size + at.allowed > watermark) starts.unshift(start);
    }
    if (starts.length === 0) late.push(event);
    for (const start of starts) {
      const window = open.get(start) ?? new Map<unknown, { events: Sale[]; revision: number }>();
      open.set(start, window);
      const row = window.get(event.key) ?? { events: [], revision: 0 };
      window.set(event.key, row);
      row.events.push(event);
      if (start + at.size <= watermark) {
        fired.add(start);
        emit(start, event.key);
      }
    }
    watermark = Math.max(watermark, event.at - at.outOfOrderMs);
    fire(watermark);
  }
  fire(Infinity);
  return { emitted, late };
}

function byWindow(results: readonly unknown[]): unknown[] {
  const place = (r: unknown): string => {
    const { key, start, revision } = r as Emitted;
    return `${start + 1000}|${typeof key}|${String(key)}|${revision}`;
  };
  return [...results].sort((a, b) => (place(a) < place(b) ? -1 : 1));
}

/** Ids 0..3 for four keys, as a decoder gives them; now and then a wrong one, which must not matter. */
function withIds(events: readonly Sale[]): Sale[] {
  return events.map((e) => ({ ...e, id: e.id === 4 ? KEYS.indexOf(e.key as string) : (e.id ?? -1) }));
}

describe('tumbling windows', () => {
  it('give what the definition gives, in its order, whatever the order, lateness and batches', () => {
    fc.assert(
      fc.property(sales, lateness, fc.integer({ min: -9, max: 9 }), (events, options, offset) => {
        const input = withIds(events);
        const spec = windowAggregate('w', tumbling(10, { offset }), all, options);
        const model = modelAligned(input, {
          size: 10,
          every: 10,
          offset,
          outOfOrderMs: options.outOfOrderMs,
          allowed: options.allowedLateness,
        });
        const driven = drive(spec, input, options);
        expect(driven.results).toEqual(model.emitted.map(resultOf));
        expect(driven.late).toEqual(model.late);
        expect(driven.counts['late']).toBe(model.late.length);
        expect(driven.thrown).toEqual([]);
      }),
    );
  });

  it('account for every event: in the results or late', () => {
    fc.assert(
      fc.property(sales, fc.constantFrom(0, 8), (events, outOfOrderMs) => {
        const driven = drive(windowAggregate('w', tumbling(10), { n: count() }), events, { outOfOrderMs });
        const counted = (driven.results as { n: number }[]).reduce((all, r) => all + r.n, 0);
        expect(counted + driven.late.length).toBe(events.length);
      }),
    );
  });

  it('have no key where the flow is not keyed, and one shape throughout', () => {
    const events = [1, 2, 15].map((at) => ({ at, value: at }));
    const { results } = drive(windowAggregate('w', tumbling(10), { n: count() }), events);
    expect(results).toEqual([
      { start: 0, end: 10, revision: 0, n: 2 },
      { start: 10, end: 20, revision: 0, n: 1 },
    ]);
  });

  it('close when the watermark reaches their end, not before', () => {
    const time = new ManualTime();
    const window = windowAggregate('w', tumbling(10), { n: count() }).create(environment(time));
    window.push({}, 'a', -1, 5);
    time.moveTo(9.999, window);
    expect(window.output.take(0)).toBeUndefined();
    time.moveTo(10, window);
    expect(window.output.take(0)).toEqual([{ key: 'a', start: 0, end: 10, revision: 0, n: 1 }]);
    expect(window.output.take(0)).toBeUndefined();
    expect(window.timeOf?.({ end: 10 })).toBe(9);
  });

  it('are closed for the pane at hand too when time passes without an event', () => {
    for (const generateCode of [true, false]) {
      const time = new ManualTime();
      const window = windowAggregate('w', tumbling(10), { n: count() }).create(environment(time, { generateCode }));
      window.push('first', 'a', -1, 5);
      time.moveTo(10, window);
      window.push('second', 'a', -1, 6);
      expect(window.output.take(1)).toEqual(['second']);
      expect(window.output.take(0)).toMatchObject([{ n: 1 }]);
    }
  });

  it('in processing time nothing is late when the wall clock steps back', () => {
    const time = new ManualTime('processing');
    const window = windowAggregate('w', tumbling(10), { n: count() }).create(environment(time));
    time.moveTo(25, window);
    window.push({}, 'a', -1, 25);
    window.push({}, 'a', -1, 3);
    window.end();
    expect(window.output.take(0)).toEqual([{ key: 'a', start: 20, end: 30, revision: 0, n: 2 }]);
    expect(window.output.take(1)).toBeUndefined();
  });

  it('let go of keys that are gone', () => {
    const events = Array.from({ length: 5000 }, (_, i) => ({ at: i, key: `k${i}`, value: 1 }));
    const { counts } = drive(windowAggregate('w', tumbling(10), { n: count() }), events, { end: false });
    expect(counts['keys']).toBeLessThanOrEqual(31);
    expect(counts['panes']).toBe(1);
  });

  it('refuse what exceeds a bound, by a throw that changes nothing', () => {
    const events = ['a', 'b', 'c', 'a'].map((key) => ({ at: 1, key, value: 1 }));
    for (const generateCode of [true, false]) {
      const driven = drive(windowAggregate('w', tumbling(10), { n: count() }, { maxKeys: 2 }), events, {
        generateCode,
      });
      expect(driven.thrown.map((t) => (t.event as Sale).key)).toEqual(['c']);
      expect(driven.counts['refused']).toBe(1);
      expect((driven.results as { n: number }[]).map((r) => r.n)).toEqual([2, 1]);
    }
    const far = [1, 1e12, 2e12, 5].map((at) => ({ at, key: 'a' }));
    const driven = drive(windowAggregate('w', tumbling(10), { n: count() }, { maxOpenWindows: 2 }), far, {
      outOfOrderMs: 3e12,
    });
    expect(driven.thrown).toHaveLength(1);
    expect(String(driven.thrown[0]?.error)).toContain('maxOpenWindows');
  });

  it('blame the event whose value cannot be counted, before anything has changed', () => {
    const bad = [Number.NaN, Infinity, '5', null, undefined, {}];
    const events = [1, ...bad, 2].map((value, i) => ({ at: i, key: 'a', value: value as number }));
    for (const generateCode of [true, false]) {
      const spec = windowAggregate('w', tumbling(10), { n: count(), total: sum((e: Sale) => e.value) });
      const { results, thrown } = drive(spec, events, { generateCode });
      expect(results).toEqual([{ key: 'a', start: 0, end: 10, revision: 0, n: 2, total: 3 }]);
      expect(thrown).toHaveLength(bad.length);
      expect(thrown.every((t) => t.error instanceof TypeError)).toBe(true);
    }
  });

  it('sum from zero, so that no -0 appears', () => {
    for (const generateCode of [true, false]) {
      const spec = windowAggregate('w', tumbling(10), { total: sum((e: Sale) => e.value) });
      const negativeZero: Sale = { at: 1, key: 'a', value: -0 };
      const { results } = drive(spec, [negativeZero], { generateCode });
      expect(results).toEqual([{ key: 'a', start: 0, end: 10, revision: 0, total: 0 }]);
    }
  });

  it('report a result that user code cannot make, and give the others', () => {
    const picky = custom({
      init: () => '',
      add: (_, e: Sale) => String(e.key),
      result: (key) => {
        if (key === 'b') throw new Error('no b');
        return key;
      },
    });
    const events = ['a', 'b', 'c'].map((key) => ({ at: 1, key, value: 1 }));
    const driven = drive(windowAggregate('w', tumbling(10), { picky }), events);
    expect(driven.results).toHaveLength(2);
    expect(driven.failures).toMatchObject([{ key: 'b', event: { key: 'b', start: 0, end: 10 } }]);
  });

  it('reject times that no window bound can hold', () => {
    const { thrown } = drive(windowAggregate('w', tumbling(10), { n: count() }), [{ at: 1e300, key: 'a' }]);
    expect(thrown[0]?.error).toBeInstanceOf(RangeError);
  });
});

describe('sliding windows', () => {
  const shapes = fc.constantFrom([20, 5], [20, 8], [7, 3], [10, 10], [12, 12], [9, 1]) as fc.Arbitrary<
    [number, number]
  >;

  it('give what the definition gives, from shared panes', () => {
    fc.assert(
      fc.property(
        sales,
        lateness,
        shapes,
        fc.integer({ min: -9, max: 9 }),
        (events, options, [size, every], offset) => {
          const input = withIds(events);
          const spec = windowAggregate('w', sliding({ size, every, offset }), all, options);
          const { outOfOrderMs, allowedLateness: allowed } = options;
          const model = modelAligned(input, { size, every, offset, outOfOrderMs, allowed });
          const driven = drive(spec, input, options);
          expect(byWindow(driven.results)).toEqual(byWindow(model.emitted.map(resultOf)));
          expect(driven.late).toEqual(model.late);
          const ends = (list: readonly unknown[]): number[] => list.map((r) => (r as Emitted).end);
          if (allowed === 0) expect(ends(driven.results)).toEqual(ends(model.emitted));
        },
      ),
    );
  });

  it('give the same, in exact order, for an aggregate that cannot merge', () => {
    const list = custom({
      init: (): Sale[] => [],
      add: (s: Sale[], e: Sale) => [...s, e],
      result: (s) => s,
    });
    fc.assert(
      fc.property(sales, lateness, shapes, (events, options, [size, every]) => {
        const spec = windowAggregate('w', sliding({ size, every }), { events: list }, options);
        const { outOfOrderMs, allowedLateness: allowed } = options;
        const model = modelAligned(events, { size, every, offset: 0, outOfOrderMs, allowed });
        const driven = drive(spec, events, options);
        expect(driven.results).toEqual(model.emitted);
        expect(driven.late).toEqual(model.late);
      }),
    );
  });

  it('report a merge that user code cannot make, once per window, and give the others', () => {
    const picky = custom({
      init: () => 0,
      add: (s, e: Sale) => s + e.value,
      merge: (a, b) => {
        if (b < 0) throw new Error('negative');
        return a + b;
      },
      result: (s) => s,
    });
    const events = [
      { at: 1, key: 'a', value: 1 },
      { at: 1, key: 'b', value: -1 },
      { at: 6, key: 'b', value: 1 },
    ];
    const driven = drive(windowAggregate('w', sliding({ size: 10, every: 5 }), { picky }), events);
    expect(driven.failures.map((f) => f.key)).toEqual(['b', 'b']);
    expect(driven.results).toMatchObject([
      { key: 'a', end: 5, picky: 1 },
      { key: 'a', end: 10, picky: 1 },
      { key: 'b', end: 15, picky: 1 },
    ]);
  });
});

interface ModelSession {
  key: unknown;
  events: Sale[];
  start: number;
  end: number;
  revision: number;
  emitted: boolean;
  order: number;
}

/** Sessions by the definition: a list, scanned for every event. */
function modelSessions(events: readonly Sale[], gap: number, outOfOrderMs: number, allowed: number): Model {
  let open: ModelSession[] = [];
  let order = 0;
  let watermark = -Infinity;
  const emitted: Emitted[] = [];
  const late: Sale[] = [];
  const emit = (s: ModelSession): void => {
    s.revision += 1;
    s.emitted = true;
    const { key, start, end, revision } = s;
    emitted.push({ key, start, end, revision, events: [...s.events] });
  };
  const settle = (through: number): void => {
    const due = open.filter((s) => !s.emitted && s.end <= through);
    for (const s of due.sort((a, b) => a.end - b.end || a.order - b.order)) emit(s);
    open = open.filter((s) => s.end + allowed > through);
  };
  for (const event of events) {
    const hits = open.filter((s) => s.key === event.key && event.at < s.end && event.at + gap > s.start);
    if (hits.length === 0 && event.at + gap + allowed <= watermark) {
      late.push(event);
    } else {
      const joined: ModelSession = {
        key: event.key,
        events: [...hits.flatMap((s) => s.events), event],
        start: Math.min(event.at, ...hits.map((s) => s.start)),
        end: Math.max(event.at + gap, ...hits.map((s) => s.end)),
        revision: Math.max(-1, ...hits.map((s) => s.revision)),
        emitted: false,
        order: Math.min(order++, ...hits.map((s) => s.order)),
      };
      open = [...open.filter((s) => !hits.includes(s)), joined];
      if (joined.end <= watermark) emit(joined);
    }
    watermark = Math.max(watermark, event.at - outOfOrderMs);
    settle(watermark);
  }
  settle(Infinity);
  return { emitted, late };
}

describe('session windows', () => {
  /** Two keys and little time, so that most events join, extend or revise a session. */
  const dense = fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 60 }),
      key: fc.constantFrom('a', 'b'),
      value: fc.integer({ min: 0, max: 9 }),
    }),
    { maxLength: 60 },
  );

  it('give what the definition gives, joins, revisions and late events included', () => {
    fc.assert(
      fc.property(fc.oneof(sales, dense), lateness, fc.constantFrom(1, 4, 15), (events, options, gap) => {
        const input = withIds(events);
        const driven = drive(windowAggregate('w', session({ gap }), all, options), input, options);
        const model = modelSessions(input, gap, options.outOfOrderMs, options.allowedLateness);
        expect(driven.results).toEqual(model.emitted.map(resultOf));
        expect(driven.late).toEqual(model.late);
        expect(driven.counts).toMatchObject({ sessions: 0, keys: 0 });
      }),
      { numRuns: 500 },
    );
  });

  it('that join keep the earlier place in the order and the later revision', () => {
    const spec = windowAggregate('w', session({ gap: 10 }), { n: count() }, { allowedLateness: 100 });
    const at = (key: string, time: number): Sale => ({ at: time, key, value: 0 });
    const placed = drive(spec, [at('a', 20), at('b', 20), at('a', 5), at('a', 12)], { outOfOrderMs: 50 });
    expect(placed.results).toMatchObject([
      { key: 'a', start: 5, end: 30, n: 3 },
      { key: 'b', start: 20, end: 30, n: 1 },
    ]);
    const revised = drive(spec, [at('a', 0), at('a', 15), at('b', 60), at('a', 16), at('a', 7)], { end: false });
    expect(revised.results).toMatchObject([
      { start: 0, end: 10, revision: 0 },
      { start: 15, end: 25, revision: 0 },
      { start: 15, end: 26, revision: 1, n: 2 },
      { start: 0, end: 26, revision: 2, n: 4 },
    ]);
  });

  it('refuse a key or a session beyond the bounds', () => {
    const events = [0, 100, 200].map((at) => ({ at, key: 'a' }));
    const spec = windowAggregate('w', session({ gap: 5 }), { n: count() }, { maxSessionsPerKey: 2 });
    expect(drive(spec, events, { outOfOrderMs: 1000 }).thrown).toHaveLength(1);
    const keys = windowAggregate('w', session({ gap: 5 }), { n: count() }, { maxKeys: 1 });
    expect(
      drive(keys, [
        { at: 0, key: 'a' },
        { at: 0, key: 'b' },
      ]).thrown,
    ).toHaveLength(1);
  });
});

describe('the global window', () => {
  it('closes at the end of input only and spans the times seen', () => {
    const events = [
      { at: 50, key: 'a', value: 2 },
      { at: 10, key: 'b', value: 3 },
      { at: 70, key: 'a', value: 4 },
    ];
    for (const generateCode of [true, false]) {
      const spec = windowAggregate('w', global(), { total: sum((e: Sale) => e.value) });
      expect(drive(spec, events, { generateCode, end: false }).results).toEqual([]);
      expect(drive(spec, events, { generateCode }).results).toEqual([
        { key: 'a', start: 10, end: 71, revision: 0, total: 6 },
        { key: 'b', start: 10, end: 71, revision: 0, total: 3 },
      ]);
    }
  });

  it('emits nothing when there was nothing', () => {
    expect(drive(windowAggregate('w', global(), { n: count() }), []).results).toEqual([]);
  });
});

describe('collected windows', () => {
  it('hold the events themselves, of every kind of window', () => {
    fc.assert(
      fc.property(sales, lateness, (events, options) => {
        const at = { outOfOrderMs: options.outOfOrderMs, allowed: options.allowedLateness };
        const collect = (window: WindowSpec): unknown[] =>
          drive(windowCollect('w', window, options), events, options).results;
        expect(collect(tumbling(10))).toEqual(modelAligned(events, { size: 10, every: 10, offset: 0, ...at }).emitted);
        expect(collect(sliding({ size: 12, every: 5 }))).toEqual(
          modelAligned(events, { size: 12, every: 5, offset: 0, ...at }).emitted,
        );
      }),
    );
  });

  it('refuse the event beyond maxEvents and go on', () => {
    const events = [0, 9, 4, 20, 21].map((at) => ({ at, key: 'a' }));
    for (const window of [tumbling(10), sliding({ size: 10, every: 5 }), session({ gap: 6 })]) {
      for (const generateCode of [true, false]) {
        const spec = windowCollect('w', window, { maxEvents: 2 });
        const driven = drive(spec, events, { outOfOrderMs: 50, generateCode });
        expect(driven.thrown.map((t) => t.event)).toEqual([events[2]]);
        expect(String(driven.thrown[0]?.error)).toContain('maxEvents');
        const held = new Set((driven.results as Emitted[]).flatMap((r) => r.events));
        expect(held.size).toBe(4);
      }
    }
  });
});

describe('declarations', () => {
  const cases: readonly (readonly [string, () => unknown])[] = [
    ['tumbling.size', (): unknown => tumbling(0)],
    ['tumbling.size', (): unknown => tumbling('250us')],
    ['tumbling.size', (): unknown => tumbling('soon')],
    ['sliding.every', (): unknown => sliding({ size: '1s', every: '2s' })],
    ['sliding.every', (): unknown => sliding({ size: '1d', every: 1 })],
    ['session.gap', (): unknown => session({ gap: -1 })],
    ['percentile.q', (): unknown => percentile((e: Sale) => e.value, 95)],
    ['sum', (): unknown => sum('value' as never)],
    ['w.aggregates', (): unknown => windowAggregate('w', tumbling(1), {})],
    ['w.aggregates', (): unknown => windowAggregate('w', tumbling(1), { start: count() })],
    ['w.aggregates', (): unknown => windowAggregate('w', tumbling(1), { ['__proto__']: count() })],
    ['w.maxKeys', (): unknown => windowAggregate('w', tumbling(1), { n: count() }, { maxKeys: 0 })],
    [
      'w.aggregates.last',
      (): unknown =>
        windowAggregate('w', session({ gap: 1 }), {
          n: count(),
          last: custom({ init: () => 0, add: (_, e: Sale) => e.value, result: (v) => v }),
        }),
    ],
  ];
  it.each(cases)('that are wrong fail at once: %s', (path, declare) => {
    expect(declare).toThrow(ConfigError);
    expect(declare).toThrow(path);
  });
});
