import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePattern } from '../dag/choose.ts';
import type { Bindings, MatchOutput } from '../matcher.ts';
import type { PatternModel, Step } from '../model/pattern.ts';
import type { AggregateTerm, Predicate } from '../model/predicate.ts';
import { PatternSet } from './pattern-set.ts';
import { PredicateNetwork } from './predicate-network.ts';

interface Tick {
  readonly id: number;
  readonly ts: number;
  readonly key: string;
  readonly name: string;
  readonly price: unknown;
}

const price = { field: 'price' };
const agg = (name: AggregateTerm['agg'], of: string, more: object = {}): AggregateTerm => ({
  agg: name,
  of,
  field: 'price',
  ...more,
});
const named = (name: string): Predicate<Tick> => ({ cmp: [{ field: 'name' }, '==', name] });
const step = (link: Step['link'], name: string, where: Predicate<Tick>, more: object = {}): Step<Tick> => ({
  link,
  name,
  where,
  ...more,
});
const start = step(null, 'a', named('a'));
const sum = agg('sum', 'b', { plusCurrent: true });
const loop = { quantifier: { min: 2, max: null, inner: 'relaxed' } };

/** What follows a start of its own: sides both ways, running sums, loops, other conditions beside, gaps and skipping. */
const tails: Readonly<Record<string, readonly Step<Tick>[]>> = {
  above: [step('followedBy', 'b', { cmp: [price, '>', agg('last', 'a')] })],
  most: [step('followedBy', 'b', { cmp: [price, '>=', agg('last', 'a')] })],
  least: [step('followedBy', 'b', { cmp: [agg('first', 'a'), '>=', price] })],
  same: [step('followedBy', 'b', { cmp: [price, '==', agg('first', 'a')] })],
  other: [step('followedBy', 'b', { cmp: [price, '!=', agg('first', 'a')] })],
  sums: [
    step('followedBy', 'b', { cmp: [price, '>', agg('last', 'a')] }),
    step('followedBy', 'c', { cmp: [6, '>=', sum] }),
  ],
  typed: [step('followedBy', 'b', { and: [named('b'), { cmp: [price, '<', agg('max', 'a')] }] })],
  gap: [step('followedBy', 'b', { cmp: [price, '<', agg('min', 'a')] }, { gapMs: 2 })],
  any: [step('followedByAny', 'b', { cmp: [price, '<', agg('avg', 'a')] })],
  rising: [step('followedBy', 'b', { cmp: [price, '>', agg('last', 'a')] }, loop), step('followedBy', 'c', named('c'))],
  strict: [step('next', 'b', { cmp: [price, '>', agg('last', 'a')] })],
  never: [step('notFollowedBy', 'n', { cmp: [price, '>', agg('last', 'a')] }), step('followedBy', 'c', named('c'))],
  absent: [step('notFollowedBy', 'n', { cmp: [price, '>', agg('last', 'a')] })],
};
const within = { within: { ms: 6, scope: 'firstToLast' } } as const;
const models: readonly (readonly [string, PatternModel<Tick>])[] = Object.entries(tails).flatMap(([name, tail]) => [
  [name, { steps: [start, ...tail], ...within }] as const,
  [`${name}, skipping`, { steps: [start, ...tail], ...within, skip: { strategy: 'pastLast' } }] as const,
  [`${name}, from any`, { steps: [{ link: null, name: 'a' }, ...tail], ...within }] as const,
]);

const stream = fc
  .array(
    fc.record({
      name: fc.constantFrom('a', 'a', 'b', 'c'),
      key: fc.constantFrom('x', 'y'),
      price: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: 0, max: 5 }) },
        fc.constantFrom<unknown>(NaN, Infinity, -0, '3', undefined, null),
      ),
      step: fc.integer({ min: 0, max: 2 }),
    }),
    { maxLength: 24 },
  )
  .map((events) => {
    let ts = 0;
    return events.map(({ step: pause, ...event }, id): Tick => ({ id, ts: (ts += pause), ...event }));
  });

const shown = (bindings: Bindings<Tick>): string =>
  Object.entries(bindings)
    .map(([name, events]) => `${name}=${events.map(({ id }) => id).join('+')}`)
    .join(' ');

function together(events: readonly Tick[], endTs: number): string[] {
  const log: string[] = [];
  const set = new PatternSet<Tick>({
    match: (name, key, bindings) => log.push(`${name} ${String(key)}: ${shown(bindings)}`),
    timeout: (name, key, bindings, _, at) => log.push(`${name} ${String(key)}: ${shown(bindings)} over at ${at}`),
    shed: () => undefined,
    failed: (_name, _key, _event, cause) => {
      throw cause;
    },
  });
  for (const [name, model] of models) set.add(name, model);
  for (const event of events) set.process(event, event.key, -1, event.ts);
  set.advance(endTs);
  return log.sort();
}

function oneByOne(events: readonly Tick[], endTs: number): string[] {
  const log: string[] = [];
  for (const [name, model] of models) {
    for (const key of ['x', 'y']) {
      const network = new PredicateNetwork();
      const partition = compilePattern(model, network.table<Tick>()).partition();
      const output: MatchOutput<Tick> = {
        match: (bindings) => log.push(`${name} ${key}: ${shown(bindings)}`),
        timeout: (bindings, _, at) => log.push(`${name} ${key}: ${shown(bindings)} over at ${at}`),
        shed: () => undefined,
      };
      for (let ts = 0; ts <= endTs; ts += 1) {
        partition.advance(ts, output);
        for (const event of events.filter((one) => one.key === key && one.ts === ts)) {
          network.turnTo(event);
          partition.process(event, ts, network, output);
        }
      }
    }
  }
  return log.sort();
}

test('patterns over earlier events answer in a set as each by itself', () => {
  fc.assert(
    fc.property(stream, (events) => {
      const endTs = (events.at(-1)?.ts ?? 0) + 10;
      expect(together(events, endTs)).toEqual(oneByOne(events, endTs));
    }),
    { numRuns: 200 },
  );
});

test.each(['above', 'most', 'least', 'same', 'sums', 'gap'])(
  '%s: an event is handed over only where it meets the number',
  (name) => {
    const set = new PatternSet<Tick>({
      match: () => undefined,
      timeout: () => undefined,
      shed: () => undefined,
      failed: () => undefined,
    });
    for (const [of, model] of models) if (of === name) set.add(of, model);
    const prices: Readonly<Record<string, readonly [number, number]>> = { least: [1, 2], same: [1, 2], gap: [1, 2] };
    const [first, refused] = prices[name] ?? [2, 1];
    const feed = (id: number, event: Pick<Tick, 'name' | 'price'>): void =>
      set.process({ id, ts: 0, key: 'k', ...event }, 'k', -1, 0);
    feed(0, { name: 'a', price: first });
    const begun = set.counts()[0]?.handled ?? 0;
    for (let id = 1; id < 50; id += 1) feed(id, { name: 'd', price: refused });
    expect(set.counts()[0]?.handled).toBe(begun);
    feed(50, { name: 'a', price: refused });
    expect(set.counts()[0]?.handled).toBe(begun + 1);
  },
);
