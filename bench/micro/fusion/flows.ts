/** The jobs as segments. */

import type { Collector, OperatorEnvironment, OperatorSpec } from '../../../src/operator/operator.ts';
import { batches, FIRST_MS, SPAN_MS, WINDOW_MS, type Event, type Variant } from './load.ts';
import { compile, feed } from './segments.ts';
import { Count, DenseWindow, MapWindow, Sums } from './windows.ts';

const double: OperatorSpec = {
  kind: 'map',
  name: 'double',
  fn: (e: Event) => ({ key: e.key, value: e.value * 2, ts: e.ts }),
};
const isEven: OperatorSpec = { kind: 'filter', name: 'even', fn: (e: Event) => (e.value & 3) === 0 };

export function flowTwo(generateCode: boolean, timedEvery?: number): Variant {
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

/** The same with nothing at the end: the segment's own counters against a local variable. */
export function flowBare(generateCode: boolean): Variant {
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

export function flowTen(generateCode: boolean, timedEvery?: number): Variant {
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

/** Event time starts over with each repeat: a fresh segment for each, as the loop starts with a fresh map. */
export function flowThree(generateCode: boolean, dense: boolean): Variant {
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

/** Outputs to a leaf: what an array per batch costs. */
export function flowLeaf(generateCode: boolean): Variant {
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
