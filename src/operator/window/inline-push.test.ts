import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyColumn } from '../../event/batch.ts';
import { compileSegment } from '../../fusion/compile.ts';
import type { SegmentTree } from '../../fusion/segment-tree.ts';
import { count, custom, max, mean, percentile, sum } from '../aggregate/aggregate.ts';
import type { OperatorSpec } from '../operator.ts';
import { windowAggregate, windowCollect } from './window.ts';
import { global, sliding, tumbling } from './window-spec.ts';

/** The same windows in a generated loop that holds their hot path, and as composed closures over interpreted rows. */

interface Reading {
  readonly at: number;
  readonly key: string | number;
  readonly n: number;
  /** The dense id that comes with it: right, of another key, or none. */
  readonly id: number;
}

const KEYS = ['a', 'b', 'c', '', '__proto__'];

const readings = fc.array(
  fc.record({
    at: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 120 }) }, fc.constantFrom(Number.NaN, 9e15)),
    key: fc.oneof({ weight: 9, arbitrary: fc.constantFrom<string | number>(...KEYS, 7, 8) }, fc.constant(Number.NaN)),
    n: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -9, max: 9 }) }, fc.constant(Number.NaN)),
    id: fc.integer({ min: -1, max: KEYS.length - 1 }),
  }),
  { maxLength: 60 },
);

const value = (reading: Reading): number => reading.n;
const numeric = { count: count(), sum: sum(value), mean: mean(value), max: max(value) };
const joined = custom({
  init: () => '',
  add: (all: string, { n }: Reading) => {
    if (n === 9) throw new Error('nine');
    return `${all} ${n}`;
  },
  merge: (a: string, b: string) => a + b,
  result: (all) => all,
});
const mixed = { count: count(), p50: percentile(value, 0.5), joined };

const windows: Readonly<Record<string, () => OperatorSpec>> = {
  tumbling: () => windowAggregate('w', tumbling(10), numeric),
  'tumbling with lateness and few keys': () =>
    windowAggregate('w', tumbling(10), numeric, { allowedLateness: 15, maxKeys: 3, maxOpenWindows: 4 }),
  sliding: () => windowAggregate('w', sliding({ size: 30, every: 10 }), mixed, { allowedLateness: 5 }),
  global: () => windowAggregate('w', global(), mixed),
  collect: () => windowCollect('w', tumbling(20), { maxEvents: 3 }),
};

interface Shape {
  readonly window: string;
  readonly isKeyed: boolean;
  readonly hasTime: boolean;
  readonly hasSibling: boolean;
  readonly hasIds: boolean;
  /** Something comes between the key and the window. */
  readonly hasTap: boolean;
  readonly partitions: number;
  readonly outOfOrderMs: number;
}

const shapes = fc.record<Shape>({
  window: fc.constantFrom(...Object.keys(windows)),
  isKeyed: fc.boolean(),
  hasTime: fc.boolean(),
  hasSibling: fc.boolean(),
  hasIds: fc.boolean(),
  hasTap: fc.boolean(),
  partitions: fc.integer({ min: 1, max: 2 }),
  outOfOrderMs: fc.constantFrom(0, 12),
});

function treeOf({ window, isKeyed, hasTime, hasSibling, hasTap, outOfOrderMs }: Shape): SegmentTree {
  const collector = (leaf: number): SegmentTree => ({
    operator: (windows[window] as () => OperatorSpec)(),
    ports: [[{ leaf }], [{ leaf: leaf + 1 }]],
  });
  const time: OperatorSpec = { kind: 'eventTime', name: 't', fn: (r: Reading) => r.at, outOfOrderMs, idleMs: 1e9 };
  const fresh: OperatorSpec = { kind: 'map', name: 'fresh', fn: (r: Reading) => ({ ...r }) };
  const kept: OperatorSpec = { kind: 'filter', name: 'kept', fn: (r: Reading) => r.n !== 3 };
  const key: OperatorSpec = { kind: 'keyBy', name: 'key', fn: (r: Reading) => r.key, field: 'key', isField: true };
  const tap: OperatorSpec = { kind: 'tap', name: 'tap', fn: (r: Reading) => rejected(r.n === -9) };
  const operators = [...(hasTime ? [time] : []), fresh, kept, ...(isKeyed ? [key] : []), ...(hasTap ? [tap] : [])];
  const ends = hasSibling ? [collector(0), collector(2)] : [collector(0)];
  const [root] = operators.reduceRight<readonly SegmentTree[]>((next, operator) => [{ operator, ports: [next] }], ends);
  return root as SegmentTree;
}

function rejected(isRejected: boolean): void {
  if (isRejected) throw new Error('rejected');
}

function run(shape: Shape, all: readonly Reading[], cuts: readonly number[], generateCode: boolean): unknown {
  const clock = { now: () => 0, wall: () => 0 };
  const options = { flow: 'f', clock, random: () => 0.5, generateCode, timedEvery: 3, timedGapMs: 0 };
  const segment = compileSegment([treeOf(shape)], 4, options);
  let start = 0;
  for (const [i, size] of [...cuts, all.length].entries()) {
    const events = all.slice(start, start + size);
    start += size;
    const ids = Int32Array.from(events, ({ id }) => id);
    const keys: KeyColumn | undefined = shape.hasIds ? { field: 'key', ids, values: KEYS } : undefined;
    segment.tick(i * 7);
    segment.process(events, 0, events.length, `p${i % shape.partitions}`, keys);
  }
  segment.end();
  const leaves = [0, 1, 2, 3].map((leaf) => segment.take(leaf) ?? []);
  const failures = (segment.takeFailures() ?? []).map(({ operator, event, cause }) => [operator, event, String(cause)]);
  const counters = segment.counters().map(({ name, in: got, out, counts }) => {
    return [name, got, out, { ...counts, keys: 0 }]; // a refused event may leave its key behind for a while, or not
  });
  return { leaves, failures, counters };
}

describe('the hot path of windows within a generated loop', () => {
  it('gives what plain code gives: results, late events, failures, counts', () => {
    fc.assert(
      fc.property(shapes, readings, fc.array(fc.nat(12), { maxLength: 6 }), (shape, given, cuts) => {
        // Of an event that a full window refuses and an aggregate too, either may be told.
        const isFull = shape.window.includes('few keys');
        const all = given.map((reading) => (isFull && Number.isNaN(reading.n) ? { ...reading, n: 0 } : reading));
        expect(run(shape, all, cuts, true)).toEqual(run(shape, all, cuts, false));
      }),
      { numRuns: 400 },
    );
  });
});
