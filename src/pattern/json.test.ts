import { expect, test } from 'vitest';
import { patternFromJson } from './json.ts';
import { PatternError } from './model/error.ts';

const A = { link: null, name: 'a' };

function refusal(json: unknown): Pick<PatternError, 'path' | 'expected' | 'code'> | undefined {
  try {
    patternFromJson(json);
    return undefined;
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return { path: error.path, expected: error.expected, code: error.code };
  }
}

test('every kind of step, quantifier, predicate and skip strategy is read as it is written', () => {
  const json = {
    steps: [
      { link: null, name: 'a', where: { cmp: [{ field: 'price' }, '>=', 2] }, quantifier: { min: 1, max: null } },
      { link: 'notFollowedBy', name: 'b', where: { isType: 'B' } },
      {
        link: 'followedByAny',
        group: [
          { link: null, name: 'c', quantifier: { optional: true } },
          { link: 'next', name: 'd', gapMs: 5 },
        ],
        quantifier: { min: 2, max: 3, inner: 'strict' },
      },
      { link: 'next', anyOf: [[{ link: null, name: 'e' }], [{ link: null, name: 'f' }]] },
      {
        link: 'followedBy',
        permute: [
          { link: null, name: 'g' },
          { link: 'followedBy', name: 'h' },
        ],
      },
      {
        link: 'followedBy',
        name: 'i',
        where: { not: { or: [{ true: true }, { cmp: [{ agg: 'avg', of: 'a', field: 'price' }, '<', 1] }] } },
        quantifier: { min: 2, max: null, greedy: true, until: { isType: 'End' }, gapMs: 9 },
      },
    ],
    within: { ms: 1000, scope: 'firstToLast' },
    skip: { strategy: 'toFirst', ref: 'a', errorOnMiss: true },
    limit: 3,
  };
  expect(patternFromJson(json)).toEqual(json);
  for (const only of ['first', 'last', 'longest', 'count'])
    expect(patternFromJson({ steps: [A], only })).toEqual({ steps: [A], only });
});

test.each<[string, unknown, string]>([
  ['an object', 7, 'pattern'],
  ['no unknown key', { steps: [A], windw: 1 }, 'pattern.windw'],
  ['steps', { steps: [] }, 'steps'],
  ['an array of steps', { steps: {} }, 'steps'],
  ['one kind per step', { steps: [{ link: null }] }, 'steps[0]'],
  ['a link where one is needed', { steps: [A, { link: null, name: 'b' }] }, 'steps[1].link'],
  ['no link at the head', { steps: [{ link: 'next', name: 'b' }] }, 'steps[0].link'],
  ['a known link', { steps: [A, { link: 'after', name: 'b' }] }, 'steps[1].link'],
  ['a name of its own', { steps: [A, { link: 'next', name: 'a' }] }, 'steps[1].name'],
  ['a name', { steps: [{ link: null, name: '' }] }, 'steps[0].name'],
  ['a name that objects keep', { steps: [{ link: null, name: '__proto__' }] }, 'steps[0].name'],
  ['a name that no object has', { steps: [{ link: null, name: 'constructor' }] }, 'steps[0].name'],
  ['min', { steps: [{ ...A, quantifier: { min: -1 } }] }, 'steps[0].quantifier.min'],
  ['max not below min', { steps: [{ ...A, quantifier: { min: 3, max: 2 } }] }, 'steps[0].quantifier.max'],
  ['a bound on repetitions', { steps: [{ ...A, quantifier: { min: 1, max: 1e6 } }] }, 'steps[0].quantifier.max'],
  ['a time above 0', { steps: [A], within: { ms: 0 } }, 'within.ms'],
  ['a negation within some time', { steps: [A, { link: 'notFollowedBy', name: 'b' }] }, 'steps[1]'],
  [
    'no quantifier on a negation',
    { steps: [A, { link: 'notNext', name: 'b', quantifier: { optional: true } }] },
    'steps[1].quantifier',
  ],
  [
    'branches that begin with a step that must come',
    { steps: [{ link: null, anyOf: [[A], [{ link: null, name: 'b', quantifier: { optional: true } }]] }] },
    'steps[0].anyOf[1][0]',
  ],
  ['two branches or more', { steps: [{ link: null, anyOf: [[A]] }] }, 'steps[0].anyOf'],
  ['steps to permute', { steps: [{ link: null, permute: [A] }] }, 'steps[0].permute'],
  ['a target of skipping', { steps: [A], skip: { strategy: 'toLast', ref: 'b' } }, 'skip.ref'],
  ['no target where none is used', { steps: [A], skip: { strategy: 'pastLast', ref: 'a' } }, 'skip.ref'],
  ['a known choice', { steps: [A], only: 'best' }, 'only'],
  ['a limit of one or more', { steps: [A], limit: 0 }, 'limit'],
  ['no limit beside a choice', { steps: [A], limit: 2, only: 'first' }, 'limit'],
  ['one operator per predicate', { steps: [{ ...A, where: {} }] }, 'steps[0].where'],
  ['a known comparison', { steps: [{ ...A, where: { cmp: [1, '=', 1] } }] }, 'steps[0].where.cmp[1]'],
  ['three of a comparison', { steps: [{ ...A, where: { cmp: [1, '=='] } }] }, 'steps[0].where.cmp'],
  ['no function', { steps: [{ ...A, where: { call: () => true } }] }, 'steps[0].where.call'],
  ['a step to aggregate', { steps: [{ ...A, where: { cmp: [{ agg: 'count', of: 'z' }, '>', 1] } }] }, 'steps[0].where'],
  ['a field to sum', { steps: [{ ...A, where: { cmp: [{ agg: 'sum', of: 'a' }, '>', 1] } }] }, 'steps[0].where'],
])('asks for %s', (_, json, path) => {
  expect(refusal(json)).toMatchObject({ code: 'DAO_PATTERN', path });
});

test('nesting is bounded, in groups and in predicates', () => {
  let step: unknown = A;
  for (let depth = 0; depth < 20; depth++) step = { link: null, group: [step] };
  expect(refusal({ steps: [step] })?.expected).toMatch(/at most 16 deep/);
  let where: unknown = { true: true };
  for (let depth = 0; depth < 100; depth++) where = { not: where };
  expect(refusal({ steps: [{ ...A, where }] })?.expected).toMatch(/at most 64 deep/);
});
