import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StateKey } from '../../state/key-index.ts';
import { compilePattern } from '../dag/choose.ts';
import type { Bindings } from '../matcher.ts';
import type { PatternModel } from '../model/pattern.ts';
import { step } from '../steps-fixtures.ts';
import { PatternSet, type PatternSetOptions } from './pattern-set.ts';
import { PredicateNetwork } from './predicate-network.ts';
import type { PatternSetOutput } from './relay.ts';

interface Tick {
  readonly id: number;
  readonly ts: number;
  readonly key: string;
  readonly name: string;
}

class Log implements PatternSetOutput<Tick> {
  readonly matches: string[] = [];
  readonly timeouts: string[] = [];
  readonly shedding: string[] = [];
  readonly failures: unknown[] = [];

  match(pattern: string, key: StateKey, bindings: Bindings<Tick>, startTs: number, endTs: number): void {
    this.matches.push(`${pattern} ${String(key)}: ${shown(bindings)} (${startTs}..${endTs})`);
  }

  timeout(pattern: string, key: StateKey, bindings: Bindings<Tick>, _startTs: number, at: number): void {
    this.timeouts.push(`${pattern} ${String(key)}: ${shown(bindings)} at ${at}`);
  }

  shed(pattern: string, key: StateKey, partials: number): void {
    this.shedding.push(`${pattern} ${String(key)}: ${partials}`);
  }

  failed(pattern: string | undefined, key: StateKey, event: Tick | undefined, cause: unknown): void {
    this.failures.push([pattern, key, event?.id, cause]);
  }
}

const shown = (bindings: Bindings<Tick>): string =>
  Object.entries(bindings)
    .map(([name, events]) => `${name}=${events.map(({ id }) => id).join('+')}`)
    .sort()
    .join(' ');

const within = (ms: number) => ({ within: { ms, scope: 'firstToLast' } }) as const;

/** One of each kind: both matchers, strict and not, any event as a start, loops, negations, skipping. */
const patterns: Readonly<Record<string, PatternModel<Tick>>> = {
  relaxed: { steps: [step(null, 'a'), step('followedBy', 'b'), step('followedBy', 'c')], ...within(5) },
  strict: { steps: [step(null, 'a'), step('next', 'b')] },
  any: { steps: [step(null, 'a'), step('followedByAny', 'b', { quantifier: { min: 1, max: null } })], ...within(4) },
  absent: { steps: [step(null, 'b'), step('notFollowedBy', 'a')], ...within(3) },
  between: { steps: [step(null, 'a'), step('notFollowedBy', 'b'), step('followedBy', 'c')], ...within(6) },
  skipping: {
    steps: [step(null, 'a', { quantifier: { min: 2, max: 2 } })],
    skip: { strategy: 'pastLast' },
    ...within(6),
  },
  opening: { steps: [{ link: null, name: 'x' }, step('followedBy', 'c')], ...within(2) },
  later: {
    steps: [
      step(null, 'a'),
      step('followedBy', 'b', { where: { cmp: [{ field: 'id' }, '>', { agg: 'first', of: 'a', field: 'id' }] } }),
    ],
    ...within(5),
  },
};

const stream = fc
  .array(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      key: fc.constantFrom('x', 'y', 'z'),
      step: fc.integer({ min: 0, max: 2 }),
    }),
    { maxLength: 24 },
  )
  .map((events) => {
    let ts = 0;
    return events.map(({ step: pause, ...event }, id): Tick => ({ id, ts: (ts += pause), ...event }));
  });

/** Letters, one tick apart, all for one key. */
const ticks = (names: string, from = 0, key = 'k'): Tick[] =>
  Array.from(names, (name, i) => ({ id: from + i, ts: from + i, key, name }));

function feed(set: PatternSet<Tick>, events: readonly Tick[]): void {
  for (const event of events) set.process(event, event.key, -1, event.ts);
}

function setOf(
  models: Readonly<Record<string, PatternModel<Tick>>>,
  options?: PatternSetOptions,
): { set: PatternSet<Tick>; log: Log } {
  const log = new Log();
  const set = new PatternSet<Tick>(log, options);
  for (const [name, model] of Object.entries(models)) set.add(name, model);
  return { set, log };
}

/** Each pattern by itself for each key by itself. */
function oneByOne(models: Readonly<Record<string, PatternModel<Tick>>>, events: readonly Tick[], endTs: number): Log {
  const log = new Log();
  for (const [name, model] of Object.entries(models)) {
    for (const key of new Set(events.map((event) => event.key))) {
      const network = new PredicateNetwork();
      const partition = compilePattern(model, network.table<Tick>()).partition();
      const output = {
        match: (bindings: Bindings<Tick>, startTs: number, at: number) => log.match(name, key, bindings, startTs, at),
        timeout: (bindings: Bindings<Tick>, startTs: number, at: number) =>
          log.timeout(name, key, bindings, startTs, at),
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
  return log;
}

test('many patterns over many keys answer as each by itself', () => {
  fc.assert(
    fc.property(stream, fc.integer({ min: 1, max: 3 }), (events, copies) => {
      // Copies make a key crowded, so that both ways to find what lives for it are taken.
      const models = Object.fromEntries(
        Object.entries(patterns).flatMap(([name, model]) =>
          Array.from({ length: copies }, (_, i) => [`${name}${i}`, model]),
        ),
      );
      const { set, log } = setOf(models);
      feed(set, events);
      const endTs = (events.at(-1)?.ts ?? 0) + 10;
      set.advance(endTs);
      const expected = oneByOne(models, events, endTs);
      expect(log.matches.sort()).toEqual(expected.matches.sort());
      expect(log.timeouts.sort()).toEqual(expected.timeouts.sort());
      expect(log.failures).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('a set goes on from its snapshot', () => {
  fc.assert(
    fc.property(stream, fc.nat(24), (events, cut) => {
      const [whole, first, second] = [setOf(patterns), setOf(patterns), setOf(patterns)];
      feed(whole.set, events);
      feed(first.set, events.slice(0, cut));
      second.set.restore(structuredClone(first.set.snapshot()));
      feed(second.set, events.slice(cut));
      for (const { set } of [whole, second]) set.advance(100);
      expect([...first.log.matches, ...second.log.matches].sort()).toEqual(whole.log.matches.sort());
      expect(second.set.list().map(({ hits }) => hits)).toEqual(whole.set.list().map(({ hits }) => hits));
    }),
    { numRuns: 300 },
  );
});

test('a key holds nothing once its partial matches are over, and timers need no further event of it', () => {
  const { relaxed, absent } = patterns as { relaxed: PatternModel<Tick>; absent: PatternModel<Tick> };
  const { set, log } = setOf({ relaxed, absent });
  feed(set, [...ticks('a', 0, 'x'), ...ticks('b', 1, 'y')]);
  expect([set.keys, set.nextMs]).toEqual([2, 4]);
  set.advance(3);
  expect([log.matches, set.keys]).toEqual([[], 2]);
  set.advance(4);
  expect([log.matches, set.keys, set.nextMs]).toEqual([['absent y: b=1 (1..4)'], 1, 5]);
  set.advance(5);
  expect([set.keys, set.nextMs]).toEqual([0, Infinity]);
});

describe('patterns that change while events come', () => {
  const ab: PatternModel<Tick> = { steps: [step(null, 'a'), step('followedBy', 'b')] };
  const ac: PatternModel<Tick> = { steps: [step(null, 'a'), step('followedBy', 'c')] };

  test('one that is added sees events from then on, and the others lose nothing', () => {
    const { set, log } = setOf({ ab });
    feed(set, ticks('a'));
    set.add('ac', ac);
    feed(set, ticks('bc', 1));
    expect(log.matches).toEqual(['ab k: a=0 b=1 (0..1)']);
    feed(set, ticks('ac', 3));
    expect(log.matches.slice(1)).toEqual(['ac k: a=3 c=4 (3..4)']);
  });

  test('what the old version has begun goes on, and its counts too', () => {
    const { set, log } = setOf({ p: ab });
    feed(set, ticks('a'));
    set.replace('p', ac);
    expect(set.list().map(({ isDraining, keys }) => [isDraining, keys])).toEqual([
      [true, 1],
      [false, 0],
    ]);
    feed(set, ticks('abc', 1));
    expect(log.matches).toEqual(['p k: a=0 b=2 (0..2)', 'p k: a=1 c=3 (1..3)']);
    expect(set.keys).toBe(0);
    expect(set.list()).toMatchObject([{ name: 'p', hits: 2, isDraining: false, keys: 0 }]);
  });

  test('or is dropped where that is wanted', () => {
    const { set, log } = setOf({ p: ab, q: ab });
    feed(set, ticks('a'));
    set.replace('p', ac, {}, 'drop');
    set.remove('q');
    expect([set.keys, set.list().length]).toEqual([0, 1]);
    feed(set, ticks('bc', 1));
    expect(log.matches).toEqual([]);
  });

  test('names are unique, known and not too many', () => {
    const { set } = setOf({ ab }, { maxConcurrentPatterns: 1, path: 'flow.x.match' });
    expect(() => set.add('ab', ac)).toThrow(/^flow\.x\.match\.ab: expected a name that is free/);
    expect(() => set.add('ac', ac)).toThrow('at most 1 patterns');
    expect(() => set.remove('zz')).toThrow('a pattern of the set');
  });
});

describe('bounds', () => {
  const pairs: PatternModel<Tick> = {
    steps: [step(null, 'a'), step('followedBy', 'b', { where: { callWithSeen: isB } })],
  };
  function isB(event: Tick): boolean {
    return event.name === 'b';
  }

  test.for([
    ['shedOldest', ['p k: a=1 b=3 (1..3)', 'p k: a=2 b=3 (2..3)']],
    ['reject', ['p k: a=0 b=3 (0..3)', 'p k: a=1 b=3 (1..3)']],
  ] as const)('more partial matches than a key may have: %s', ([whenFull, expected]) => {
    const { set, log } = setOf({ p: pairs }, { maxPartials: 2, whenFull });
    feed(set, ticks('aaab'));
    expect(log.matches).toEqual(expected);
    expect(log.shedding).toEqual(['p k: 1']);
    expect(set.list()).toMatchObject([{ shed: 1, hits: 2 }]);
  });

  test('an event too many fails where that is wanted', () => {
    const { set, log } = setOf({ p: pairs }, { maxPartials: 2, whenFull: 'error' });
    feed(set, ticks('aaab'));
    expect(log.failures).toEqual([['p', 'k', 2, expect.any(RangeError)]]);
    expect(log.matches).toHaveLength(2);
  });

  test('more keys than may live: the one that ends first goes, or the newcomer is refused', () => {
    const { relaxed } = patterns as { relaxed: PatternModel<Tick> };
    for (const [whenFull, gone] of [
      ['shedOldest', 'x'],
      ['reject', 'z'],
    ] as const) {
      const { set, log } = setOf({ relaxed }, { cache: { size: 2 }, whenFull });
      feed(set, [...ticks('a', 0, 'x'), ...ticks('a', 1, 'y'), ...ticks('a', 2, 'z')]);
      expect([set.keys, log.shedding]).toEqual([2, [`relaxed ${gone}: 1`]]);
    }
  });

  test('what no event changes for so long is let go', () => {
    const { set, log } = setOf({ p: pairs }, { cache: { expirationTime: 10 } });
    feed(set, [...ticks('a'), ...ticks('a', 8)]);
    set.advance(17);
    expect([set.keys, log.shedding]).toEqual([1, []]);
    set.advance(18);
    expect([set.keys, log.shedding]).toEqual([0, ['p k: 2']]);
  });

  test('what is no bound is refused', () => {
    expect(() => setOf({}, { maxPartials: 0 })).toThrow('patterns.maxPartials: expected a whole number');
    expect(() => setOf({}, { whenFull: 'drop' as 'reject' })).toThrow('patterns.whenFull');
  });
});

test('a function that throws blames its event, and the other patterns have seen it', () => {
  const boom = (): never => {
    throw new Error('on purpose');
  };
  const { set, log } = setOf({
    early: { steps: [{ link: null, name: 'a', where: { call: boom } }] },
    late: { steps: [step(null, 'a'), step('followedBy', 'b', { where: { callWithSeen: boom } })] },
    fine: { steps: [step(null, 'a'), step('followedBy', 'b')] },
  });
  feed(set, ticks('ab'));
  expect(log.matches).toEqual(['fine k: a=0 b=1 (0..1)']);
  expect(log.failures).toEqual([
    [undefined, 'k', 0, expect.any(Error)],
    ['late', 'k', 1, expect.any(Error)],
    [undefined, 'k', 1, expect.any(Error)],
  ]);
});

test('what a pattern costs is told where there is a clock', () => {
  let now = 0;
  const log = new Log();
  const set = new PatternSet<Tick>(log, { clock: { now: () => (now += 1) } });
  set.add('p', { steps: [step(null, 'a'), step('followedBy', 'b')] });
  feed(set, ticks('ac'.repeat(2048)));
  expect(set.list()).toMatchObject([{ handled: 2048, costMs: 0 }]);
  feed(set, ticks('ab'.repeat(1024), 4096));
  expect(set.list()[0]?.costMs).toBeGreaterThan(0);
});
