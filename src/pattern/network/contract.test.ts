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

function watched(options: PatternOptimization, models = patterns): { set: PatternSet<Tick>; told: Told } {
  const told: Told = { matches: 0, timeouts: 0, shed: 0, failures: [] };
  const set = new PatternSet<Tick>(
    {
      match: () => void (told.matches += 1),
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
