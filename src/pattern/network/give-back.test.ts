/** Memory follows what lives: what keys have held is given back when they are idle, and those that are not notice nothing. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesHeld } from '../../../test/support/memory.ts';
import type { PatternModel } from '../model/pattern.ts';
import { step } from '../steps-fixtures.ts';
import { PatternSet, type PatternSetOptions } from './pattern-set.ts';

interface Tick {
  readonly id: number;
  readonly name: string;
}

const within = { within: { ms: 1000, scope: 'firstToLast' } } as const;
const [a, b, c] = [step(null, 'a'), step('followedBy', 'b'), step('followedBy', 'c')];
const many = { quantifier: { min: 1, max: null, inner: 'any' } };
const looking = step('followedBy', 'c', {
  where: { cmp: [{ field: 'id' }, '>', { agg: 'sum', of: 'b', field: 'id' }] },
});

const patterns: Readonly<Record<string, PatternModel<Tick>>> = {
  relaxed: { steps: [a, b, c], ...within },
  any: { steps: [a, step('followedByAny', 'b', many), step('followedByAny', 'c')], ...within },
  absent: { steps: [a, step('notFollowedBy', 'c')], ...within },
  looking: { steps: [a, b, looking], ...within },
  skipping: { steps: [a, b, c], skip: { strategy: 'pastLast' }, ...within },
  gap: { steps: [a, step('followedBy', 'b', { gapMs: 900 })], ...within },
};

function setOf(
  models: Readonly<Record<string, PatternModel<Tick>>>,
  options: PatternSetOptions = {},
): { readonly set: PatternSet<Tick>; readonly told: string[] } {
  const told: string[] = [];
  const set = new PatternSet<Tick>(
    {
      match: (name, key, bindings, startTs, endTs) => {
        if (typeof key === 'string') told.push(`${name} ${key} ${startTs}..${endTs} ${JSON.stringify(bindings)}`);
      },
      timeout: (name, key, _, startTs, at) => {
        if (typeof key === 'string') told.push(`${name} ${key} ${startTs}..${at}: over`);
      },
      shed: () => undefined,
      failed: (_, __, ___, cause) => expect(cause).toBeUndefined(),
    },
    options,
  );
  for (const [name, model] of Object.entries(models)) set.add(name, model);
  return { set, told };
}

/** Every key from 0 to `count` sees these events, all at one time. */
function crowd(set: PatternSet<Tick>, count: number, names: string, ts: number): void {
  const events = Array.from(names, (name, id) => ({ id, name }));
  for (let key = 0; key < count; key += 1) for (const event of events) set.process(event, key, -1, ts);
}

describe('bytes', () => {
  const KEYS = 100_000;
  const ten = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [`p${i}`, { steps: [a, step('followedByAny', `x${i}`)], ...within }]),
  );
  const sets: readonly (readonly [string, Readonly<Record<string, PatternModel<Tick>>>, string, PatternSetOptions])[] =
    [
      ['their first event', { relaxed: patterns['relaxed'] as PatternModel<Tick> }, 'a', {}],
      ['sets of the DAG', { any: patterns['any'] as PatternModel<Tick> }, 'abb', {}],
      ['partial matches one by one', { looking: patterns['looking'] as PatternModel<Tick> }, 'ab', {}],
      ['events for ten patterns that are told late', ten, 'a', {}],
      ['what expires', { relaxed: { steps: [a, b] } }, 'a', { cache: { expirationTime: '1s' } }],
    ];

  test.for(sets)(
    'of a hundred thousand keys that hold %s, nothing is left when they are idle',
    ([, models, names, options]) => {
      const { set } = setOf(models, options);
      crowd(set, 10, names, 0);
      set.advance(2000);
      const before = bytesHeld();
      crowd(set, KEYS, names, 3000);
      expect(set.keys).toBe(KEYS);
      const live = bytesHeld() - before;
      set.advance(5000);
      expect(set.keys).toBe(0);
      const idle = bytesHeld() - before;
      expect(live / KEYS).toBeGreaterThan(60);
      // What is left is what the test itself and the compiler hold.
      expect(idle).toBeLessThan(live / 8);
      crowd(set, 10, names, 6000);
      expect(set.keys).toBe(10);
    },
  );

  test('nor of those beside a few that live on', () => {
    const { set } = setOf(patterns);
    const before = bytesHeld();
    crowd(set, KEYS / 5, 'ab', 0);
    crowd(set, 100, 'ab', 900);
    const live = bytesHeld() - before;
    set.advance(1500);
    expect(set.keys).toBe(100);
    expect(bytesHeld() - before).toBeLessThan(live / 20);
  });

  test('of one key, what a window has held is given back by the next one', () => {
    const { set } = setOf({ any: patterns['any'] as PatternModel<Tick> });
    const before = bytesHeld();
    for (let id = 0; id < 100_000; id += 1) set.process({ id, name: id === 0 ? 'a' : 'b' }, 'x', -1, id / 200);
    const live = bytesHeld() - before;
    set.advance(2000);
    set.process({ id: 0, name: 'a' }, 'x', -1, 3000);
    expect(bytesHeld() - before).toBeLessThan(live / 10);
  });
});

const stream = fc.array(
  fc.record({ name: fc.constantFrom('a', 'b', 'c'), key: fc.constantFrom('x', 'y', 'z'), pause: fc.nat(300) }),
  { minLength: 10, maxLength: 40 },
);

test('a key that lives on while those around it become idle answers as without them', () => {
  // So many patterns that a key is found by its table.
  const copies = Object.fromEntries(
    Object.entries(patterns).flatMap(([name, model]) => [0, 1].map((copy) => [`${name}${copy}`, model])),
  );
  fc.assert(
    fc.property(stream, fc.nat(40), fc.boolean(), (events, at, expires) => {
      const options = expires ? { cache: { expirationTime: 700 } } : {};
      const [crowded, alone] = [setOf(copies, options), setOf(copies, options)];
      let ts = 0;
      for (const [id, { name, key, pause }] of events.entries()) {
        ts += pause;
        if (id === Math.min(at, 5)) crowd(crowded.set, 800, 'ab', ts);
        for (const { set } of [crowded, alone]) set.process({ id, name }, key, -1, ts);
      }
      for (const { set } of [crowded, alone]) set.advance(ts + 5000);
      expect(crowded.told.sort()).toEqual(alone.told.sort());
      expect(crowded.set.keys).toBe(0);
    }),
    { numRuns: 10 },
  );
});
