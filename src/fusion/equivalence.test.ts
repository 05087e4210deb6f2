import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OperatorSpec } from '../operator/operator.ts';
import { compile, echo, plain, running, tumbling, type Item, type Throws } from './fakes.ts';
import type { SegmentTree } from './segment-tree.ts';
import type { Segment, SegmentOptions } from './segment.ts';

// Random trees as plain data, so that each segment gets operators and state of its own.

type Kind = OperatorSpec['kind'] | 'window';
type Shape = { leaf: true } | { kind: Kind; a: number; b: number; faulty: boolean; ports: Shape[][] };

const kinds: Kind[] = ['map', 'filter', 'tap', 'flatMap', 'keyBy', 'eventTime', 'step', 'collector', 'window'];

const shapes = fc.letrec<{ shape: Shape; operator: Shape; leaf: Shape }>((tie) => ({
  leaf: fc.constant({ leaf: true as const }),
  operator: fc.record({
    kind: fc.constantFrom(...kinds),
    a: fc.nat(12),
    b: fc.nat(12),
    faulty: fc.boolean(),
    ports: fc.tuple(
      fc.array(tie('shape'), { minLength: 0, maxLength: 3 }),
      fc.array(tie('shape'), { minLength: 0, maxLength: 2 }),
    ),
  }),
  shape: fc.oneof({ maxDepth: 6, withCrossShrink: true }, tie('leaf'), { arbitrary: tie('operator'), weight: 4 }),
}));
const forests = fc.array(shapes.shape, { minLength: 1, maxLength: 3 });

/** Collectors after collectors, all in event time: where order against the watermark matters most. */
const cascades = fc
  .tuple(
    fc.nat(12),
    fc.array(fc.record({ kind: fc.constantFrom('collector' as const, 'window' as const), a: fc.nat(12) }), {
      minLength: 2,
      maxLength: 4,
    }),
    fc.array(shapes.shape, { maxLength: 2 }),
  )
  .map(([lag, collectors, rest]): Shape[] => {
    let below: Shape[] = [{ leaf: true }, ...rest];
    for (const { kind, a } of collectors) below = [{ kind, a, b: 0, faulty: false, ports: [below, [{ leaf: true }]] }];
    return [{ kind: 'eventTime', a: lag, b: 0, faulty: false, ports: [below, []] }];
  });

const events = fc.array(
  fc.record({
    n: fc.oneof(fc.nat(60), fc.constantFrom(6, 18, 30, 42)), // The latter pass an echo at once.
    t: fc.integer({ min: 0, max: 80 }),
    partition: fc.constantFrom('p', 'p', 'q'),
    key: fc.constantFrom('k0', 'k1', 'k2', 'k3'),
  }),
  { minLength: 1, maxLength: 60 },
);
const DICTIONARY = ['k0', 'k1', 'k2', 'k3'];

interface Event extends Item {
  readonly partition: string;
  readonly key: string;
}

function grow(forest: readonly Shape[], sharedLeaves: number | undefined): { trees: SegmentTree[]; leaves: number } {
  let operators = 0;
  let leaves = 0;
  const tree = (shape: Shape): SegmentTree => {
    if ('leaf' in shape) return { leaf: sharedLeaves === undefined ? leaves++ : leaves++ % sharedLeaves };
    const operator = specOf(shape, `${shape.kind}${operators++}`);
    const ports = shape.ports.slice(0, operator.kind === 'collector' ? 2 : 1);
    return { operator, ports: ports.map((port) => port.map(tree)) };
  };
  return { trees: forest.map(tree), leaves: sharedLeaves ?? Math.max(1, leaves) };
}

function specOf(shape: Exclude<Shape, { leaf: true }>, name: string): OperatorSpec {
  const { a, b, faulty, kind } = shape;
  const throws: Throws = ({ n }) => faulty && n % 13 === a;
  const check = (item: Item): Item => {
    if (throws(item)) throw new Error(`${name} on ${item.n}`);
    return item;
  };
  switch (kind) {
    case 'map':
      return { kind, name, fn: (item: Item) => ({ ...check(item), n: (item.n * (a + 1) + b) % 97 }) };
    case 'filter':
      return { kind, name, fn: (item: Item) => check(item).n % (a + 2) !== b % 3 };
    case 'tap':
      return { kind, name, fn: check };
    case 'flatMap':
      return { kind, name, fn: (item: Item) => items(check(item), a, b, faulty) };
    case 'keyBy':
      return { kind, name, field: 'key', fn: (item: Item) => keyOf(check(item), b, faulty) };
    case 'eventTime':
      return {
        kind,
        name,
        outOfOrderMs: a,
        idleMs: 1e9,
        fn: (item: Item) => (faulty && item.n % 11 === b ? Number.NaN : item.t),
      };
    case 'step':
      return running(name, throws);
    case 'collector':
      return echo(name, throws, b % 2 === 0);
    case 'window':
      return tumbling(name, 5 + a);
  }
}

function items(item: Item, a: number, b: number, faulty: boolean): Iterable<Item> {
  const copies = Array.from({ length: item.n % 4 }, (_, i) => ({ ...item, n: item.n + i }));
  if (b % 2 === 0) return copies;
  if (faulty && item.n % 17 === a) return undefined as unknown as Iterable<Item>;
  return (function* () {
    yield* copies;
    if (faulty && item.n % 5 === 0) throw new Error('half way');
  })();
}

function keyOf(item: Item, b: number, faulty: boolean): string | number {
  if (faulty && item.n % 7 === b) return (b % 2 === 0 ? Number.NaN : undefined) as number;
  return b < 9 && item.key !== undefined ? item.key : item.n % 4;
}

interface Result {
  readonly leaves: unknown[][];
  readonly failures: unknown[];
  readonly counters: unknown[];
  readonly nextTicks: number[];
}

/** Takes what has come out each time it is called, and what is left at the end. */
function gathered(segment: Segment, leaves: number): { readonly collect: () => void; readonly end: () => Result } {
  const out: unknown[][] = Array.from({ length: leaves }, () => []);
  const failures: unknown[] = [];
  const nextTicks: number[] = [];
  const collect = (): void => {
    out.forEach((sink, leaf) => sink.push(...(segment.take(leaf) ?? [])));
    failures.push(...plain(segment.takeFailures()));
    nextTicks.push(segment.nextTickMs);
  };
  const end = (): Result => {
    segment.end();
    collect();
    return { leaves: out, failures, counters: counted(segment), nextTicks };
  };
  return { collect, end };
}

/** Where the batch ends that begins at `start`: at one of `cuts`, or where the partition changes. */
function endOf(start: number, all: readonly Event[], cuts: ReadonlySet<number>): number {
  let end = start + 1;
  while (end < all.length && !cuts.has(end) && all[end]?.partition === all[start]?.partition) end++;
  return end;
}

/** Runs `all` in batches. */
function run(segment: Segment, leaves: number, all: readonly Event[], cuts: ReadonlySet<number>): Result {
  const { collect, end } = gathered(segment, leaves);
  const ids = Int32Array.from(all, ({ key, n }) => (n % 9 === 0 ? n % 5 : DICTIONARY.indexOf(key)));
  for (let start = 0, next = 0; start < all.length; start = next) {
    next = endOf(start, all, cuts);
    const keys = start % 5 === 4 ? undefined : { field: 'key', ids, values: DICTIONARY };
    segment.tick(0);
    segment.process(all, start, next, all[start]?.partition ?? '', keys);
    collect();
  }
  return end();
}

/** Runs `all` in batches, those of a partition together until something comes out. */
function runTogether(segment: Segment, leaves: number, all: readonly Event[], cuts: ReadonlySet<number>): Result {
  const { collect, end } = gathered(segment, leaves);
  for (let start = 0; start < all.length;) {
    const partition = all[start]?.partition ?? '';
    segment.tick(0);
    segment.enter(partition);
    do {
      const next = endOf(start, all, cuts);
      segment.pass(all, start, next);
      start = next;
    } while (all[start]?.partition === partition && !segment.hasOutput);
    segment.leave();
    collect();
  }
  return end();
}

function counted(segment: Segment): unknown[] {
  return segment.counters().map(({ name, in: received, out, counts }) => ({ name, received, out, counts }));
}

function build(forest: readonly Shape[], options: Partial<SegmentOptions>, sharedLeaves?: number): [Segment, number] {
  const { trees, leaves } = grow(forest, sharedLeaves);
  return [compile(trees, options, leaves), leaves];
}

const cutSets = fc.array(fc.nat(60), { maxLength: 12 }).map((cuts) => new Set(cuts));
const RUNS = { numRuns: Number(process.env['RUNS'] ?? 400) };

describe('equivalence', () => {
  test('generated loops and composed closures give the same outputs, failures, counts and wake-ups', () => {
    fc.assert(
      fc.property(
        fc.oneof(forests, cascades),
        events,
        cutSets,
        fc.constantFrom(0, 1, 2),
        (forest, all, cuts, timedEvery) => {
          const [generated, leaves] = build(forest, { timedEvery }, 3);
          const [composed] = build(forest, { generateCode: false, timedEvery }, 3);
          expect(run(generated, leaves, all, cuts)).toEqual(run(composed, leaves, all, cuts));
        },
      ),
      RUNS,
    );
  });

  test('timed loops give what plain ones give', () => {
    fc.assert(
      fc.property(forests, events, cutSets, fc.boolean(), (forest, all, cuts, generateCode) => {
        const [plainly, leaves] = build(forest, { generateCode });
        const [timed] = build(forest, { generateCode, timedEvery: 1 });
        expect(run(timed, leaves, all, cuts)).toEqual(run(plainly, leaves, all, cuts));
      }),
      RUNS,
    );
  });

  test('no result depends on how the input was cut into batches', () => {
    fc.assert(
      fc.property(fc.oneof(forests, cascades), events, cutSets, fc.boolean(), (forest, all, cuts, generateCode) => {
        const [whole, leaves] = build(forest, { generateCode });
        const [cut] = build(forest, { generateCode });
        const once = run(whole, leaves, withoutIds(all), new Set());
        const often = run(cut, leaves, withoutIds(all), cuts);
        expect(often.leaves).toEqual(once.leaves);
        expect(often.counters).toEqual(once.counters);
        expect(sorted(often.failures)).toEqual(sorted(once.failures));
      }),
      RUNS,
    );
  });

  test('batches that pass together give what they give one by one', () => {
    fc.assert(
      fc.property(fc.oneof(forests, cascades), events, cutSets, fc.boolean(), (forest, all, cuts, generateCode) => {
        const [alone, leaves] = build(forest, { generateCode });
        const [together] = build(forest, { generateCode });
        const one = run(alone, leaves, withoutIds(all), cuts);
        const several = runTogether(together, leaves, withoutIds(all), cuts);
        expect(several.nextTicks.slice(-2)).toEqual(one.nextTicks.slice(-2));
        expect({ ...several, nextTicks: [] }).toEqual({ ...one, nextTicks: [] });
      }),
      RUNS,
    );
  });
});

/** Ids depend on the batch in `run`, on purpose: here no key is in the dictionary. */
function withoutIds(all: readonly Event[]): Event[] {
  return all.map((event) => ({ ...event, key: `${event.key}!` }));
}

function sorted(failures: readonly unknown[]): string[] {
  return failures.map((failure) => JSON.stringify(failure)).sort();
}
