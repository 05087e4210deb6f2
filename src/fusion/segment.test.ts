import { describe, expect, test } from 'vitest';
import type { OperatorSpec } from '../operator/operator.ts';
import { chain, compile, echo, feed, plain, running, tumbling, type Item } from './fakes.ts';

const leaf = { leaf: 0 };

function map(name: string, fn: (value: never) => unknown): OperatorSpec {
  return { kind: 'map', name, fn };
}

function filter(name: string, fn: (value: never) => unknown): OperatorSpec {
  return { kind: 'filter', name, fn };
}

function item(n: number, t = 0): Item {
  return { n, t };
}

describe.each([
  ['generated', true],
  ['composed', false],
])('a segment, %s', (_, generateCode) => {
  test('runs maps, filters, taps and flatMaps in order', () => {
    const seen: unknown[] = [];
    const segment = compile(
      chain(
        [
          map('double', (n: number) => n * 2),
          { kind: 'tap', name: 'see', fn: (n: number) => seen.push(n) },
          filter('large', (n: number) => n > 2),
          { kind: 'flatMap', name: 'twice', fn: (n: number) => new Set([n, n + 1]) },
        ],
        leaf,
      ),
      { generateCode },
    );
    feed(segment, [1, 2, 3]);
    expect(segment.take(0)).toEqual([4, 5, 6, 7]);
    expect(segment.take(0)).toBeUndefined();
    expect(seen).toEqual([2, 4, 6]);
    expect(segment.counters().map(({ name, in: received, out }) => [name, received, out])).toEqual([
      ['double', 3, 3],
      ['see', 3, 3],
      ['large', 3, 2],
      ['twice', 2, 4],
    ]);
  });

  test('runs only the given range', () => {
    const segment = compile([...chain([map('same', (n: number) => n)], leaf), { leaf: 1 }], { generateCode });
    segment.process([0, 1, 2, 3], 1, 3, 'p');
    expect(segment.take(0)).toEqual([1, 2]);
    expect(segment.take(1)).toEqual([1, 2]);
  });

  test('forks to each branch in order, event by event', () => {
    const order: string[] = [];
    const note = (name: string): OperatorSpec => ({ kind: 'tap', name, fn: (n: number) => order.push(`${name}${n}`) });
    const segment = compile([...chain([note('a')]), ...chain([note('b')])], { generateCode });
    feed(segment, [1, 2]);
    expect(order).toEqual(['a1', 'b1', 'a2', 'b2']);
  });

  test('hands an unchanged array on as it is, and never writes to it', () => {
    const segment = compile([leaf, { leaf: 1 }], { generateCode });
    const events = Object.freeze([1, 2]);
    feed(segment, events);
    feed(segment, [3]);
    expect(segment.take(1)).toEqual([1, 2, 3]);
    expect(segment.take(0)).toEqual([1, 2, 3]);
    feed(segment, events);
    expect(segment.take(0)).toBe(events);
  });

  test('keeps an event that fails before a leaf away from it, also where nothing else changes', () => {
    const odd: OperatorSpec = {
      kind: 'tap',
      name: 'odd',
      fn: (n: number) => {
        if (n % 2 === 0) throw new Error('even');
      },
    };
    const segment = compile([leaf, ...chain([odd], { leaf: 1 }), { leaf: 2 }], { generateCode });
    feed(segment, [1, 2, 3, 4]);
    expect([segment.take(0), segment.take(1), segment.take(2)]).toEqual([
      [1, 2, 3, 4],
      [1, 3],
      [1, 3],
    ]);
  });

  test('names the operator that threw, with the event that came in and its key, and goes on', () => {
    const broken = map('broken', (n: number) => {
      if (n === 20) throw new Error('no twenty');
      return n;
    });
    const keyed: OperatorSpec = { kind: 'keyBy', name: 'tens', fn: (n: number) => `k${n}` };
    const segment = compile(chain([map('ten', (n: number) => n * 10), keyed, broken], leaf), { generateCode });
    feed(segment, [1, 2, 3]);
    expect(segment.take(0)).toEqual([10, 30]);
    expect(plain(segment.takeFailures())).toEqual([
      { operator: 'broken', event: 2, key: 'k20', cause: 'Error: no twenty' },
    ]);
    expect(segment.takeFailures()).toBeUndefined();
    expect(segment.counters().map(({ in: received, out }) => [received, out])).toEqual([
      [3, 3],
      [3, 3],
      [3, 2],
    ]);
  });

  test.each([undefined, null, Number.NaN, {}, true])('does not take %s for a key', (key) => {
    const segment = compile(chain([{ kind: 'keyBy', name: 'key', fn: () => key as never }], leaf), { generateCode });
    feed(segment, [1]);
    const [failure] = segment.takeFailures() ?? [];
    expect(failure).toMatchObject({ operator: 'key', event: 1, key: undefined });
    expect(failure?.cause).toBeInstanceOf(TypeError);
    expect(String(failure?.cause)).toMatch(/a key must be a string or a number that is not NaN, received/);
  });

  test('reads a plain field for a key, and fails the event that has none', () => {
    const keys: unknown[] = [];
    const probe: OperatorSpec = {
      kind: 'step',
      name: 'probe',
      create: () => ({ push: (_event, key) => keys.push(key) }),
    };
    const fn = (event: { name: string }): string => event.name;
    const byName: OperatorSpec = { kind: 'keyBy', name: 'name', fn, field: 'name', isField: true };
    const segment = compile(chain([byName, probe]), { generateCode });
    feed(segment, [{ name: 'a' }, { id: 1, name: '__proto__' }, {}, null, { name: 'b' }]);
    expect(keys).toEqual(['a', '__proto__', 'b']);
    const failures = segment.takeFailures() ?? [];
    expect(failures.map(({ operator, event, cause }) => [operator, event, cause instanceof TypeError])).toEqual([
      ['name', {}, true],
      ['name', null, true],
    ]);
  });

  test.each([undefined, null, 3])('says so when flatMap gives %s', (items) => {
    const segment = compile(chain([{ kind: 'flatMap', name: 'all', fn: () => items as never }], leaf), {
      generateCode,
    });
    feed(segment, [1]);
    expect(plain(segment.takeFailures())).toMatchObject([
      {
        operator: 'all',
        cause: `TypeError: flatMap must give an array or another iterable, received ${String(items)}`,
      },
    ]);
  });

  test('tells steps and collectors an id only when it is that of the key', () => {
    const seen: unknown[] = [];
    const probe: OperatorSpec = {
      kind: 'step',
      name: 'probe',
      create: () => ({ push: (_event, key, keyId, timeMs) => seen.push([key, keyId, timeMs]) }),
    };
    const byName: OperatorSpec = { kind: 'keyBy', name: 'name', fn: (e: { name: string }) => e.name, field: 'name' };
    const segment = compile(chain([byName, probe]), { generateCode });
    const events = ['a', 'b', 'c', 'a', 'b'].map((name) => ({ name }));
    const ids = Int32Array.of(0, 1, -1, 1, 9);
    segment.tick(7);
    segment.process(events, 0, 5, 'p', { field: 'name', ids, values: ['a', 'b'] });
    segment.process(events, 0, 1, 'p', { field: 'other', ids, values: ['a', 'b'] });
    segment.process(events, 0, 1, 'p');
    segment.process(events, 0, 2, 'p', { field: 'name', ids: Int32Array.of(0), values: ['a', 'b'] });
    const wanted: unknown[] = [
      ['a', 0, 7],
      ['b', 1, 7],
      ['c', -1, 7],
      ['a', -1, 7],
      ['b', -1, 7],
      ['a', -1, 7],
      ['a', -1, 7],
      ['a', 0, 7],
      ['b', -1, 7],
    ];
    expect(seen).toEqual(wanted);
  });

  test('runs the outputs of each port through what follows it, without the key', () => {
    const segment = compile(
      [
        {
          operator: { kind: 'keyBy', name: 'key', fn: (e: Item) => e.n },
          ports: [
            [
              {
                operator: echo('echo'),
                ports: [chain([running('sum')], leaf), chain([map('n', (e: Item) => e.n)], { leaf: 1 })],
              },
            ],
          ],
        },
      ],
      { generateCode },
    );
    feed(segment, [item(6), item(3), item(9)]);
    expect(segment.take(0)).toEqual([{ n: 7, t: 0, key: undefined, keyId: -1, watermark: 0 }]);
    expect(segment.take(1)).toEqual([4, 10]);
    expect(segment.counters()).toMatchObject([
      { name: 'key', in: 3, out: 3 },
      { name: 'echo', in: 3, out: 3, counts: { held: 0 } },
      { name: 'sum', in: 1, out: 1 },
      { name: 'n', in: 2, out: 2 },
    ]);
  });

  test('takes the outputs of a port that nothing follows, so that they do not pile up', () => {
    const segment = compile(chain([tumbling('window', 10)]), { generateCode });
    feed(segment, [item(1)]);
    segment.tick(10);
    expect(segment.counters()).toMatchObject([{ in: 1, out: 1 }]);
  });

  test('reports what a collector could not emit, and what throws when time passes or ends', () => {
    const segment = compile(chain([echo('echo')], leaf), { generateCode });
    feed(segment, [item(4), item(7)]);
    segment.end();
    expect(plain(segment.takeFailures())).toMatchObject([
      { operator: 'echo', event: { n: 5 }, cause: 'Error: echo could not emit' },
      { operator: 'echo', event: undefined, cause: 'Error: echo at the end' },
    ]);
    expect(segment.take(0)).toHaveLength(2);
  });

  test('shares the time of timed batches among operators, less the cost of the clock', () => {
    let now = 0;
    const clock = { now: () => (now += 0.5), wall: () => 0 };
    const work = (ms: number) => (n: number) => {
      now += ms;
      return n + 1;
    };
    const operators = [map('slow', work(3)), filter('fast', work(1)), running('sum')];
    const segment = compile(chain(operators), { generateCode, clock, timedEvery: 2 });
    feed(segment, [1, 2]);
    expect(segment.counters().map(({ timeShare }) => timeShare)).toEqual([undefined, undefined, undefined]);
    feed(segment, [1, 2]);
    expect(segment.counters().map(({ timeShare }) => timeShare)).toEqual([0.75, 0.25, 0]);
  });

  test('counts what a step counts', () => {
    const step: OperatorSpec = {
      kind: 'step',
      name: 'step',
      create: () => ({ push: (event) => event, counts: () => ({ evicted: 3 }) }),
    };
    expect(compile(chain([step]), { generateCode }).counters()).toMatchObject([{ counts: { evicted: 3 } }]);
  });
});
