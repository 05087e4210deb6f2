/** What the cases of the reference do not ask: functions that see the match, time, snapshots, bounds, choices, orders. */

import { expect, test } from 'vitest';
import { anyOf, inAnyOrder } from '../builder/block.ts';
import { pattern } from '../builder/builder.ts';
import type { Pattern } from '../builder/pattern.ts';
import { fields, past } from '../builder/fields.ts';
import type { Bindings, EventTruth, MatchOutput, PatternPartition, PredicateTable } from '../matcher.ts';
import { SkipTargetError } from '../model/error.ts';
import { eventCheck, type EventCheck } from '../model/evaluate.ts';
import type { Predicate } from '../model/predicate.ts';
import { runProgram } from './program.ts';

interface Event {
  readonly name: string;
  readonly price: number;
}

class Table implements PredicateTable<Event>, EventTruth {
  readonly checks: EventCheck<Event>[] = [];
  event: Event = { name: '', price: 0 };

  idOf(predicate: Predicate<Event>): number {
    return this.checks.push(eventCheck(predicate)) - 1;
  }

  holds(predicate: number): boolean {
    return this.checks[predicate]?.(this.event) ?? false;
  }
}

/** Feeds events such as `a1 b2 @9`: name and price, one millisecond apart; `@9` moves time to 9. */
class Session implements MatchOutput<Event> {
  readonly matches: string[] = [];
  readonly timeouts: string[] = [];
  readonly #table = new Table();
  readonly program: ReturnType<typeof runProgram<Event>>;
  partition: PatternPartition<Event>;
  lost = 0;
  #ts = 0;

  constructor({ model }: Pattern<Event, unknown, unknown>) {
    this.program = runProgram(model, this.#table, 'test');
    this.partition = this.program.partition();
  }

  feed(text: string): this {
    for (const token of text.split(' ')) {
      if (token.startsWith('@')) this.#ts = Number(token.slice(1));
      else this.#ts++;
      this.partition.advance(this.#ts, this);
      if (token.startsWith('@')) continue;
      this.#table.event = { name: token.slice(0, 1), price: Number(token.slice(1)) };
      this.partition.process(this.#table.event, this.#ts, this.#table, this);
    }
    return this;
  }

  match(bindings: Bindings<Event>): void {
    this.matches.push(shown(bindings));
  }

  timeout(bindings: Bindings<Event>, _: number, at: number): void {
    this.timeouts.push(`${shown(bindings)} @${at}`);
  }

  shed(partials: number): void {
    this.lost += partials;
  }
}

function shown(bindings: Bindings<Event>): string {
  return Object.entries(bindings)
    .map(([name, events]) => `${name}=${events.map((event) => `${event.name}${event.price}`).join(',')}`)
    .sort()
    .join(' ');
}

const is = (name: string) => (event: Event) => event.name === name;
const f = fields<Event>();
const start = pattern<Event>();

test('a function sees earlier steps and the loop itself, and each branch sees its own', () => {
  const rising = start
    .begin('a', is('a'))
    .followedBy('b', (e, seen) => e.name === 'b' && e.price > (seen.b?.last?.price ?? 0) && seen.a[0].price < 5)
    .oneOrMore({ contiguity: 'any' })
    .followedBy('c', (e, seen) => e.name === 'c' && seen.b.sum('price') === e.price);
  expect(new Session(rising).feed('a1 b1 b3 b2 c4').matches).toEqual(['a=a1 b=b1,b3 c=c4']);
  expect(new Session(rising).feed('a1 b1 b3 b2 c3').matches).toEqual(['a=a1 b=b1,b2 c=c3']);
  expect(new Session(rising).feed('a7 b1 c1').matches).toEqual([]);
});

test('what a function sees is counted, averaged and summed as it grows', () => {
  const sums: unknown[] = [];
  const loop = start
    .begin('a', is('a'))
    .oneOrMore()
    .next(
      'b',
      (e, { a }) => e.name === 'b' && sums.push([a.count, a.sum('price'), a.avg('price'), a.first, a.map((x) => x)]),
    );
  new Session(loop).feed('a1 a2 b0');
  expect(sums).toEqual([
    [
      2,
      3,
      1.5,
      { name: 'a', price: 1 },
      [
        { name: 'a', price: 1 },
        { name: 'a', price: 2 },
      ],
    ],
    [1, 2, 2, { name: 'a', price: 2 }, [{ name: 'a', price: 2 }]],
  ]);
});

test.each([
  ['min', 'a3 a1 a2 b1', 1],
  ['max', 'a3 a1 a2 b3', 1],
  ['avg', 'a3 a1 a2 b2', 1],
  ['first', 'a3 a1 a2 b3', 1],
  ['last', 'a3 a1 a2 b2', 1],
  ['sum', 'a3 a1 a2 b6', 1],
  ['sum', 'a3 a1 a2 b5', 0],
] as const)('%s over a loop on %s holds %d time(s)', (aggregate, events, count) => {
  const loop = start
    .begin('a', f.name.eq('a'))
    .times(3)
    .next('b', f.name.eq('b').and(f.price.eq(past[aggregate]('a', 'price'))));
  expect(new Session(loop).feed(events).matches).toHaveLength(count);
});

test('one of several sequences: the first event that suits any of them decides', () => {
  const one = start
    .begin('a', is('a'))
    .followedBy(anyOf(start.begin('b', is('b')).next('c', is('c')), start.begin('d', is('d'))))
    .followedBy('e', is('e'));
  expect(new Session(one).feed('a1 x1 d2 e3').matches).toEqual(['a=a1 d=d2 e=e3']);
  expect(new Session(one).feed('a1 b2 c3 d4 e5').matches).toEqual(['a=a1 b=b2 c=c3 e=e5']);
  expect(new Session(one).feed('a1 b2 d3 e4').matches).toEqual([]);
  const strict = start.begin('a', is('a')).next(anyOf(start.begin('b', is('b')), start.begin('d', is('d'))));
  expect(new Session(strict).feed('a1 x1 d2').matches).toEqual([]);
  expect(new Session(strict).feed('a1 d2').matches).toEqual(['a=a1 d=d2']);
});

test('an optional alternative is passed once', () => {
  const maybe = start
    .begin('a', is('a'))
    .followedBy(anyOf(start.begin('b', is('b')), start.begin('d', is('d'))))
    .optional()
    .followedBy('e', is('e'));
  expect(new Session(maybe).feed('a1 x1 x2 e3').matches).toEqual(['a=a1 e=e3']);
  expect(new Session(maybe).feed('a1 x1 d2 e3').matches.sort()).toEqual(['a=a1 d=d2 e=e3', 'a=a1 e=e3']);
});

test('a repeated alternative', () => {
  const loop = start
    .begin(anyOf(start.begin('b', is('b')), start.begin('d', is('d'))))
    .times(3)
    .next('e', is('e'));
  expect(new Session(loop).feed('b1 d2 b3 e4').matches).toEqual(['b=b1,b3 d=d2 e=e4']);
  expect(new Session(loop).feed('b1 d2 e3').matches).toEqual([]);
});

test('all of several, in any order', () => {
  const three = start.begin('p', is('a')).followedBy('q', is('b')).followedBy('r', is('c'));
  const any = start.begin('s', is('s')).next(inAnyOrder(three)).next('e', is('e'));
  const all = 'p=a1 q=b2 r=c3';
  for (const order of ['a1 b2 c3', 'c3 a1 b2', 'b2 c3 a1', 'c3 x9 b2 x9 a1']) {
    expect(new Session(any).feed(`s0 ${order} e4`).matches, order).toEqual([`e=e4 ${all} s=s0`]);
  }
  expect(new Session(any).feed('s0 a1 b2 a1 e4').matches).toEqual([]);
  expect(new Session(any).feed('s0 x9 a1 b2 c3 e4').matches).toEqual([]);
});

test('a negation at the end is a match when its time is over, without a further event', () => {
  const absent = start.begin('a', is('a')).notFollowedBy('b', is('b')).within(5);
  const session = new Session(absent).feed('a1');
  expect(session.partition.deadline).toBe(6);
  expect(session.feed('@5').matches).toEqual([]);
  expect(session.feed('@6').matches).toEqual(['a=a1']);
  expect(session.partition.isIdle).toBe(true);
  expect(new Session(absent).feed('a1 b2 @99').matches).toEqual([]);
});

test('what must not come after an optional step ends the way around it; the step may still come', () => {
  const maybe = start.begin('c', is('c')).followedBy('d', is('d')).optional();
  const next = maybe.notNext('n', is('a')).followedByAny('e', is('e'));
  expect(new Session(next).feed('c1 a2 d3 x4 e5').matches).toEqual(['c=c1 d=d3 e=e5']);
  expect(new Session(next).feed('c1 a2 e3').matches).toEqual([]);
  expect(new Session(next).feed('c1 d2 a3 e4').matches, 'd may be left out').toEqual(['c=c1 e=e4']);
  const later = maybe.notFollowedBy('n', is('a')).followedBy('e', is('e'));
  expect(new Session(later).feed('c1 x1 a2 d3 e4').matches).toEqual(['c=c1 d=d3 e=e4']);
  const branch = start
    .begin(anyOf(maybe, start.begin('y', is('y'))))
    .notNext('n', is('a'))
    .followedBy('e', is('e'));
  expect(new Session(branch).feed('c1 a2 d3 e4').matches).toEqual(['c=c1 d=d3 e=e4']);
});

test('an optional step before a negation at the end need not come', () => {
  const step = start.begin('c', is('c')).followedBy('d', is('d')).optional().notFollowedBy('n', is('a')).within(5);
  expect(new Session(step).feed('c1 @9').matches).toEqual(['c=c1']);
  expect(new Session(step).feed('c1 d2 @9').matches.sort()).toEqual(['c=c1', 'c=c1 d=d2']);
  expect(new Session(step).feed('c1 a2 d3 @9').matches).toEqual(['c=c1 d=d3']);
  expect(new Session(step).feed('c1 a2 @9').matches).toEqual([]);
  const two = start.begin('d', is('d')).next('e', is('e'));
  const group = start.begin('c', is('c')).followedBy(two).optional().notFollowedBy('n', is('a')).within(5);
  expect(new Session(group).feed('c1 @9').matches).toEqual(['c=c1']);
  expect(new Session(group).feed('c1 a2 d3 e4 @9').matches).toEqual(['c=c1 d=d3 e=e4']);
});

test('a loop over what may be missing comes to an end: a pass that takes nothing is not repeated', () => {
  const loop = start
    .begin(start.begin('a', is('a')).optional())
    .oneOrMore()
    .followedBy('c', is('c'));
  expect(new Set(new Session(loop).feed('a1 c2').matches)).toEqual(new Set(['a=a1 c=c2', 'c=c2']));
  expect(new Set(new Session(loop).feed('a1 a2 c3').matches)).toContain('a=a1,a2 c=c3');
});

test('a window ends before the event at its end, a gap is counted from the event before', () => {
  const window = start.begin('a', is('a')).followedBy('b', is('b')).within(3);
  expect(new Session(window).feed('a1 x1 b2').matches).toEqual(['a=a1 b=b2']);
  const late = new Session(window).feed('a1 x1 x1 b2');
  expect([late.matches, late.timeouts]).toEqual([[], ['a=a1 @4']]);
  const gap = start.begin('a', is('a')).followedBy('b', is('b')).followedBy('c', is('c')).gap(2);
  expect(new Session(gap).feed('a1 x1 x1 b2 c3').matches).toEqual(['a=a1 b=b2 c=c3']);
  expect(new Session(gap).feed('a1 b2 x1 c3').timeouts).toEqual(['a=a1 b=b2 @4']);
});

test('a snapshot goes on where it was taken, shared events and running sums included', () => {
  const sum = start
    .begin('a', f.name.eq('a'))
    .oneOrMore()
    .followedBy('b', f.name.eq('b').and(f.price.eq(past.sum('a', 'price'))))
    .skip('pastLast')
    .within(20);
  const session = new Session(sum).feed('a1 a2 a3');
  const snapshot = structuredClone(session.partition.snapshot());
  const { deadline, partials } = session.partition;
  session.partition.release();
  expect(session.partition.isIdle).toBe(true);
  session.partition = session.program.partition(snapshot);
  expect(session.partition.partials).toBe(partials);
  expect(session.partition.deadline).toBe(deadline);
  expect(session.feed('b6').matches).toEqual(['a=a1,a2,a3 b=b6']);
});

test('a bound lets go of the oldest, the newest or the least advanced', () => {
  const pair = start.begin('a', is('a')).followedBy('b', is('b')).followedBy('c', is('c'));
  const left = (order: 'oldest' | 'newest' | 'leastAdvanced'): string[] => {
    const session = new Session(pair).feed('a1 b1 a2');
    session.partition.shed(1, order, session);
    expect([session.lost, session.partition.partials]).toEqual([1, 1]);
    return session.feed('b3 c4').matches;
  };
  expect(left('oldest')).toEqual(['a=a2 b=b3 c=c4']);
  expect(left('newest')).toEqual(['a=a1 b=b1 c=c4']);
  expect(left('leastAdvanced')).toEqual(['a=a1 b=b1 c=c4']);
});

test('skipping to a step that is missing, or to the first event, is an error where asked', () => {
  const reason = (target: 'a' | 'b', events: string): string => {
    const built = start.begin('a', is('a')).next('b', is('b')).optional().next('c', is('c'));
    const session = new Session(built.skip('toFirst', target, { errorOnMiss: true }));
    try {
      session.feed(events);
      return session.matches.join('; ');
    } catch (error) {
      if (error instanceof SkipTargetError) return error.reason;
      throw error;
    }
  };
  expect(reason('b', 'a1 c2')).toBe('skipTargetMissing');
  expect(reason('a', 'a1 c2')).toBe('skipTargetIsFirstElement');
  expect(reason('b', 'a1 b2 c3')).toBe('a=a1 b=b2 c=c3');
});

test('an event that concerns nobody is known beforehand, unless contiguity makes every event matter', () => {
  const relaxed = new Session(start.begin('a', is('a')).followedBy('b', is('b')));
  expect([relaxed.program.starts, relaxed.program.awaits]).toEqual([[0], [0, 1]]);
  const strict = new Session(start.begin('a', is('a')).next('b', is('b')));
  expect([strict.program.starts, strict.program.awaits]).toEqual([[0], undefined]);
  expect(new Session(start.begin('any').followedBy('b', is('b'))).program.starts).toBeUndefined();
  const seeing = start.begin('a', is('a')).followedBy('b', f.name.eq('b').and(f.price.gt(past.last('a', 'price'))));
  expect(new Session(seeing).program.awaits).toEqual([0, 1]);
});

test('a loop of 100,000 events keeps one link per event, and is matched as a whole', () => {
  const count = 100_000;
  const long = start.begin('s', is('s')).followedBy('a', is('a')).atLeast(3).greedy().followedBy('z', is('z'));
  const session = new Session(long).feed('s0');
  const events = Array.from({ length: count }, () => 'a1').join(' ');
  session.feed(events);
  expect(session.partition.partials).toBe(1);
  expect((session.partition.snapshot() as { bounds: unknown[] }).bounds).toHaveLength(count + 1);
  session.feed('z2');
  expect(session.matches).toHaveLength(1);
});
