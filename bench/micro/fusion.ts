/**
 * Fused segments against the hand-written loop and composed closures.
 *
 * CPU time per event, variants alternating round by round within one process. Polluted: six other segments run through the same code first, as in a real process.
 * Every result is checked. Events come as arrays of 256 `{ ts, key, value, type }`, 1000 keys.
 *
 * Run: npx tsdown bench/micro/fusion.ts --format esm --out-dir .build/micro && node .build/micro/fusion.mjs [--quick]
 */

import { atLeast, bench, interleave, ratioOf, type BenchContext, type Sample } from '../harness/index.ts';
import { compileSegment } from '../../src/fusion/compile.ts';
import type { SegmentTree } from '../../src/fusion/segment-tree.ts';
import type { Segment } from '../../src/fusion/segment.ts';
import type { Collector, Key, OperatorEnvironment, OperatorSpec, Step } from '../../src/operator/operator.ts';
import { NOTHING } from '../../src/operator/operator.ts';
import type { KeyColumn } from '../../src/event/batch.ts';

interface Event {
  readonly ts: number;
  readonly key: string;
  readonly value: number;
  readonly type: string;
}

const BATCH = 256;
const BATCHES = 160;
const KEYS = 1000;
const WINDOW_MS = 1000;
const FIRST_MS = 1_750_000_000_000;
/** Runs over all batches per timed round: about 1 M events. */
const REPEATS = 24;

const clock = { now: (): number => performance.now(), wall: (): number => FIRST_MS };
const names = Array.from({ length: KEYS }, (_, i) => `key-${i}`);
const ids = Array.from({ length: BATCHES }, () => new Int32Array(BATCH));
const batches: Event[][] = ids.map((column, b) =>
  Array.from({ length: BATCH }, (_, i) => {
    const n = b * BATCH + i;
    column[i] = (n * 7919) % KEYS;
    return { ts: FIRST_MS + n / 8, key: names[(n * 7919) % KEYS] ?? '', value: n % 100, type: n % 3 === 0 ? 'a' : 'b' };
  }),
);
const columns: KeyColumn[] = ids.map((column) => ({ field: 'key', ids: column, values: names }));
const SPAN_MS = (BATCHES * BATCH) / 8 + WINDOW_MS * 2;

// Terminals and a minimal tumbling window, shared by all variants.

class Count implements Step {
  count = 0;
  push(): unknown {
    this.count += 1;
    return NOTHING;
  }
}

class Sums {
  total = 0;
  windows = 0;
  closed(sum: number): void {
    this.total += sum;
    this.windows += 1;
  }
}

class MapWindow implements Collector {
  readonly hasOutput = false;
  readonly #sums: Sums;
  readonly #environment: OperatorEnvironment;
  #open = new Map<Key, number>();
  #endMs = -Infinity;

  constructor(sums: Sums, environment: OperatorEnvironment) {
    this.#sums = sums;
    this.#environment = environment;
  }

  push(event: unknown, key: Key | undefined, _: number, timeMs: number): void {
    if (this.#endMs === -Infinity) this.#begin(timeMs);
    const at = key ?? '';
    const { value } = event as { value: number };
    const sum = this.#open.get(at);
    this.#open.set(at, sum === undefined ? value : sum + value);
  }

  advance(watermarkMs: number): void {
    this.end();
    this.#begin(watermarkMs);
  }

  end(): void {
    for (const sum of this.#open.values()) this.#sums.closed(sum);
    this.#open = new Map();
  }

  take(): undefined {
    return undefined;
  }

  counts(): Record<string, number> {
    return {};
  }

  #begin(timeMs: number): void {
    this.#endMs = (Math.floor(timeMs / WINDOW_MS) + 1) * WINDOW_MS;
    this.#environment.time.wakeAt(this.#endMs);
  }
}

class DenseWindow implements Collector {
  readonly hasOutput = false;
  readonly #sums: Sums;
  readonly #environment: OperatorEnvironment;
  readonly #values = new Float64Array(KEYS);
  readonly #isOpen = new Uint8Array(KEYS);
  #endMs = -Infinity;

  constructor(sums: Sums, environment: OperatorEnvironment) {
    this.#sums = sums;
    this.#environment = environment;
  }

  push(event: unknown, _: Key | undefined, keyId: number, timeMs: number): void {
    if (this.#endMs === -Infinity) this.#begin(timeMs);
    if (keyId < 0) throw new Error('every key has an id here');
    this.#values[keyId] = (this.#values[keyId] as number) + (event as { value: number }).value;
    this.#isOpen[keyId] = 1;
  }

  advance(watermarkMs: number): void {
    this.end();
    this.#begin(watermarkMs);
  }

  end(): void {
    for (let id = 0; id < KEYS; id++) if (this.#isOpen[id] === 1) this.#sums.closed(this.#values[id] ?? 0);
    this.#values.fill(0);
    this.#isOpen.fill(0);
  }

  take(): undefined {
    return undefined;
  }

  counts(): Record<string, number> {
    return {};
  }

  #begin(timeMs: number): void {
    this.#endMs = (Math.floor(timeMs / WINDOW_MS) + 1) * WINDOW_MS;
    this.#environment.time.wakeAt(this.#endMs);
  }
}

// Flows.

/** What one variant of a flow does with the whole load, once. `pass` shifts event time so that it never runs backwards. */
type Variant = () => number;

function tree(operators: readonly OperatorSpec[], end?: SegmentTree): readonly SegmentTree[] {
  let next: readonly SegmentTree[] = end === undefined ? [] : [end];
  for (const operator of operators.toReversed()) next = [{ operator, ports: [next] }];
  return next;
}

function feed(segment: Segment, withIds: boolean): void {
  segment.tick(FIRST_MS);
  for (let b = 0; b < BATCHES; b++) {
    const events = batches[b] ?? [];
    segment.process(events, 0, events.length, 'p', withIds ? columns[b] : undefined);
  }
}

function compile(operators: readonly OperatorSpec[], generateCode: boolean, timedEvery = 128, leaf = false): Segment {
  const options = { flow: 'bench', clock, random: () => 0.5, generateCode, timedEvery };
  return compileSegment(tree(operators, leaf ? { leaf: 0 } : undefined), 1, options);
}

const double: OperatorSpec = {
  kind: 'map',
  name: 'double',
  fn: (e: Event) => ({ key: e.key, value: e.value * 2, ts: e.ts }),
};
const isEven: OperatorSpec = { kind: 'filter', name: 'even', fn: (e: Event) => (e.value & 3) === 0 };

function flowTwo(generateCode: boolean, timedEvery?: number): Variant {
  const count = new Count();
  const counting: OperatorSpec = { kind: 'step', name: 'count', create: () => count };
  const segment = compile([scalar(2, 1), keep(3), counting], generateCode, timedEvery);
  return () => {
    const before = count.count;
    feed(segment, false);
    return count.count - before;
  };
}

/** Functions of its own for each use, as in flows that people write. */
function scalar(factor: number, shift: number): OperatorSpec {
  return shift === 1
    ? { kind: 'map', name: 'value', fn: (e: Event) => e.value * factor + 1 }
    : { kind: 'map', name: 'more', fn: (n: number) => n * factor + shift };
}

function keep(mask: number): OperatorSpec {
  return { kind: 'filter', name: 'keep', fn: (n: number) => (n & mask) !== 0 };
}

function handTwo(): Variant {
  const count = new Count();
  return () => {
    const before = count.count;
    for (const events of batches) {
      for (let i = 0; i < events.length; i++) {
        const value = (events[i] as Event).value * 2 + 1;
        if ((value & 3) !== 0) count.push();
      }
    }
    return count.count - before;
  };
}

/** The same with nothing at the end: the segment's own counters against a local variable. */
function flowBare(generateCode: boolean): Variant {
  const segment = compile([scalar(2, 1), keep(3)], generateCode);
  let before = 0;
  return () => {
    feed(segment, false);
    const out = segment.counters()[1]?.out ?? 0;
    const count = out - before;
    before = out;
    return count;
  };
}

function handBare(): Variant {
  return () => {
    let count = 0;
    for (const events of batches) {
      for (let i = 0; i < events.length; i++) {
        const value = (events[i] as Event).value * 2 + 1;
        if ((value & 3) !== 0) count++;
      }
    }
    return count;
  };
}

function flowTen(generateCode: boolean, timedEvery?: number): Variant {
  const count = new Count();
  const counting: OperatorSpec = { kind: 'step', name: 'count', create: () => count };
  const segment = compile(
    [
      { kind: 'map', name: 'm1', fn: (e: Event) => e.value + 1 },
      { kind: 'filter', name: 'f1', fn: (n: number) => n % 7 !== 0 },
      { kind: 'map', name: 'm2', fn: (n: number) => n * 3 },
      { kind: 'filter', name: 'f2', fn: (n: number) => n > 5 },
      { kind: 'map', name: 'm3', fn: (n: number) => n - 2 },
      { kind: 'filter', name: 'f3', fn: (n: number) => (n & 15) !== 3 },
      { kind: 'map', name: 'm4', fn: (n: number) => n ^ 5 },
      { kind: 'filter', name: 'f4', fn: (n: number) => n < 290 },
      { kind: 'map', name: 'm5', fn: (n: number) => n + 9 },
      { kind: 'filter', name: 'f5', fn: (n: number) => n !== 77 },
      counting,
    ],
    generateCode,
    timedEvery,
  );
  return () => {
    const before = count.count;
    feed(segment, false);
    return count.count - before;
  };
}

function handTen(): Variant {
  const count = new Count();
  return () => {
    const before = count.count;
    for (const events of batches) {
      for (let i = 0; i < events.length; i++) {
        let n = (events[i] as Event).value + 1;
        if (n % 7 === 0) continue;
        n *= 3;
        if (n <= 5) continue;
        n -= 2;
        if ((n & 15) === 3) continue;
        n ^= 5;
        if (n >= 290) continue;
        n += 9;
        if (n === 77) continue;
        count.push();
      }
    }
    return count.count - before;
  };
}

/** Event time starts over with each repeat: a fresh segment for each, as the loop starts with a fresh map. */
function flowThree(generateCode: boolean, dense: boolean): Variant {
  const sums = new Sums();
  let shiftMs = 0;
  const create = (environment: OperatorEnvironment): Collector =>
    dense ? new DenseWindow(sums, environment) : new MapWindow(sums, environment);
  const segment = compile(
    [
      { kind: 'eventTime', name: 'time', fn: (e: Event) => e.ts + shiftMs, outOfOrderMs: 0, idleMs: 60_000 },
      { kind: 'map', name: 'double', fn: (e: Event) => ({ key: e.key, value: e.value * 2 }) },
      { kind: 'filter', name: 'keep', fn: (e: { value: number }) => e.value % 5 !== 0 },
      { kind: 'keyBy', name: 'key', fn: (e: { key: string }) => e.key, field: 'key' },
      { kind: 'collector', name: 'window', ports: ['out'], create },
    ],
    generateCode,
  );
  return () => {
    const before = sums.total;
    feed(segment, dense);
    shiftMs += SPAN_MS;
    segment.process([{ ts: FIRST_MS - WINDOW_MS, key: '', value: 0, type: '' }], 0, 1, 'p');
    return sums.total - before;
  };
}

function handThree(): Variant {
  let shiftMs = 0;
  return () => {
    let total = 0;
    const open = new Map<string, number>();
    let endMs = -Infinity;
    for (const events of batches) {
      for (let i = 0; i < events.length; i++) {
        const e = events[i] as Event;
        const ts = e.ts + shiftMs;
        const doubled = { key: e.key, value: e.value * 2 };
        if (doubled.value % 5 !== 0) {
          if (endMs === -Infinity) endMs = (Math.floor(ts / WINDOW_MS) + 1) * WINDOW_MS;
          const sum = open.get(doubled.key);
          open.set(doubled.key, sum === undefined ? doubled.value : sum + doubled.value);
        }
        if (ts >= endMs && endMs !== -Infinity) {
          for (const sum of open.values()) total += sum;
          open.clear();
          endMs = (Math.floor(ts / WINDOW_MS) + 1) * WINDOW_MS;
        }
      }
    }
    for (const sum of open.values()) total += sum;
    shiftMs += SPAN_MS;
    return total;
  };
}

/** Outputs to a leaf: what an array per batch costs. */
function flowLeaf(generateCode: boolean): Variant {
  const segment = compile([double, isEven], generateCode, 128, true);
  return () => {
    let count = 0;
    for (const events of batches) {
      segment.process(events, 0, events.length, 'p');
      count += segment.take(0)?.length ?? 0;
    }
    return count;
  };
}

function handLeaf(): Variant {
  return () => {
    let count = 0;
    for (const events of batches) {
      const out: unknown[] = [];
      for (let i = 0; i < events.length; i++) {
        const e = events[i] as Event;
        const doubled = { key: e.key, value: e.value * 2, ts: e.ts };
        if ((doubled.value & 3) === 0) out.push(doubled);
      }
      count += out.length;
    }
    return count;
  };
}

// Measuring.

function pollute(): void {
  for (const generateCode of [true, false]) {
    for (let i = 0; i < 6; i++) {
      const other = compile(
        [
          { kind: 'map', name: 'a', fn: (e: Event) => ({ ...e, extra: i }) },
          { kind: 'filter', name: 'b', fn: (e: Event) => e.value % (i + 2) !== 0 },
          { kind: 'keyBy', name: 'c', fn: (e: Event) => (i % 2 === 0 ? e.key : e.value) },
          { kind: 'flatMap', name: 'd', fn: (e: Event) => (i % 3 === 0 ? [e, i] : [e.type]) },
          { kind: 'tap', name: 'e', fn: (e: unknown) => typeof e },
        ],
        generateCode,
        3,
        i % 2 === 0,
      );
      feed(other, false);
      other.take(0);
    }
  }
}

/** Alternates the loop and the variants, each checked against the loop; notes what they cost. */
async function compare<K extends string>(
  b: BenchContext<Target>,
  flow: string,
  hand: () => Variant,
  variants: Readonly<Record<K, () => Variant>>,
): Promise<Record<K, Sample>> {
  const expected = hand()();
  const made = Object.entries<() => Variant>({ loop: hand, ...variants });
  const runs = made.map(([name, make]) => [name, repeated(b, `${flow} ${name}`, make(), expected)] as const);
  const costs = await interleave({ rounds: b.rounds(21, 7) }, Object.fromEntries(runs));
  for (const [name, cost] of Object.entries(costs)) b.note(`${flow} ${name}`, 'cpu', cost, 'ns/event');
  const ratios = made.map(([name]) => [name, ratioOf(costs['loop'] as Sample, costs[name] as Sample)] as const);
  return Object.fromEntries(ratios) as Record<K, Sample>;
}

function repeated(b: BenchContext<Target>, name: string, run: Variant, expected: number): () => number {
  return () => {
    for (let i = 0; i < REPEATS; i++) {
      const result = run();
      if (result !== expected) b.check(false, `${name}: expected ${expected}, received ${result}`);
    }
    return REPEATS * BATCHES * BATCH;
  };
}

type Target = 'two' | 'twoUntimed' | 'ten' | 'three' | 'threeDense' | 'leaf';

const ofLoop = { metric: 'of the loop', unit: 'x' };

await bench<Target>('fusion', {
  targets: {
    two: { name: 'ii: map, filter, count', ...ofLoop, ...atLeast(0.8) },
    twoUntimed: { name: 'ii without timed batches', ...ofLoop, ...atLeast(0.9) },
    ten: { name: '10 operators, count', ...ofLoop, ...atLeast(0.9) },
    three: { name: 'iii: event time, map, filter, window, Map keys', ...ofLoop, ...atLeast(0.75) },
    threeDense: { name: 'iii with dense ids', ...ofLoop, ...atLeast(2) },
    leaf: { name: 'map, filter into a fresh array', ...ofLoop, ...atLeast(0.8) },
  },
  async run(b) {
    pollute();
    const two = await compare(b, 'ii', handTwo, {
      fused: () => flowTwo(true),
      untimed: () => flowTwo(true, 0),
      composed: () => flowTwo(false),
    });
    b.record('two', two.fused);
    b.record('twoUntimed', two.untimed);
    const bare = await compare(b, 'ii bare', handBare, { fused: () => flowBare(true) });
    b.note('ii with no terminal, counters only', 'of the loop', bare.fused, 'x');
    const ten = await compare(b, 'ten', handTen, {
      fused: () => flowTen(true),
      untimed: () => flowTen(true, 0),
      composed: () => flowTen(false),
    });
    b.record('ten', ten.fused);
    const three = await compare(b, 'iii', handThree, {
      fused: () => flowThree(true, false),
      dense: () => flowThree(true, true),
      composed: () => flowThree(false, false),
    });
    b.record('three', three.fused);
    b.record('threeDense', three.dense);
    const leaf = await compare(b, 'leaf', handLeaf, { fused: () => flowLeaf(true), composed: () => flowLeaf(false) });
    b.record('leaf', leaf.fused);
  },
});
