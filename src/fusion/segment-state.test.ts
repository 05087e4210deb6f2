import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateError } from '../state/stored.ts';
import { count, custom, distinct, max, mean, min, percentile, sum } from '../operator/aggregate/aggregate.ts';
import { dedupe } from '../operator/dedupe.ts';
import { mapWithState, type StateCell } from '../operator/map-with-state.ts';
import type { OperatorSpec } from '../operator/operator.ts';
import { sample } from '../operator/sample.ts';
import { scan } from '../operator/scan.ts';
import type { StateOptions } from '../operator/step-options.ts';
import { windowAggregate, windowCollect } from '../operator/window/window.ts';
import { global, session, sliding, tumbling, type WindowSpec } from '../operator/window/window-spec.ts';
import { compileSegment } from './compile.ts';
import type { Segment } from './segment.ts';

interface Event {
  readonly key: string;
  readonly at: number;
  readonly n: number;
}

const n = (event: Event): number => event.n;
const merging = custom({
  init: () => ({ last: -1, seen: new Set<number>() }),
  add: (state, event: Event) => ({ last: event.n, seen: new Set(state.seen).add(event.n) }),
  merge: (a, b) => ({ last: b.last, seen: new Set([...a.seen, ...b.seen]) }),
  result: ({ last, seen }) => `${last}/${seen.size}`,
});
const numbers = { events: count(), sum: sum(n), min: min(n), max: max(n), mean: mean(n) };
const everything = { ...numbers, p: percentile(n, 0.9), ids: distinct(n), own: merging };
const late = { allowedLateness: 15 };

const window = (spec: WindowSpec, aggregates: Record<string, never> = everything as never): OperatorSpec =>
  windowAggregate('window', spec, aggregates, late);

const OPERATORS: Readonly<Record<string, () => OperatorSpec>> = {
  scan: () => scan('scan', (total: number, event: Event) => total + event.n, 0, { ttl: 40, maxKeys: 3 }),
  mapWithState: () =>
    mapWithState(
      'gaps',
      (event: Event, state: StateCell<{ readonly at: number }>) => {
        const gap = state.value === undefined ? undefined : event.at - state.value.at;
        if (event.n === 0) state.clear();
        else state.value = { at: event.at };
        return gap;
      },
      { ttl: 30 },
    ),
  dedupe: () => dedupe('once', n, { ttl: 20 }),
  sample: () => sample('third', { every: 3 }),
  tumbling: () => window(tumbling(10)),
  'sliding, of panes': () => window(sliding({ size: 20, every: 5 })),
  'sliding, each kept apart': () => windowCollect('window', sliding({ size: 20, every: 5 }), late),
  session: () => window(session({ gap: 6 })),
  'session with its events': () => windowCollect('window', session({ gap: 6 }), late),
  global: () => window(global()),
  'global, of numbers': () => window(global(), numbers as never),
};

function segmentOf(operator: OperatorSpec, isKeyed: boolean, generateCode: boolean): Segment {
  const ports = operator.kind === 'collector' ? [[{ leaf: 0 }], [{ leaf: 1 }]] : [[{ leaf: 0 }]];
  const stateful = { operator, ports };
  const key = { kind: 'keyBy', name: 'key', fn: (event: Event) => event.key } as const;
  const below = isKeyed ? { operator: key, ports: [[stateful]] } : stateful;
  const time = {
    kind: 'eventTime',
    name: 'time',
    fn: (event: Event) => event.at,
    outOfOrderMs: 3,
    idleMs: 1000,
  } as const;
  const options = { flow: 'f', clock: { now: () => 0, wall: () => 0 }, random: () => 0.5, generateCode, timedEvery: 0 };
  return compileSegment([{ operator: time, ports: [[below]] }], 2, options);
}

function run(segment: Segment, batches: readonly (readonly Event[])[], from: number): unknown[] {
  const outputs: unknown[] = [];
  for (const [i, batch] of batches.entries()) {
    segment.tick(from + i);
    segment.process(batch, 0, batch.length, i % 2 === 0 ? 'p' : 'q');
    outputs.push([segment.take(0), segment.take(1), segment.takeFailures()]);
  }
  return outputs;
}

function finish(segment: Segment): unknown {
  segment.end();
  return [segment.take(0), segment.take(1), segment.takeFailures()];
}

const batches = fc.array(
  fc.array(
    fc.record({
      key: fc.constantFrom('a', 'b', 'c', '__proto__', ''),
      at: fc.integer({ min: 0, max: 90 }),
      n: fc.nat(9),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  { minLength: 1, maxLength: 10 },
);

describe.each(Object.entries(OPERATORS))('the state of %s', (_name, operator) => {
  it.each([true, false])('goes on as if nothing had happened (generated code: %s)', (generateCode) => {
    fc.assert(
      fc.property(batches, fc.nat(10), fc.boolean(), (all, drawn, isKeyed) => {
        const cut = Math.min(drawn, all.length);
        const unbroken = segmentOf(operator(), isKeyed, generateCode);
        const expected = [...run(unbroken, all, 0), finish(unbroken)];
        const before = segmentOf(operator(), isKeyed, generateCode);
        const first = run(before, all.slice(0, cut), 0);
        const state = structuredClone(before.snapshot());
        run(before, [[{ key: 'a', at: 500, n: 1 }]], cut); // what comes after must not be in it
        const after = segmentOf(operator(), isKeyed, generateCode);
        after.restore(state);
        // Nothing is added by going on: a flow may be killed any number of times.
        expect(structuredClone(after.snapshot())).toEqual(state);
        // Partitions take turns by the batch's number: go on with the same one.
        const rest = run(after, [...all.slice(0, cut).map(() => []), ...all.slice(cut)], 0).slice(cut);
        expect([...first, ...rest, finish(after)]).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe('stored state', () => {
  const total = (options: StateOptions = {}): OperatorSpec =>
    scan('total', (sum: number, event: Event) => sum + event.n, 0, options);
  const event = { key: 'a', at: 1, n: 5 };

  function restored(from: OperatorSpec, to: OperatorSpec): Segment {
    const before = segmentOf(from, true, true);
    run(before, [[event]], 0);
    const after = segmentOf(to, true, true);
    after.restore(before.snapshot());
    return after;
  }

  it('is refused by another shape, by name, and where its operator is gone', () => {
    const minutes = windowAggregate('w', tumbling('1m'), { n: count() });
    const hours = windowAggregate('w', tumbling('1h'), { n: count() });
    expect(() => restored(minutes, hours)).toThrow(
      /w: its stored state is of "tumbling 60000 .* declares "tumbling 3600000/,
    );
    expect(() => restored(minutes, total())).toThrow('stored state of w, which the flow does not have any more');
  });

  it('of another version is migrated, or refused', () => {
    expect(() => restored(total(), total({ version: 1 }))).toThrow(StateError);
    const migrate = (value: number, version: number): number => value * 100 + version;
    const after = restored(total(), total({ version: 2, migrate }));
    expect(run(after, [[event]], 0)).toEqual([[[505], undefined, undefined]]);
  });

  it('is refused at the snapshot where a copy would misread it', () => {
    class Money {
      readonly cents = 5;
    }
    const holding = (value: unknown): Segment => {
      const segment = segmentOf(
        scan('s', () => value, 0),
        true,
        true,
      );
      run(segment, [[event]], 0);
      return segment;
    };
    expect(() => holding(new Money()).snapshot()).toThrow('holds an instance of Money');
    expect(() => holding({ deep: [() => 1] }).snapshot()).toThrow('holds a function');
    const round: { self?: unknown } = {};
    round.self = round;
    expect(() => holding(round).snapshot()).toThrow('a cycle');
    expect(() => holding({ a: [new Map([[1, new Date()]])], b: null, c: undefined }).snapshot()).not.toThrow();
  });
});
