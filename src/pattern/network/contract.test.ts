/** The bounds as a contract: whatever comes, no more is held than was agreed; what is let go is counted and told. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PatternModel } from '../model/pattern.ts';
import { step } from '../steps-fixtures.ts';
import type { OverflowPolicy, PatternOptimization } from './bounds.ts';
import { PatternSet } from './pattern-set.ts';

interface Tick {
  readonly id: number;
  readonly key: number;
  readonly name: string;
}

const POLICIES: readonly OverflowPolicy[] = ['shedOldest', 'shedLeastAdvanced', 'reject', 'error'];

const steps = [step(null, 'a'), step('followedBy', 'b'), step('followedBy', 'c')];
const within = { within: { ms: 50, scope: 'firstToLast' } } as const;
const looking = step('followedBy', 'b', { where: { callWithSeen: ({ name }: Tick) => name === 'b' } });

/** For each matcher, with and without a window, and with what is told of its end. */
const patterns: Readonly<Record<string, PatternModel<Tick>>> = {
  dag: { steps, ...within },
  endless: { steps },
  run: { steps: [step(null, 'a'), looking, step('followedBy', 'c')], ...within },
  absent: { steps: [step(null, 'a'), step('notFollowedBy', 'b')], ...within },
  loop: { steps: [step(null, 'a', { quantifier: { min: 2, max: null } }), looking], ...within },
};

const stream = fc.array(
  fc.record({ name: fc.constantFrom('a', 'a', 'b', 'c'), key: fc.nat(9), pause: fc.constantFrom(0, 1, 30) }),
  { maxLength: 80 },
);

interface Told {
  matches: number;
  timeouts: number;
  shed: number;
  failures: unknown[];
}

function watched(
  options: PatternOptimization,
  models = patterns,
  found = new Set<string>(),
): { set: PatternSet<Tick>; told: Told } {
  const told: Told = { matches: 0, timeouts: 0, shed: 0, failures: [] };
  const set = new PatternSet<Tick>(
    {
      match: (name, key, events) => {
        told.matches += 1;
        found.add(`${name} ${String(key)} ${JSON.stringify(events)}`);
      },
      timeout: () => void (told.timeouts += 1),
      shed: (_, __, partials) => void (told.shed += partials),
      failed: (_, __, ___, cause) => void told.failures.push(cause),
    },
    options,
  );
  for (const [name, model] of Object.entries(models)) set.add(name, model);
  return { set, told };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe.for(POLICIES)('%s', (whenFull) => {
  test('never more pairs of pattern and key than the cache has places, never more partial matches than a key may have', () => {
    fc.assert(
      fc.property(
        stream,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 3 }),
        (events, size, maxPartials) => {
          const { set, told } = watched({ whenFull, cache: { size }, maxPartials });
          let ts = 0;
          for (const [id, { name, key, pause }] of events.entries()) {
            ts += pause;
            set.process({ id, name, key }, key, -1, ts);
            const list = set.list();
            expect(sum(list.map(({ keys }) => keys))).toBeLessThanOrEqual(size);
            for (const { keys, partials } of list) expect(partials).toBeLessThanOrEqual(keys * maxPartials);
          }
          set.advance(ts + 1000);
          const list = set.list();
          expect(told.shed).toBe(sum(list.map(({ shed }) => shed)));
          expect(told.matches).toBe(sum(list.map(({ hits }) => hits)));
          expect(told.timeouts).toBe(sum(list.map(({ timeouts }) => timeouts)));
          expect(told.failures.every((cause) => whenFull === 'error' && cause instanceof RangeError)).toBe(true);
          // Without a window only `endless` waits still.
          expect(list.filter(({ name, keys }) => name !== 'endless' && keys > 0)).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('bounds that are not reached change nothing', () => {
    fc.assert(
      fc.property(stream, (events) => {
        const [free, bound] = [watched({}), watched({ whenFull, cache: { size: 5000 }, maxPartials: 5000 })];
        let ts = 0;
        for (const [id, { name, key, pause }] of events.entries()) {
          ts += pause;
          for (const { set } of [free, bound]) set.process({ id, name, key }, key, -1, ts);
        }
        expect(bound.told).toEqual(free.told);
        expect(bound.told.shed).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test('never more nodes of the DAG than a key may have, and no match that would not be without the bound', () => {
    const b = step('followedByAny', 'b', { quantifier: { min: 1, max: null, inner: 'any' } });
    const models: Readonly<Record<string, PatternModel<Tick>>> = {
      endless: { steps: [step(null, 'a'), b, step('followedByAny', 'c')] },
      counted: {
        steps: [step(null, 'a', { quantifier: { min: 2, max: null, inner: 'any' } }), step('followedBy', 'c')],
        ...within,
      },
    };
    fc.assert(
      fc.property(stream, fc.integer({ min: 9, max: 40 }), (events, maxNodes) => {
        const found = [new Set<string>(), new Set<string>()] as const;
        const free = watched({}, models, found[0]);
        const bound = watched({ whenFull, maxNodes }, models, found[1]);
        let ts = 0;
        for (const [id, { name, pause }] of events.slice(0, 25).entries()) {
          ts += pause;
          for (const { set } of [free, bound]) set.process({ id, name, key: 0 }, 0, -1, ts);
          for (const { state } of bound.set.snapshot().partitions)
            expect((state['label'] as unknown[]).length).toBeLessThanOrEqual(maxNodes);
        }
        for (const match of found[1]) expect(found[0]).toContain(match);
        const { told } = bound;
        if (told.shed === 0) expect(told).toEqual(free.told);
        expect(told.shed).toBe(sum(bound.set.list().map(({ shed }) => shed)));
        expect(told.failures.every((cause) => whenFull === 'error' && cause instanceof RangeError)).toBe(true);
        if (whenFull === 'error') expect(told.failures.length > 0).toBe(told.shed > 0);
      }),
      { numRuns: 60 },
    );
  });

  test('a pattern too many is refused, whatever the policy, and the others stay', () => {
    const { set } = watched({ whenFull, maxConcurrentPatterns: 5 });
    expect(() => set.add('sixth', { steps })).toThrow('maxConcurrentPatterns');
    expect(set.list()).toHaveLength(5);
    set.remove('dag');
    set.add('sixth', { steps });
    expect(set.list().map(({ name }) => name)).toContain('sixth');
  });
});

describe('what goes when the cache is full', () => {
  /** Keys 1 and 2 begin, 1 goes one step further, 3 comes: what is left? */
  function left(whenFull: OverflowPolicy): { keys: number[]; told: Told } {
    const { set, told } = watched({ whenFull, cache: { size: 2 } }, { dag: { steps } });
    for (const [id, [name, key]] of (
      [
        ['a', 1],
        ['a', 2],
        ['b', 1],
        ['a', 3],
      ] as const
    ).entries())
      set.process({ id, name, key }, key, -1, id);
    const { partitions } = set.snapshot();
    return { keys: partitions.map(({ key }) => Number(key)).sort(), told };
  }

  test('the oldest', () => expect(left('shedOldest')).toMatchObject({ keys: [2, 3], told: { shed: 1, failures: [] } }));

  test('the least advanced', () =>
    expect(left('shedLeastAdvanced')).toMatchObject({ keys: [1, 3], told: { shed: 1, failures: [] } }));

  test('the newcomer', () => expect(left('reject')).toMatchObject({ keys: [1, 2], told: { shed: 1, failures: [] } }));

  test('the newcomer, and its event fails', () =>
    expect(left('error')).toMatchObject({
      keys: [1, 2],
      told: { shed: 1, failures: [new RangeError('more than 2 pairs of pattern and key with partial matches')] },
    }));
});

describe('what goes when a key has too many nodes', () => {
  const any = { quantifier: { min: 1, max: null, inner: 'any' } };
  const model: PatternModel<Tick> = {
    steps: [step(null, 'a'), step('followedByAny', 'b', any), step('followedByAny', 'c')],
  };

  /** Two begin, one of them at each of the first events; then more and more b, and what completes them. */
  function starts(whenFull: OverflowPolicy, names: string): { began: number[]; told: Told } {
    const found = new Set<string>();
    const { set, told } = watched(
      { whenFull, maxNodes: 36 },
      { model: { ...model, only: 'first' }, last: { ...model, only: 'last' } },
      found,
    );
    for (const [id, name] of Array.from(names).entries()) set.process({ id, key: 0, name }, 0, -1, id);
    const began = [...found].map((match) => Number(/"a":\[\{"id":(\d+)/.exec(match)?.[1]));
    return { began, told };
  }

  test('matches that began first', () =>
    expect(starts('shedOldest', `a${'b'.repeat(4)}a${'b'.repeat(6)}c`).began).toEqual([5, 5]));

  test('or those that began last, where newcomers are refused', () =>
    expect(starts('reject', `abb${'a'.repeat(40)}c`).began).toEqual([0, 0]));

  test('or the least advanced', () => {
    const { began, told } = starts('shedLeastAdvanced', `abb${'a'.repeat(40)}c`);
    expect([began, told.shed > 0]).toEqual([[0, 0], true]);
  });
});
