import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileSegment } from '../../fusion/compile.ts';
import type { Segment } from '../../fusion/segment.ts';
import type { MatcherWishes } from '../dag/choose.ts';
import type { PatternOptimization } from '../network/bounds.ts';
import type { Pattern } from '../builder/pattern.ts';
import type { Step } from '../model/pattern.ts';
import { patternOf } from '../pattern-of.ts';
import { step } from '../steps-fixtures.ts';
import type { OperatorSpec } from '../../operator/operator.ts';
import type { LivePatterns, NamedPattern } from './live-patterns.ts';
import { matchPatterns, type PatternMatch, type PatternShed, type PatternTimeout } from './match.ts';

interface Tick {
  readonly id: number;
  readonly at: number;
  readonly key: string;
  readonly name: string;
}

type Match = PatternMatch<string, Readonly<Record<string, readonly Tick[]>>, unknown>;

const of = (...steps: readonly Step[]): Pattern<Tick> =>
  patternOf<Tick>({ steps, within: { ms: 10, scope: 'firstToLast' } });
const ab = of(step(null, 'a'), step('followedBy', 'b'));
const absent = of(step(null, 'a'), step('notFollowedBy', 'b'));

interface Placed {
  readonly isKeyed?: boolean;
  readonly hasTime?: boolean;
  readonly outOfOrderMs?: number;
  /** Event time goes on with wall time after a second of silence. */
  readonly goesOn?: boolean;
  readonly generateCode?: boolean;
}

function segmentOf(operator: OperatorSpec, placed: Placed = {}): Segment {
  const { isKeyed = true, hasTime = true, outOfOrderMs = 0, goesOn = false, generateCode = true } = placed;
  const match = { operator, ports: [0, 1, 2, 3].map((leaf) => [{ leaf }]) };
  const keyBy = { kind: 'keyBy', name: 'key', fn: ({ key }: Tick) => key } as const;
  const keyed = isKeyed ? { operator: keyBy, ports: [[match]] } : match;
  const idleMs = goesOn ? 1000 : 1e9;
  const fn = ({ at }: Tick): number => at;
  const eventTime = { kind: 'eventTime', name: 'time', fn, outOfOrderMs, idleMs, goesOn } as const;
  const tree = hasTime ? { operator: eventTime, ports: [[keyed]] } : keyed;
  const clock = { now: () => 0, wall: () => 0 };
  return compileSegment([tree], 4, { flow: 'test', clock, random: () => 0.5, generateCode });
}

function matching(
  patterns: Parameters<typeof matchPatterns>[2],
  options: PatternOptimization & MatcherWishes & { readonly placed?: Placed } = {},
): Segment {
  const { placed, timeouts, limit, ...bounds } = options;
  const wishes = { ...(timeouts !== undefined && { timeouts }), limit };
  return segmentOf(matchPatterns('match', 'flow.test.match', patterns, wishes, bounds), placed);
}

const shown = (match: Match): string =>
  `${match.pattern} ${match.key}: ${Object.values(match.events)
    .map((events) => events.map(({ id }) => id).join('+'))
    .join(' ')} (${match.start}..${match.end})`;

function run(segment: Segment, events: readonly Tick[], batch = 3): string[] {
  const found: Match[] = [];
  for (let at = 0; at < events.length; at += batch) {
    segment.process(events, at, Math.min(events.length, at + batch), 'p');
    found.push(...((segment.take(0) ?? []) as Match[]));
  }
  return found.map(shown);
}

function ended(segment: Segment): string[] {
  segment.end();
  return ((segment.take(0) ?? []) as Match[]).map(shown);
}

/** Letters for one key, one tick apart. */
const ticks = (names: string, key = 'k'): Tick[] => Array.from(names, (name, id) => ({ id, at: id, key, name }));

const stream = fc
  .array(
    fc.record({
      name: fc.constantFrom('a', 'b'),
      key: fc.constantFrom('x', 'y'),
      step: fc.integer({ min: 0, max: 4 }),
    }),
    { maxLength: 20 },
  )
  .map((events) => {
    let at = 0;
    return events.map(({ step: pause, ...event }, id): Tick => ({ id, at: (at += pause), ...event }));
  });

test('results depend on the order of event time alone: not on batches, nor on the order of arrival within the bound', () => {
  fc.assert(
    fc.property(
      stream,
      fc.integer({ min: 1, max: 7 }),
      fc.array(fc.nat(3), { minLength: 20, maxLength: 20 }),
      (events, batch, shifts) => {
        const inOrder = matching({ ab, absent });
        const expected = [...run(inOrder, events, 1), ...ended(inOrder)];
        // An event moves back by less than the bound, behind none of its own time.
        const shuffled = events
          .map((event, i) => ({ event, arrives: event.at + Math.min(shifts[i] ?? 0, 3) }))
          .sort(
            (one, other) =>
              one.arrives - other.arrives || one.event.at - other.event.at || one.event.id - other.event.id,
          )
          .map(({ event }) => event);
        const disordered = matching({ ab, absent }, { placed: { outOfOrderMs: 4 } });
        const found = [...run(disordered, shuffled, batch), ...ended(disordered)];
        const isStable = shuffled.every((event, i) =>
          shuffled.slice(i).every((later) => later.at !== event.at || later.id >= event.id),
        );
        if (isStable) expect(found.sort()).toEqual(expected.sort());
      },
    ),
    { numRuns: 200 },
  );
});

test('an event that event time has passed is late, and changes nothing', () => {
  const segment = matching({ ab });
  const events = [...ticks('ac'), { id: 2, at: 0, key: 'k', name: 'b' }];
  expect(run(segment, events)).toEqual([]);
  expect(segment.take(2)).toEqual([events[2]]);
  expect(segment.counters().at(-1)?.counts).toMatchObject({ late: 1, keys: 1 });
});

test('without event time, events are matched as they arrive, and time ends what waits', () => {
  const segment = matching({ ab, absent }, { placed: { hasTime: false } });
  segment.tick(1000);
  expect(run(segment, ticks('a'))).toEqual([]);
  expect(segment.nextTickMs).toBe(1010);
  segment.tick(1010);
  expect(((segment.take(0) ?? []) as Match[]).map(shown)).toEqual(['absent k: 0 (1000..1010)']);
});

test('in event time too, what waits for time ends without a further event, by wall time, where that is wanted', () => {
  const slow = patternOf<Tick>({
    steps: [step(null, 'a'), step('notFollowedBy', 'b')],
    within: { ms: 5000, scope: 'firstToLast' },
  });
  const segment = matching({ slow }, { placed: { goesOn: true } });
  segment.tick(1_000_000);
  expect(run(segment, ticks('a'))).toEqual([]);
  expect(segment.nextTickMs).toBe(1_005_000);
  segment.tick(1_004_999);
  expect(segment.take(0)).toBeUndefined();
  segment.tick(1_005_000);
  expect(((segment.take(0) ?? []) as Match[]).map(shown)).toEqual(['slow k: 0 (0..5000)']);
  expect(run(segment, [{ id: 1, at: 4000, key: 'k', name: 'a' }])).toEqual([]);
  expect(segment.take(2)).toMatchObject([{ id: 1 }]);
  expect(matching({ slow }).nextTickMs).toBe(Infinity);
});

test('what runs out of time is told where it is wanted, and what follows inherits event time', () => {
  const segment = matching(ab, { timeouts: true });
  run(segment, [...ticks('a'), { id: 1, at: 12, key: 'z', name: 'c' }]);
  const [timeout] = (segment.take(1) ?? []) as PatternTimeout<string, Tick>[];
  expect(timeout).toMatchObject({ pattern: 'pattern', key: 'k', start: 0, at: 10 });
});

test('a stream that is not keyed is one', () => {
  const events = [...ticks('a', 'x'), { id: 1, at: 1, key: 'y', name: 'b' }];
  expect(run(matching(ab, { placed: { isKeyed: false } }), events)).toEqual(['pattern undefined: 0 1 (0..1)']);
  expect(run(matching(ab, { placed: { generateCode: false } }), events)).toEqual([]);
});

test('a pattern with a selection gives its result; one that throws costs that match only', () => {
  const named: NamedPattern<Tick, unknown> = {
    ...ab,
    name: 'ab',
    project: ({ b }) => {
      if (b?.[0]?.id === 1) throw new Error('on purpose');
      return b?.[0]?.id;
    },
  };
  const segment = matching([named]);
  segment.process(ticks('abab'), 0, 4, 'p');
  expect((segment.take(0) as Match[]).map(({ value }) => value)).toEqual([3]);
  expect(segment.takeFailures()).toMatchObject([{ operator: 'match', key: 'k', event: { pattern: 'ab', start: 0 } }]);
});

test('a pattern that counts gives one output for all matches that come at once', () => {
  const all = {
    ...ab.model,
    steps: ab.model.steps.map((step) => (step.link === null ? step : { ...step, link: 'followedByAny' as const })),
  };
  const counting = patternOf<Tick>({ ...all, only: 'count' }, 'counting');
  const segment = matching([counting]);
  segment.process(ticks('aaab'), 0, 4, 'p');
  segment.end();
  expect(segment.take(0)).toMatchObject([{ count: 3, events: {}, start: 0, end: 3 }]);
});

test('events may be gathered: until there are enough, or for a time', () => {
  const batchProcessing = { size: 3, timeout: 50 };
  const segment = matching({ ab }, { batchProcessing, placed: { hasTime: false } });
  segment.tick(1000);
  expect(run(segment, ticks('ab'))).toEqual([]);
  segment.tick(1050);
  expect(((segment.take(0) ?? []) as Match[]).map(shown)).toEqual(['ab k: 0 1 (1000..1000)']);
  expect(run(segment, ticks('abc'))).toEqual(['ab k: 0 1 (1050..1050)']);
});

test('bounds let go of what is too much, and say so', () => {
  const segment = matching({ ab }, { cache: { size: 1 } });
  run(segment, [...ticks('a', 'x'), ...ticks('a', 'y')]);
  expect(segment.take(3)).toEqual([{ pattern: 'ab', key: 'x', partials: 1 } satisfies PatternShed<string>]);
});

describe('while it runs', () => {
  const live = (segment: Segment): LivePatterns => segment.patterns().get('match') as LivePatterns;

  test('patterns are listed, added, replaced and removed', () => {
    const segment = matching({ ab });
    run(segment, ticks('a'));
    live(segment).add('twice', of(step(null, 'b')));
    expect(run(segment, [{ id: 1, at: 1, key: 'k', name: 'b' }])).toEqual(
      ['twice k: 1 (1..1)', 'ab k: 0 1 (0..1)'].sort(),
    );
    live(segment).remove('twice');
    expect(live(segment).list()).toMatchObject([{ name: 'ab', matcher: 'dag', hits: 1, keys: 0, partials: 0 }]);
  });

  test('it goes on from a snapshot, what waits for the watermark included', () => {
    const placed = { outOfOrderMs: 5 };
    const [first, second] = [matching({ ab, absent }, { placed }), matching({ ab, absent }, { placed })];
    run(first, ticks('aab'));
    second.restore(structuredClone(first.snapshot()));
    expect(run(second, [{ id: 3, at: 20, key: 'z', name: 'c' }])).toEqual(
      ['ab k: 0 2 (0..2)', 'ab k: 1 2 (1..2)'].sort().reverse(),
    );
    const other = matching({ absent }, { placed });
    expect(() => other.restore(first.snapshot())).toThrow(/^match: its stored state is of "patterns ab, absent/);
  });
});

test('what is no pattern, or has the name of another, is refused', () => {
  expect(() => matching([ab, { name: 'pattern', model: ab } as never])).toThrow('patterns with names of their own');
  expect(() => matching({ odd: {} as never })).toThrow('flow.test.match.odd: expected a pattern');
  expect(() => matching({ ab }, { maxPartials: -1 })).toThrow('flow.test.match.maxPartials');
});
