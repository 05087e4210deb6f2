import { expect, test } from 'vitest';
import { PatternError } from '../model/error.ts';
import type { Predicate } from '../model/predicate.ts';
import { patternFromText } from './text.ts';

const priceAtLeast9: Predicate = { cmp: [{ field: 'price' }, '>=', 9] };

const steps = (pattern: string): unknown => patternFromText(`PATTERN (${pattern})`).model.steps;

function condition(text: string): Predicate | undefined {
  const [, step] = patternFromText(`PATTERN (x a) DEFINE a AS ${text}`).model.steps;
  return step !== undefined && 'name' in step ? step.where : undefined;
}

test('the example of SQL, with all its clauses', () => {
  const brute = patternFromText(
    `MATCH_RECOGNIZE (
       PARTITION BY user ORDER BY ts
       MEASURES LAST(ok.ip) AS ip, COUNT(fail.*) AS tries, fail.ip AS "last try"
       ONE ROW PER MATCH
       AFTER MATCH SKIP TO NEXT ROW
       PATTERN (fail{3,10} ok) WITHIN INTERVAL '5' MINUTE -- five minutes
       DEFINE fail AS success = FALSE, ok AS success = TRUE AND ip = FIRST(fail.ip) )`,
    'brute',
  );
  expect(brute).toMatchObject({ name: 'brute', partitionBy: ['user'], orderBy: 'ts' });
  expect(brute.model).toEqual({
    steps: [
      {
        link: null,
        name: 'fail',
        quantifier: { min: 3, max: 10, inner: 'strict', greedy: true },
        where: { cmp: [{ field: 'success' }, '==', false] },
      },
      {
        link: 'next',
        name: 'ok',
        where: {
          and: [
            { cmp: [{ field: 'success' }, '==', true] },
            { cmp: [{ field: 'ip' }, '==', { agg: 'first', of: 'fail', field: 'ip' }] },
          ],
        },
      },
    ],
    within: { ms: 300_000, scope: 'firstToLast' },
    skip: { strategy: 'toNext' },
  });
  const [a, b, c] = [{ ip: 1 }, { ip: 2 }, { ip: 3 }];
  expect(brute.project({ fail: [a, b], ok: [c] })).toEqual({ ip: 3, tries: 2, 'last try': 2 });
});

test.each<[string, unknown]>([
  [
    'a -> b',
    [
      { link: null, name: 'a' },
      { link: 'followedBy', name: 'b' },
    ],
  ],
  [
    'a ->> b',
    [
      { link: null, name: 'a' },
      { link: 'followedByAny', name: 'b' },
    ],
  ],
  [
    'a !-> b -> c',
    [
      { link: null, name: 'a' },
      { link: 'notFollowedBy', name: 'b' },
      { link: 'followedBy', name: 'c' },
    ],
  ],
  [
    'a !b c',
    [
      { link: null, name: 'a' },
      { link: 'notNext', name: 'b' },
      { link: 'next', name: 'c' },
    ],
  ],
  ['a+', [{ link: null, name: 'a', quantifier: { min: 1, max: null, inner: 'strict', greedy: true } }]],
  ['a+?', [{ link: null, name: 'a', quantifier: { min: 1, max: null, inner: 'strict' } }]],
  ['a?', [{ link: null, name: 'a', quantifier: { optional: true } }]],
  ['a*?', [{ link: null, name: 'a', quantifier: { min: 1, max: null, optional: true, inner: 'strict' } }]],
  ['a{2}', [{ link: null, name: 'a', quantifier: { min: 2, max: 2, inner: 'strict' } }]],
  ['a{2,}?', [{ link: null, name: 'a', quantifier: { min: 2, max: null, inner: 'strict' } }]],
  ['a{,3}?', [{ link: null, name: 'a', quantifier: { min: 1, max: 3, optional: true, inner: 'strict' } }]],
  ['a+?:any', [{ link: null, name: 'a', quantifier: { min: 1, max: null, inner: 'any' } }]],
  [
    'x -> a+?',
    [
      { link: null, name: 'x' },
      { link: 'followedBy', name: 'a', quantifier: { min: 1, max: null, inner: 'relaxed' } },
    ],
  ],
  [
    'x (a b){2}',
    [
      { link: null, name: 'x' },
      {
        link: 'next',
        group: [
          { link: null, name: 'a' },
          { link: 'next', name: 'b' },
        ],
        quantifier: { min: 2, max: 2, inner: 'strict' },
      },
    ],
  ],
  [
    'x -> ((a | b c))?',
    [
      { link: null, name: 'x' },
      {
        link: 'followedBy',
        anyOf: [
          [{ link: null, name: 'a' }],
          [
            { link: null, name: 'b' },
            { link: 'next', name: 'c' },
          ],
        ],
        quantifier: { optional: true },
      },
    ],
  ],
  [
    'PERMUTE(a, b)',
    [
      {
        link: null,
        permute: [
          { link: null, name: 'a' },
          { link: 'next', name: 'b' },
        ],
      },
    ],
  ],
])('PATTERN (%s)', (text, expected) => {
  expect(steps(text)).toEqual(expected);
});

test.each<[string, unknown]>([
  ['a+ UNTIL (price >= 9)', { min: 1, max: null, inner: 'strict', greedy: true, until: priceAtLeast9 }],
  ["a{2,4}?:any OPTIONAL GAP '5 s'", { min: 2, max: 4, inner: 'any', optional: true, gapMs: 5_000 }],
  ['a? GAP 10', { optional: true }],
])('%s is a loop', (text, quantifier) => {
  const [step] = patternFromText(`PATTERN (${text})`).model.steps;
  expect(step?.quantifier).toEqual(quantifier);
  expect(step?.gapMs).toBe(text.endsWith('GAP 10') ? 10 : undefined);
});

test('a group has an end too, and permuted steps may follow loosely', () => {
  expect(steps('(a b)+ UNTIL (price >= 9) GAP 7')).toMatchObject([{ quantifier: { until: priceAtLeast9, gapMs: 7 } }]);
  expect(steps("PERMUTE(a -> b GAP INTERVAL '1' SECOND ->> c)")).toEqual([
    {
      link: null,
      permute: [
        { link: null, name: 'a' },
        { link: 'followedBy', name: 'b', gapMs: 1_000 },
        { link: 'followedByAny', name: 'c' },
      ],
    },
  ]);
});

const price = { field: 'price' };

test.each<[string, Predicate]>([
  ['price > 10', { cmp: [price, '>', 10] }],
  ['price <> -1.5', { cmp: [price, '!=', -1.5] }],
  ["name = 'it''s'", { cmp: [{ field: 'name' }, '==', "it's"] }],
  [
    'price = 1 OR price = 2 AND NOT price = 3',
    {
      or: [{ cmp: [price, '==', 1] }, { and: [{ cmp: [price, '==', 2] }, { not: { cmp: [price, '==', 3] } }] }],
    },
  ],
  [
    '(price = 1 OR price = 2) AND TRUE',
    {
      and: [{ or: [{ cmp: [price, '==', 1] }, { cmp: [price, '==', 2] }] }, { true: true }],
    },
  ],
  ['price BETWEEN 1 AND 5', { and: [{ cmp: [price, '>=', 1] }, { cmp: [price, '<=', 5] }] }],
  ['price NOT IN (1, NULL)', { not: { or: [{ cmp: [price, '==', 1] }, { cmp: [price, '==', null] }] } }],
  ["name LIKE 'ab%'", { cmp: [{ field: 'name' }, 'startsWith', 'ab'] }],
  ["name LIKE '%ab%'", { cmp: [{ field: 'name' }, 'contains', 'ab'] }],
  ["name LIKE 'ab'", { cmp: [{ field: 'name' }, '==', 'ab'] }],
  ['a.price > x.price', { cmp: [price, '>', { agg: 'last', of: 'x', field: 'price' }] }],
  ['price > LAST(a.price, 1)', { cmp: [price, '>', { agg: 'last', of: 'a', field: 'price' }] }],
  ['LAST(a.price) > 1', { cmp: [price, '>', 1] }],
  ['SUM(a.price) < 8', { cmp: [{ agg: 'sum', of: 'a', field: 'price', plusCurrent: true }, '<', 8] }],
  ['COUNT(x.*) = 1', { cmp: [{ agg: 'count', of: 'x' }, '==', 1] }],
  ['LAST(a.price, 1) IS NULL', { cmp: [{ agg: 'count', of: 'a' }, '==', 0] }],
  [
    "CONTAINS(name, 'a%') AND STARTS_WITH(name, x.name)",
    {
      and: [
        { cmp: [{ field: 'name' }, 'contains', 'a%'] },
        { cmp: [{ field: 'name' }, 'startsWith', { agg: 'last', of: 'x', field: 'name' }] },
      ],
    },
  ],
  ["THIS IS OF ('Trade')", { isType: 'Trade' }],
  ['SUM(EARLIER a.price) < 8', { cmp: [{ agg: 'sum', of: 'a', field: 'price' }, '<', 8] }],
  ['SUM(x.price AND THIS) < 8', { cmp: [{ agg: 'sum', of: 'x', field: 'price', plusCurrent: true }, '<', 8] }],
  ['"sum" > 1e3', { cmp: [{ field: 'sum' }, '>', 1_000] }],
  ['price IS NOT NULL', { not: { cmp: [price, '==', null] } }],
  ['"any name" = TRUE', { cmp: [{ field: 'any name' }, '==', true] }],
])('DEFINE a AS %s', (text, expected) => {
  expect(condition(text)).toEqual(expected);
});

test.each([
  ['AFTER MATCH SKIP PAST LAST ROW', { strategy: 'pastLast' }],
  ['', { strategy: 'pastLast' }],
  ['AFTER MATCH NO SKIP', { strategy: 'noSkip' }],
  ['AFTER MATCH SKIP TO FIRST b', { strategy: 'toFirst', ref: 'b' }],
  ['AFTER MATCH SKIP TO LAST b', { strategy: 'toLast', ref: 'b' }],
  ['AFTER MATCH SKIP TO LAST b OR ERROR', { strategy: 'toLast', ref: 'b', errorOnMiss: true }],
  ['AFTER MATCH SKIP TO b', { strategy: 'toLast', ref: 'b' }],
])('"%s" is a skip strategy', (text, expected) => {
  expect(patternFromText(`${text} PATTERN (a b)`).model.skip).toEqual(expected);
});

test.each([
  ["WITHIN INTERVAL '2' HOUR", 7_200_000],
  ["WITHIN '10 s'", 10_000],
  ['WITHIN 250', 250],
])('%s', (text, ms) => {
  expect(patternFromText(`PATTERN (a) ${text}`).model.within?.ms).toBe(ms);
});

test.each([
  ['PATTERN (a', 'line 1, column 11', /the name of a step/],
  ['PATTERN (a b))', 'line 1, column 14', /the end/],
  ['PATTERN (a)\n  DEFINE a AS price >', 'line 2, column 22', /a value/],
  ['PATTERN (a) DEFINE a AS price', 'line 1, column 30', /a comparison/],
  ['PATTERN (a) DEFINE a AS price = #', 'line 1, column 33', /a sign/],
  ["PATTERN (a) DEFINE a AS n LIKE '%x'", 'line 1, column 32', /% at the end/],
  ['PATTERN (a{2,1})', 'line 1, column 10', /from 2/],
  ['PATTERN (a a)', 'line 1, column 12', /a name/],
  ['PATTERN (a !-> b)', 'line 1, column 16', /within/],
  ['PATTERN (x (a | PERMUTE(b, c) (d | e a)))', 'line 1, column 38', /a name/],
  ['PATTERN (x PERMUTE(b, c GAP 0))', 'line 1, column 23', /above 0/],
  ['PATTERN (a b) DEFINE b AS price > PREV(price)', 'line 1, column 35', /LAST\(step.field, 1\)/],
  ['PATTERN (a b) DEFINE b AS price + 1 > 2', 'line 1, column 33', /no arithmetic/],
  ['ALL ROWS PER MATCH PATTERN (a)', 'line 1, column 1', /PATTERN \(ALL ROWS PER MATCH is not supported/],
  ['PATTERN (a+ UNTIL price > 1)', 'line 1, column 19', /\(/],
  ['PATTERN (a) DEFINE b AS TRUE', 'line 1, column 20', /a step of the pattern: a/],
  ['PATTERN (a) DEFINE a AS TRUE, a AS TRUE', 'line 1, column 31', /one definition/],
  ['MEASURES COUNT(b.*) AS n PATTERN (a)', 'line 1, column 10', /a step that binds/],
  ["PATTERN (a) WITHIN INTERVAL '5' FORTNIGHT", 'line 1, column 33', /MINUTE/],
  [`PATTERN (${'('.repeat(100)}a`, 'line 1, column 74', /levels/],
  [' '.repeat(70_000), 'text', /characters/],
])('%s is refused where it goes wrong', (text, path, expected) => {
  try {
    patternFromText(text);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    expect(error.path).toBe(path);
    expect(error.expected).toMatch(expected);
    return;
  }
  expect.unreachable('it was accepted');
});
