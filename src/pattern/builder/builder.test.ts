import { describe, expect, expectTypeOf, test } from 'vitest';
import { PatternError } from '../model/error.ts';
import type { SeenEvents } from '../model/predicate.ts';
import { anyOf, inAnyOrder } from './block.ts';
import { pattern } from './builder.ts';
import { fields, past } from './fields.ts';
import type { Pattern } from './pattern.ts';

interface Login {
  readonly type: 'login';
  readonly user: string;
  readonly ok: boolean;
}
interface Logout {
  readonly type: 'logout';
  readonly user: string;
}
type Session = Login | Logout;

const isLogin = (event: Session): event is Login => event.type === 'login';
const isLogout = (event: Session): event is Logout => event.type === 'logout';
const by = (name: string) => (event: Session) => event.user === name;

describe('the model', () => {
  test('is what the calls say', () => {
    const isA = by('a');
    const built = pattern<Session>('p')
      .begin('a', isA)
      .next('b')
      .times(2, { max: 4, contiguity: 'strict', gap: '1s' })
      .followedBy('c')
      .oneOrMore()
      .greedy()
      .optional()
      .notFollowedBy('d')
      .followedByAny('e')
      .gap('2s')
      .within('5 min')
      .skip('toLast', 'c', { errorOnMiss: true });
    expect(built.name).toBe('p');
    expect(built.model).toEqual({
      steps: [
        { link: null, name: 'a', where: { call: isA } },
        { link: 'next', name: 'b', quantifier: { min: 2, max: 4, inner: 'strict', gapMs: 1000 } },
        { link: 'followedBy', name: 'c', quantifier: { min: 1, max: null, greedy: true, optional: true } },
        { link: 'notFollowedBy', name: 'd' },
        { link: 'followedByAny', name: 'e', gapMs: 2000 },
      ],
      within: { ms: 300_000, scope: 'firstToLast' },
      skip: { strategy: 'toLast', ref: 'c', errorOnMiss: true },
    });
  });

  test('a function of two parameters sees the match so far, one of one does not', () => {
    const { steps } = pattern<Session>()
      .begin('a', (e) => e.user === 'x')
      .next('b', (e, seen) => e.user === seen.a[0].user).model;
    expect(steps.map((step) => ('name' in step ? Object.keys(step.where ?? {}) : []))).toEqual([
      ['call'],
      ['callWithSeen'],
    ]);
  });

  test('groups, alternatives and permutations are patterns too', () => {
    const sub = pattern<Session>().begin('b').next('c');
    const one = (name: string) => pattern<Session>().begin(name);
    expect(pattern<Session>().begin('a').followedBy(sub).atLeast(2).model.steps[1]).toEqual({
      link: 'followedBy',
      group: [
        { link: null, name: 'b' },
        { link: 'next', name: 'c' },
      ],
      quantifier: { min: 2, max: null },
    });
    expect(pattern<Session>().begin(anyOf(one('x'), one('y'))).model.steps).toEqual([
      { link: null, anyOf: [[{ link: null, name: 'x' }], [{ link: null, name: 'y' }]] },
    ]);
    expect(pattern<Session>().begin('a').next(inAnyOrder(sub)).model.steps[1]).toEqual({
      link: 'next',
      permute: [
        { link: null, name: 'b' },
        { link: 'next', name: 'c' },
      ],
    });
  });

  test('tests of fields stay data', () => {
    interface Trade {
      readonly side: 'BUY' | 'SELL';
      readonly price: number;
      readonly limit?: number;
    }
    const f = fields<Trade>();
    const { steps } = pattern<Trade>()
      .begin('a', f.price.gte(100).and(f.side.eq('SELL').not()))
      .next('b', f.price.gt(past.last('a', 'price')).or(f.price.lt(f.limit)))
      .where(f.side.in(['BUY'])).model;
    expect(steps.map((step) => ('name' in step ? step.where : undefined))).toEqual([
      { and: [{ cmp: [{ field: 'price' }, '>=', 100] }, { not: { cmp: [{ field: 'side' }, '==', 'SELL'] } }] },
      {
        and: [
          {
            or: [
              { cmp: [{ field: 'price' }, '>', { agg: 'last', of: 'a', field: 'price' }] },
              { cmp: [{ field: 'price' }, '<', { field: 'limit' }] },
            ],
          },
          { or: [{ cmp: [{ field: 'side' }, '==', 'BUY'] }] },
        ],
      },
    ]);
    // @ts-expect-error -- not a value of the field
    f.side.eq('HOLD');
    expectTypeOf(f).not.toHaveProperty('volume');
  });
});

test('of the matches that come at once: some, one, or how many there are', () => {
  const pair = pattern<Session>('p').begin('a').followedByAny('b');
  expect(pair.limit(5).model).toEqual({ steps: pair.model.steps, limit: 5 });
  expect(pair.only('longest').model).toEqual({ steps: pair.model.steps, only: 'longest' });
  const counted = pair.count();
  expect(counted.model).toEqual({ steps: pair.model.steps, only: 'count' });
  expect([counted.project({}, 7), counted.explain().matcher]).toEqual([7, 'dag']);
  expectTypeOf(counted.project({}, 7)).toEqualTypeOf<number>();
});

describe('what is wrong', () => {
  const refused = (build: () => unknown): string => {
    try {
      build();
    } catch (error) {
      if (error instanceof PatternError) return error.path;
      throw error;
    }
    return 'accepted';
  };

  test('is refused when the pattern is used', () => {
    expect(refused(() => pattern<Session>().begin(pattern<Session>().begin('a').within('1s')))).toBe('pattern.within');
    expect(refused(() => pattern<Session>().begin(pattern<Session>().begin('a').only('first')))).toBe('pattern.only');
    expect(refused(() => pattern<Session>().begin(pattern<Session>().begin('a').limit(1)))).toBe('pattern.limit');
    expect(refused(() => pattern<Session>().begin('a').limit(0).model)).toBe('limit');
    const group = pattern<Session>().begin('a').times(2);
    expect(refused(() => pattern<Session>().begin(inAnyOrder(pattern<Session>().begin(group))).model)).toBe(
      'inAnyOrder[0]',
    );
    expect(refused(() => pattern<Session>('p').begin('a').times(2).gap('1s'))).toBe('p.steps[0]');
  });

  test('is refused by the compiler where it can', () => {
    const a = pattern<Session>().begin('a').notFollowedBy('n');
    const not = pattern<Session>().begin('a').notNext('n');
    // @ts-expect-error -- two steps of one name
    expect(refused(() => a.followedBy('a').model)).toBe('steps[2].name');
    // @ts-expect-error -- a negation has a name of its own too
    expect(refused(() => a.followedBy('n').model)).toBe('steps[2].name');
    // @ts-expect-error -- no such step
    expect(refused(() => a.followedBy('b').skip('toFirst', 'c').model)).toBe('skip.ref');
    // @ts-expect-error -- a negation binds nothing to skip to
    expect(refused(() => a.followedBy('b').skip('toFirst', 'n').model)).toBe('skip.ref');
    const b = pattern<Session>().begin('b').next('a');
    // @ts-expect-error -- two steps of one name, one of them in a group
    expect(refused(() => a.followedBy(b).model)).toBe('steps[2].group[1].name');
    // @ts-expect-error -- or both in alternatives
    expect(refused(() => pattern<Session>().begin(anyOf(b, pattern<Session>().begin('a'))).model)).toBe(
      'steps[0].anyOf[1][0].name',
    );
    // @ts-expect-error -- a later step is not there yet
    a.followedBy('b', (_, seen) => seen.c === undefined).followedBy('c');
    // @ts-expect-error -- no such step
    a.followedBy('b').where((_, seen) => seen.d === undefined);
    // @ts-expect-error -- a negation binds nothing to look at
    a.followedBy('b').where((_, seen) => seen.n === undefined);
    // @ts-expect-error -- nothing repeats that could end
    expect(refused(() => b.until(isLogout).model)).toBe('steps[1].quantifier.until');
    // @ts-expect-error -- nor where it may be missing
    expect(refused(() => b.optional().until(isLogout).model)).toBe('steps[1].quantifier.until');
    // @ts-expect-error -- nor in a negation
    expect(refused(() => not.until(isLogout).model)).toBe('steps[1].quantifier');
    const loop = b.oneOrMore();
    expectTypeOf(loop.until((_, seen) => seen.b[0].type === 'login')).toEqualTypeOf(loop);
    // @ts-expect-error -- a negation cannot be left out
    expect(refused(() => not.optional().model)).toBe('steps[1].quantifier');
    // @ts-expect-error -- nor come more than once
    expect(refused(() => not.oneOrMore().model)).toBe('steps[1].quantifier');
    // @ts-expect-error -- nor so many times
    expect(refused(() => not.times(2).model)).toBe('steps[1].quantifier');
    // @ts-expect-error -- a condition is a function, a test or a predicate
    a.followedBy('b', 'user = 1');
  });
});

test('a negation at the end without a time is no pattern to the compiler', () => {
  const open = pattern<Session>().begin('a').notFollowedBy('n', isLogout).where(isLogin).skip('pastLast').limit(1);
  const use = <R>({ model }: Pattern<Session, R, unknown>): number => model.steps.length;
  expectTypeOf(open).not.toHaveProperty('model');
  expectTypeOf(open).not.toHaveProperty('select');
  expectTypeOf(open).not.toHaveProperty('count');
  // @ts-expect-error -- so that nothing takes it as one
  expect(() => use(open)).toThrow(PatternError);
  // @ts-expect-error -- a time before a further step does not help the next negation
  expect(() => use(open.gap('1s').next('b').notFollowedBy('m'))).toThrow(PatternError);
  expect([open.within('1s'), open.gap('1s')].map((one) => use(one))).toEqual([2, 2]);
  expect([use(open.next('b')), use(open.notNext('b'))]).toEqual([3, 3]);
  // Within may be said first.
  expect(use(pattern<Session>().begin('a').within('1s').next('b').notFollowedBy('n'))).toBe(3);
  // Within another one it is no end.
  expect(use(pattern<Session>().begin(pattern<Session>().begin('a').notFollowedBy('n')).next('b'))).toBe(2);
});

describe('types', () => {
  test('a match has one event, an array or undefined, by how often a step may come', () => {
    const built = pattern<Session>()
      .begin('one', isLogin)
      .next('maybe', isLogout)
      .optional()
      .notFollowedBy('no')
      .followedBy('some')
      .oneOrMore()
      .followedBy('any', isLogin)
      .times(3)
      .optional()
      .followedBy(pattern<Session>().begin('inner', isLogout).next('rare').optional())
      .times(2);
    built.select((match) => {
      expectTypeOf(match).toEqualTypeOf<{
        readonly one: Login;
        readonly maybe: Logout | undefined;
        readonly some: readonly [Session, ...Session[]];
        readonly any: readonly Login[];
        readonly inner: readonly [Logout, ...Logout[]];
        readonly rare: readonly Session[];
      }>();
      return match;
    });
    const bindings = built.typed({});
    expectTypeOf(bindings.one).toEqualTypeOf<readonly [Login, ...Login[]]>();
    expectTypeOf(bindings.maybe).toEqualTypeOf<readonly Logout[] | undefined>();
  });

  test('the steps of alternatives may be missing', () => {
    const built = pattern<Session>().begin(
      anyOf(pattern<Session>().begin('in', isLogin), pattern<Session>().begin('out', isLogout)),
    );
    built.select((match) => {
      expectTypeOf(match).toEqualTypeOf<{ readonly in: Login | undefined; readonly out: Logout | undefined }>();
      return 0;
    });
  });

  test('a later condition sees earlier steps, and itself where it may repeat', () => {
    pattern<Session>()
      .begin('a', isLogin)
      .next('b')
      .optional()
      .next('c', (event, seen) => {
        expectTypeOf(event).toEqualTypeOf<Session>();
        expectTypeOf(seen.a[0]).toEqualTypeOf<Login>();
        expectTypeOf<Parameters<(typeof seen.a)['sum']>>().toEqualTypeOf<[field: 'type' | 'user' | 'ok']>();
        expectTypeOf(seen.b).toEqualTypeOf<SeenEvents<Session> | undefined>();
        expectTypeOf(seen.c).toEqualTypeOf<SeenEvents<Session> | undefined>();
        return true;
      })
      .times(2);
  });

  test('select turns bindings into its result', () => {
    const login: Login = { type: 'login', user: 'x', ok: false };
    const counted = pattern<Session>()
      .begin('fail', isLogin)
      .oneOrMore()
      .next('end', isLogout)
      .optional()
      .select(({ fail, end }) => ({ tries: fail.length, user: fail[0].user, end }));
    const result = counted.project({ fail: [login, login] });
    expect(result).toEqual({ tries: 2, user: 'x', end: undefined });
    expectTypeOf(result).toEqualTypeOf<{ tries: number; user: string; end: Logout | undefined }>();
  });
});
