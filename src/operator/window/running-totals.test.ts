import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSegment } from '../../fusion/compile.ts';
import type { SegmentTree } from '../../fusion/segment-tree.ts';
import { VirtualScheduler } from '../../testing/virtual-scheduler.ts';
import { count, custom, max, mean, min, sum } from '../aggregate/aggregate.ts';
import type { OperatorSpec } from '../operator.ts';
import { windowAggregate } from './window.ts';
import { global } from './window-spec.ts';

interface Reading {
  readonly at: number;
  readonly n: number;
}

const value = (reading: Reading): number => reading.n;
const numeric = { count: count(), sum: sum(value), mean: mean(value), min: min(value), max: max(value) };
/** One that is not numeric, so that the general window does the work. */
const general = { ...numeric, last: custom({ init: () => 0, add: (_: number, r: Reading) => r.n, result: (n) => n }) };

function run(
  aggregates: typeof numeric,
  batches: readonly (readonly Reading[])[],
  generateCode: boolean,
  timedEvery: number,
) {
  const time: OperatorSpec = {
    kind: 'eventTime',
    name: 'time',
    fn: (r: Reading) => r.at,
    outOfOrderMs: 0,
    idleMs: 1e9,
  };
  const window = windowAggregate('totals', global(), aggregates);
  const filters = [3, 5].map((by): OperatorSpec => {
    return { kind: 'filter', name: `not ${by}`, fn: (r: Reading) => r.n % by !== 0 };
  });
  const windowed: SegmentTree = { operator: window, ports: [[{ leaf: 0 }], []] };
  const trees = [time, ...filters].reduceRight(
    (next, operator): SegmentTree => ({ operator, ports: [[next]] }),
    windowed,
  );
  const options = {
    flow: 'f',
    clock: new VirtualScheduler(),
    random: () => 0,
    generateCode,
    timedEvery,
    timedGapMs: 0,
  };
  const segment = compileSegment([trees], 1, options);
  segment.tick(5);
  for (const events of batches) segment.process(events, 0, events.length, 'p');
  segment.end();
  const failures = (segment.takeFailures() ?? []).map(({ event, cause }) => [event, (cause as Error).message]);
  const counters = segment.counters().map(({ name, in: entered, out }) => [name, entered, out]);
  return { results: segment.take(0) as Record<string, unknown>[] | undefined, failures, counters };
}

describe('RunningTotals', () => {
  const bad = fc.constantFrom({ at: 9e15, n: 1 }, { at: 3, n: NaN });
  const good = fc.record({ at: fc.integer({ min: -5, max: 50 }), n: fc.integer() });
  const reading = fc.oneof({ weight: 5, arbitrary: good }, bad);

  it('gives what the general window gives, generated or not, timed or not, whatever the batches', () => {
    fc.assert(
      fc.property(fc.array(fc.array(reading, { maxLength: 8 }), { maxLength: 6 }), (batches) => {
        const { results, failures, counters } = run(general, batches, false, 0);
        // The general window counts the time of an event that an aggregate refuses; this one does not.
        const shown = (rows = results) =>
          rows?.map((row) => ({ ...row, last: 0, ...(failures.length > 0 ? { start: 0, end: 0 } : {}) }));
        for (const [generateCode, timedEvery] of [
          [true, 0],
          [true, 1],
          [false, 0],
        ] as const) {
          const actual = run(numeric, batches, generateCode, timedEvery);
          expect(shown(actual.results ?? [])).toEqual(shown(results ?? []));
          expect(actual.failures).toEqual(failures);
          expect(actual.counters).toEqual(counters);
        }
      }),
    );
  });

  it('has no result without an event', () => {
    expect(run(numeric, [[]], true, 0).results).toBeUndefined();
  });
});
