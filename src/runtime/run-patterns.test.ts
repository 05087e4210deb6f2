import { expect, test } from 'vitest';
import { iterable } from '../connector/iterable/iterable.ts';
import { memory } from '../connector/memory/memory.ts';
import { flow } from '../engine/launch.ts';
import type { Pattern } from '../pattern/builder/builder.ts';
import { patternOf } from '../pattern/pattern-of.ts';

interface Payment {
  readonly card: string;
  readonly amount: number;
  readonly at: number;
}

const beyond = (amount: number): Pattern<Payment> =>
  patternOf<Payment>({
    steps: [
      { link: null, name: 'probe', where: { cmp: [{ field: 'amount' }, '<', 2] } },
      { link: 'followedBy', name: 'big', where: { cmp: [{ field: 'amount' }, '>', amount] } },
    ],
    within: { ms: 1000, scope: 'firstToLast' },
  });

const payments: readonly Payment[] = [
  { card: 'x', amount: 1, at: 0 },
  { card: 'y', amount: 1, at: 10 },
  { card: 'x', amount: 150, at: 20 },
  { card: 'y', amount: 50, at: 30 },
  { card: 'y', amount: 1, at: 2000 },
];

test('a flow finds patterns per key, tells what ran out of time, and what each has done', async () => {
  const [found, over] = [memory<readonly [string, number]>(), memory<string>()];
  const matched = flow('fraud')
    .from(iterable(payments))
    .eventTime(({ at }) => at)
    .keyBy('card')
    .match({ fraud: beyond(100) });
  matched.timeouts.map(({ key, at }) => `${key} ${at}`).to(over);
  const run = matched.matches
    .map(({ key, events }) => [key, events['big']?.[0]?.amount ?? 0] as const)
    .to(found)
    .run();
  const changed: unknown[] = [];
  run.on('state', (state) => {
    if (state !== 'running') return;
    run.patterns.add('small', beyond(40));
    changed.push(...run.patterns.list().map(({ operator, name }) => `${operator}.${name}`));
  });
  await run.done;
  expect(changed).toEqual(['match.fraud', 'match.small']);
  expect([...found.events].sort()).toEqual([
    ['x', 150],
    ['x', 150],
    ['y', 50],
  ]);
  expect([...over.events].sort()).toEqual(['y 1010', 'y 3000', 'y 3000']);
  expect(run.patterns.list().map(({ name, hits, timeouts }) => [name, hits, timeouts])).toEqual([
    ['fraud', 1, 2],
    ['small', 2, 1],
  ]);
  expect(() => run.patterns.remove('other')).toThrow('flow.fraud.match.other: expected a pattern of the set');
});

test('where several operators match, the pattern tells which is meant, or the name of the operator', async () => {
  const source = flow('two').from(iterable(payments));
  source.match({ a: beyond(1) }, { name: 'first' }).matches.to(memory());
  const run = source
    .match({ b: beyond(1) }, { name: 'second' })
    .matches.to(memory())
    .run();
  await run.done;
  run.patterns.replace('b', beyond(2), { old: 'drop' });
  run.patterns.add('a', beyond(3), 'second');
  expect(
    run.patterns
      .list()
      .map(({ operator, name }) => `${operator}.${name}`)
      .sort(),
  ).toEqual(['first.a', 'second.a', 'second.b']);
  expect(() => run.patterns.remove('a')).toThrow('the name of a match operator (first, second)');
  run.patterns.remove('a', { operator: 'first' });
  expect(run.patterns.list()).toHaveLength(2);
});
