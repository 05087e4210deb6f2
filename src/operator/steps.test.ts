import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors/errors.ts';
import { dedupe } from './dedupe.ts';
import { environment, ManualTime } from './window/drive.ts';
import { mapWithState, type StateCell } from './map-with-state.ts';
import { type Key, NOTHING, type OperatorEnvironment, type Step } from './operator.ts';
import { sample } from './sample.ts';
import { scan } from './scan.ts';

interface Reading {
  readonly key?: Key | undefined;
  readonly value: number;
  readonly at?: number;
}

interface Made {
  readonly step: Step;
  readonly run: (events: readonly Reading[]) => unknown[];
}

function make(
  spec: { create: (at: OperatorEnvironment) => Step },
  options: Parameters<typeof environment>[1] = {},
): Made {
  const time = new ManualTime();
  const step = spec.create(environment(time, options));
  const run = (events: readonly Reading[]): unknown[] =>
    events.map((event) => {
      const output = step.push(event, event.key, -1, event.at ?? 0);
      time.watermark = Math.max(time.watermark, event.at ?? 0);
      return output;
    });
  return { step, run };
}

const reading = fc.record({
  key: fc.constantFrom<Key | undefined>('a', 'b', '__proto__', '', '1', 1, undefined),
  value: fc.integer({ min: 0, max: 9 }),
});

describe('scan', () => {
  it('emits the running state of each key, with generated code and without', () => {
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 50 }), fc.boolean(), (events, generateCode) => {
        const totals = new Map<Key | undefined, number>();
        const expected = events.map((e) => {
          totals.set(e.key, (totals.get(e.key) ?? 0) + e.value);
          return totals.get(e.key);
        });
        const spec = scan('total', (total: number, e: Reading) => total + e.value, 0);
        expect(make(spec, { generateCode }).run(events)).toEqual(expected);
      }),
    );
  });

  it('makes the first state of each key anew and keeps it when the function throws', () => {
    const spec = scan(
      'list',
      (list: number[], e: Reading) => {
        if (e.value < 0) throw new Error('negative');
        return [...list, e.value];
      },
      () => [],
    );
    for (const generateCode of [true, false]) {
      const { run } = make(spec, { generateCode });
      expect(
        run([
          { key: 'a', value: 1 },
          { key: 'b', value: 2 },
        ]),
      ).toEqual([[1], [2]]);
      expect(() => run([{ key: 'a', value: -1 }])).toThrow('negative');
      expect(run([{ key: 'a', value: 3 }])).toEqual([[1, 3]]);
    }
  });

  it('starts anew after the time to live, and counts it', () => {
    const { run, step } = make(scan('n', (n: number) => n + 1, 0, { ttl: '1s' }));
    const at = (time: number): Reading => ({ key: 'a', value: 0, at: time });
    expect(run([at(0), at(999), at(1998), at(2998), at(2500)])).toEqual([1, 2, 3, 1, 2]);
    expect(step.counts?.()).toEqual({ keys: 1, evicted: 0, expired: 1 });
  });
});

describe('mapWithState', () => {
  const gap = mapWithState('gap', (e: Reading, last: StateCell<number>) => {
    const output = last.value === undefined ? undefined : e.value - last.value;
    if (e.value === 0) last.clear();
    else last.value = e.value;
    return output;
  });

  it('answers nothing or one output, with a state per key', () => {
    const events = [
      { key: 'a', value: 1 },
      { key: 'b', value: 5 },
      { key: 'a', value: 4 },
      { key: 'a', value: 0 },
      { key: 'a', value: 7 },
      { key: 'b', value: 6 },
    ];
    const { run, step } = make(gap);
    expect(run(events)).toEqual([NOTHING, NOTHING, 3, -4, NOTHING, 1]);
    expect(step.counts?.()).toMatchObject({ keys: 2 });
    run([
      { key: 'a', value: 0 },
      { key: 'b', value: 0 },
    ]);
    expect(step.counts?.()).toMatchObject({ keys: 0 });
  });

  it('undoes an assignment when the function throws', () => {
    const spec = mapWithState('n', (e: Reading, n: StateCell<number>) => {
      n.value = (n.value ?? 0) + 1;
      if (e.value < 0) throw new Error('negative');
      return n.value;
    });
    const { run } = make(spec);
    expect(run([{ value: 1 }])).toEqual([1]);
    expect(() => run([{ value: -1 }])).toThrow('negative');
    expect(run([{ value: 1 }])).toEqual([2]);
  });
});

describe('dedupe', () => {
  it('passes the first event of each id', () => {
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 50 }), (events) => {
        const seen = new Set<number>();
        const expected = events.map((e) => (seen.has(e.value) ? NOTHING : (seen.add(e.value), e)));
        expect(make(dedupe('once', (e: Reading) => e.value)).run(events)).toEqual(expected);
      }),
    );
  });

  it('forgets an id a time to live after its first event, duplicates or not', () => {
    const { run, step } = make(dedupe('once', (e: Reading) => e.value, { ttl: 10 }));
    const passed = run([0, 6, 9, 10, 12].map((at) => ({ value: 1, at }))).map((e) => e !== NOTHING);
    expect(passed).toEqual([true, false, false, true, false]);
    expect(step.counts?.()).toMatchObject({ duplicates: 3, expired: 1 });
  });

  it('blames an event without a usable id', () => {
    expect(() => make(dedupe('once', () => undefined as never)).run([{ value: 1 }])).toThrow(TypeError);
  });
});

describe('sample', () => {
  it('passes every n-th event, the first one included', () => {
    const events = Array.from({ length: 7 }, (_, value) => ({ value }));
    const passed = make(sample('s', { every: 3 })).run(events);
    expect(passed.filter((e) => e !== NOTHING)).toEqual([{ value: 0 }, { value: 3 }, { value: 6 }]);
  });

  it('passes with the given probability, by the random numbers of the run', () => {
    const draws = [0.1, 0.5, 0.49, 0.9];
    let at = 0;
    const random = (): number => draws[at++] as number;
    const passed = make(sample('s', { rate: 0.5 }), { random }).run(draws.map((value) => ({ value })));
    expect(passed.map((e) => e !== NOTHING)).toEqual([true, false, true, false]);
  });
});

it.each([
  ['s.every', (): unknown => sample('s', { every: 0 })],
  ['s.rate', (): unknown => sample('s', { rate: 2 })],
  ['s.ttl', (): unknown => scan('s', (n: number) => n, 0, { ttl: 0 })],
  ['s.maxKeys', (): unknown => dedupe('s', () => 1, { maxKeys: 0.5 })],
  ['s.fn', (): unknown => mapWithState('s', 'nothing' as never)],
] as const)('a wrong declaration fails at once: %s', (path, declare) => {
  expect(declare).toThrow(ConfigError);
  expect(declare).toThrow(path);
});
