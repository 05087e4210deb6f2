import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bindings } from '../matcher.ts';
import type { PatternModel } from '../model/pattern.ts';
import { step } from '../steps-fixtures.ts';
import { PatternSet, type PatternSetOptions } from './pattern-set.ts';

interface Tick {
  readonly id: number;
  readonly key: string;
  readonly name: string;
}

const any = { quantifier: { min: 1, max: null, inner: 'any' } };
const two = { cmp: [{ field: 'name' }, 'startsWith', 'a'] } as const;
const a = step(null, 'a');

/** All begin with an a, and most wait for what completes them. */
const shapes: readonly PatternModel<Tick>['steps'][] = [
  [a, step('followedByAny', 'b', any), step('followedByAny', 'c')],
  [a, step('followedBy', 'b')],
  [a, step('followedByAny', 'c')],
  [a, step('followedBy', 'b'), step('followedBy', 'c')],
  [a, step('notFollowedBy', 'b'), step('followedBy', 'c')],
  [step(null, 'a', any), step('followedBy', 'd')],
  [step(null, 'a', any)],
  [a],
  [a, step('followedBy', 'b', { quantifier: { optional: true } }), step('followedByAny', 'c')],
  [a, step('followedByAny', 'x', { where: { or: [two, { cmp: [{ field: 'name' }, '==', 'd'] }] } })],
  [a, step('next', 'b')],
];
const more: readonly Partial<PatternModel<Tick>>[] = [{}, {}, { limit: 2 }, { only: 'count' }, { only: 'longest' }];
const pattern = fc
  .tuple(fc.constantFrom(...shapes), fc.constantFrom(...more), fc.integer({ min: 5, max: 8 }))
  .map(([steps, rest, ms]): PatternModel<Tick> => ({ steps, ...rest, within: { ms, scope: 'firstToLast' } }));
const patterns = fc.array(pattern, { minLength: 8, maxLength: 14 });

const happening = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('event' as const), name: fc.constantFrom('a', 'b', 'c', 'd'), key: fc.constantFrom('x', 'y'), pause: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('list' as const, 'restart' as const, 'advance' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replace' as const), which: fc.nat(7), by: pattern, drop: fc.boolean() }) },
); // prettier-ignore

class Watched {
  readonly found: string[] = [];
  readonly counts = { shed: 0, failed: 0 };
  set: PatternSet<Tick>;
  readonly #models: Map<string, PatternModel<Tick>>;
  readonly #options: PatternSetOptions;
  at = 0;

  constructor(models: readonly PatternModel<Tick>[], options: PatternSetOptions = {}) {
    this.#models = new Map(models.map((model, i) => [`p${i}`, model]));
    this.#options = options;
    this.set = this.#newSet();
  }

  restart(): void {
    const snapshot = structuredClone(this.set.snapshot());
    this.set = this.#newSet();
    this.set.restore(snapshot);
  }

  replace(name: string, model: PatternModel<Tick>, drop: boolean): void {
    this.set.replace(name, model, {}, drop ? 'drop' : 'drain');
    this.#models.set(name, model);
  }

  #newSet(): PatternSet<Tick> {
    const set = new PatternSet<Tick>(
      {
        match: (name, key, bindings, startTs, endTs, count) =>
          void this.found.push(
            `${this.at} ${name} ${String(key)}: ${shown(bindings)} x${count} (${startTs}..${endTs})`,
          ),
        timeout: () => undefined,
        shed: (_, __, partials) => void (this.counts.shed += partials),
        failed: () => void (this.counts.failed += 1),
      },
      this.#options,
    );
    for (const [name, model] of this.#models) set.add(name, model);
    return set;
  }
}

const shown = (bindings: Bindings<Tick>): string =>
  Object.entries(bindings)
    .map(([name, events]) => `${name}=${events.map(({ id }) => id).join('+')}`)
    .sort()
    .join(' ');

/** Where every partial match may expire, each event is told at once. */
const AT_ONCE: PatternSetOptions = { cache: { expirationTime: 1e9 } };

test('patterns that are told late match as those that are told at once, whatever happens in between', () => {
  let found = 0;
  fc.assert(
    fc.property(patterns, fc.array(happening, { maxLength: 60 }), (models, happenings) => {
      const [late, atOnce] = [new Watched(models), new Watched(models, AT_ONCE)];
      let ts = 0;
      for (const [id, one] of happenings.entries()) {
        if (one.kind === 'event') ts += one.pause;
        for (const watched of [late, atOnce]) {
          watched.at = id;
          if (one.kind === 'event') watched.set.process({ id, key: one.key, name: one.name }, one.key, -1, ts);
          else if (one.kind === 'replace') watched.replace(`p${one.which}`, one.by, one.drop);
          else if (one.kind === 'list') watched.set.list();
          else if (one.kind === 'advance') watched.set.advance(ts);
          else watched.restart();
        }
      }
      found += late.found.length;
      expect(late.found.sort()).toEqual(atOnce.found.sort());
      expect(hitsOf(late)).toEqual(hitsOf(atOnce));
      for (const { set } of [late, atOnce]) {
        set.advance(ts + 10);
        expect([set.keys, set.nextMs]).toEqual([0, Infinity]);
      }
    }),
    { numRuns: 400 },
  );
  expect(found).toBeGreaterThan(1000);
});

const hitsOf = ({ set }: Watched): unknown => set.list().map(({ name, hits, keys }) => [name, hits, keys]);

const chain: PatternModel<Tick> = {
  steps: [a, step('followedByAny', 'b', any), step('followedByAny', 'c')],
  within: { ms: 100, scope: 'firstToLast' },
};
const tenChains = Array.from({ length: 10 }, () => chain);
const feed = ({ set }: Watched, names: string, from = 0, key = 'k'): void => {
  for (const [i, name] of Array.from(names).entries()) set.process({ id: from + i, key, name }, key, -1, from + i);
};
const handledOf = ({ set }: Watched): number[] => set.counts().map(({ handled }) => handled);

describe('what is put off', () => {
  test('costs nothing while no match can be complete, and is told when one can, each event once', () => {
    const watched = new Watched(tenChains);
    feed(watched, 'abba');
    expect(handledOf(watched)).toEqual(tenChains.map(() => 0));
    feed(watched, 'c', 4);
    expect(handledOf(watched)).toEqual(tenChains.map(() => 5));
    expect(watched.found).toHaveLength(30);
    feed(watched, 'bc', 5);
    expect(handledOf(watched)).toEqual(tenChains.map(() => 7));
  });

  test('is never told once it is over', () => {
    const watched = new Watched(tenChains);
    feed(watched, 'abb');
    feed(watched, 'a', 102);
    feed(watched, 'c', 104);
    expect(handledOf(watched)).toEqual(tenChains.map(() => 2));
    expect(watched.found).toEqual([]);
  });

  test('is told before anybody asks what patterns hold', () => {
    const watched = new Watched(tenChains);
    feed(watched, 'abx');
    expect(watched.set.list()).toMatchObject(tenChains.map(() => ({ keys: 1, partials: 3, handled: 2 })));
    expect(watched.set.snapshot().partitions).toHaveLength(10);
    expect(watched.set.keys).toBe(1);
  });

  test('goes with its window, of many keys too, without a further event', () => {
    const watched = new Watched(tenChains);
    for (let key = 0; key < 1000; key += 1) feed(watched, 'ab', 2 * key, `k${key}`);
    expect(watched.set.keys).toBe(50);
    watched.set.advance(2100);
    expect([watched.set.keys, watched.set.nextMs]).toEqual([0, Infinity]);
  });
});

test('where there is no room for what was put off, patterns are told at once and the bounds hold', () => {
  for (const whenFull of ['shedOldest', 'shedLeastAdvanced', 'reject', 'error'] as const) {
    const options = { whenFull, cache: { size: 25 } };
    const [late, atOnce] = [
      new Watched(tenChains, options),
      new Watched(tenChains, { ...options, cache: { size: 25, expirationTime: 1e9 } }),
    ];
    for (const watched of [late, atOnce]) {
      for (const [i, key] of ['x', 'y', 'z'].entries()) {
        feed(watched, 'ab', 2 * i, key);
        expect(watched.set.list().reduce((sum, { keys }) => sum + keys, 0)).toBeLessThanOrEqual(25);
      }
      for (const [i, key] of ['x', 'y', 'z'].entries()) feed(watched, 'c', 6 + i, key);
    }
    expect(late.counts).toEqual(atOnce.counts);
    expect(late.counts.shed).toBeGreaterThan(0);
    expect(late.found).toHaveLength(atOnce.found.length);
  }
});

test('a function that throws while matches are handed out blames its pattern alone', () => {
  const failures: unknown[] = [];
  const found: string[] = [];
  const set = new PatternSet<Tick>({
    match: (name) => {
      if (name === 'p3') throw new Error('on purpose');
      found.push(name);
    },
    timeout: () => undefined,
    shed: () => undefined,
    failed: (name, _, event) => void failures.push([name, event?.id]),
  });
  for (const [i, model] of tenChains.entries()) set.add(`p${i}`, model);
  for (const [id, name] of ['a', 'b', 'c'].entries()) set.process({ id, key: 'k', name }, 'k', -1, id);
  expect(failures).toEqual([['p3', 2]]);
  expect(found).toHaveLength(9);
});
