import { expect, test } from 'vitest';
import { pattern } from './builder/builder.ts';
import { fields, past } from './builder/fields.ts';
import { patternFromText } from './text/text.ts';

interface Trade {
  readonly side: string;
  readonly price: number;
}
const f = fields<Trade>();

test('says which matcher runs a pattern and why, what its conditions cost and what bounds it', () => {
  const isBig = (trade: Trade): boolean => trade.price > 100;
  const explained = pattern<Trade>()
    .begin('a', f.side.eq('BUY').and(f.price.gt(1)))
    .followedBy('b', isBig)
    .followedBy('c', f.side.contains('x'))
    .followedBy('d', f.price.gt(past.last('a', 'price')))
    .within('1 min')
    .explain();
  expect(explained.matcher).toBe('run');
  expect(explained.reason).toMatch(/step d looks at earlier events/);
  expect(explained.memory).toMatch(/for 60000 ms at most, and no more than maxPartials of a key$/);
  expect(explained.conditions).toEqual([
    { path: 'steps[0].where', text: 'side == "BUY" and price > 1', cost: 'indexed' },
    { path: 'steps[1].where', text: 'isBig(event)', cost: 'opaque' },
    { path: 'steps[2].where', text: 'side contains "x"', cost: 'shared' },
    { path: 'steps[3].where', text: 'price > last(a.price)', cost: 'per partial match' },
  ]);
  expect(String(explained)).toMatch(/^matcher: run .*\nmemory: /);
});

test('draws the automaton, without what cannot be reached', () => {
  const explained = pattern<Trade>().begin('a', f.side.eq('"')).next('b').oneOrMore().explain();
  expect(explained.matcher).toBe('dag');
  expect(explained.memory).toMatch(
    /while a partial match lives, and no further than maxNodes: without a within nothing else/,
  );
  expect(explained.automaton.split('\n')).toEqual([
    'flowchart LR',
    '  s0((("(end) (final)")))',
    '  s1["b"]',
    '  s1 ==>|"always"| s0',
    '  s1 -->|"b: always"| s1',
    '  s3["b:1"]',
    '  s3 -->|"b: always"| s1',
    '  s4(["a"])',
    '  s4 -->|"a: side == #quot;\\#quot;#quot;"| s3',
  ]);
});

test('every form of a pattern can be explained', () => {
  expect(patternFromText('PATTERN (a !b -> c) DEFINE a AS price > 1').explain().automaton).toMatch(/\(stop\)/);
  expect(
    pattern<Trade>()
      .begin('a')
      .select(() => 0)
      .explain().matcher,
  ).toBe('dag');
});
