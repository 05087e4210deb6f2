import { expect, test } from 'vitest';
import { fromBatches, iterable } from '../../connector/iterable/iterable.ts';
import { memory } from '../../connector/memory/memory.ts';
import { flow } from '../../engine/launch.ts';
import type { Run } from '../../flow/run.ts';
import type { Pattern } from '../../pattern/builder/pattern.ts';
import { patternOf } from '../../pattern/pattern-of.ts';

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

test('patterns come, change and go while events do: no event is lost, and no match of the others', async () => {
  const cards = 50;
  const stream = Array.from({ length: 20_000 }, (_, i): Payment => {
    return { card: `c${(i * 7) % cards}`, amount: i % 3 === 0 ? 1 : (i * 31) % 200, at: i };
  });
  const watchedWith = async (change?: (run: Run, batch: number) => void): Promise<string[]> => {
    const found = memory<string>();
    async function* batches(): AsyncGenerator<Payment[]> {
      for (let at = 0; at < stream.length; at += 100) {
        change?.(run, at / 100);
        yield await Promise.resolve(stream.slice(at, at + 100));
      }
    }
    const run: Run = flow('hot')
      .from(fromBatches(batches()))
      .eventTime(({ at }) => at)
      .keyBy('card')
      .match({ watched: beyond(100) })
      .matches.filter(({ pattern }) => pattern === 'watched')
      .map(({ key, start, end }) => `${key} ${start}..${end}`)
      .to(found)
      .run();
    const { accepted } = await run.done;
    expect(accepted).toBe(stream.length);
    return [...found.events].sort();
  };

  const added: number[] = [];
  const changing = await watchedWith(({ patterns }, batch) => {
    if (batch === 0) return;
    if (batch % 4 === 1) patterns.add(`extra${batch}`, beyond(batch % 50));
    if (batch % 4 === 2) patterns.replace(`extra${batch - 1}`, beyond(60), { old: batch % 8 === 2 ? 'drain' : 'drop' });
    if (batch % 4 === 3) patterns.remove(`extra${batch - 2}`, { old: batch % 8 === 3 ? 'drain' : 'drop' });
    // The same pattern anew: what it had begun goes on, what comes begins in the new version.
    if (batch % 10 === 0) patterns.replace('watched', beyond(100));
    added.push(patterns.list().length);
  });
  expect(changing.length).toBeGreaterThan(1000);
  expect(changing).toEqual(await watchedWith());
  expect(Math.max(...added)).toBeGreaterThan(2);
});

test('bounds hold in a flow: what goes is told, counted and shown, and with `error` its event becomes a dead letter', async () => {
  const probes = Array.from({ length: 10 }, (_, i): Payment => ({ card: `c${i}`, amount: 1, at: i }));
  for (const whenFull of ['shedOldest', 'reject', 'error'] as const) {
    const shed = memory<string>();
    const matched = flow('bounded')
      .from(iterable(probes))
      .eventTime(({ at }) => at)
      .keyBy('card')
      .match(beyond(100), { cache: { size: 4 }, whenFull });
    matched.matches.to(memory());
    const run = matched.shed
      .map(({ key, partials }) => `${key} ${partials}`)
      .to(shed)
      .run();
    await run.done;
    const gone = whenFull === 'shedOldest' ? [0, 1, 2, 3, 4, 5] : [4, 5, 6, 7, 8, 9];
    expect([...shed.events]).toEqual(gone.map((i) => `c${i} 1`));
    expect(run.patterns.list()).toMatchObject([{ name: 'pattern', shed: 6 }]);
    const counts = run.snapshot().operators.find(({ name }) => name === 'match')?.counts;
    expect(counts).toMatchObject({ shed: 6, matches: 0, late: 0 });
    expect(run.deadLetters()).toHaveLength(whenFull === 'error' ? 6 : 0);
  }
});

test('what event time has passed goes to `late`, and is counted', async () => {
  const late = memory<number>();
  const matched = flow('late')
    .from(iterable([...payments, { card: 'x', amount: 1, at: 5 }]))
    .eventTime(({ at }) => at, { outOfOrder: 100 })
    .keyBy('card')
    .match(beyond(100));
  matched.matches.to(memory());
  const run = matched.late
    .map(({ at }) => at)
    .to(late)
    .run();
  await run.done;
  expect(late.events).toEqual([5]);
  expect(run.snapshot().operators.find(({ name }) => name === 'match')?.counts).toMatchObject({ late: 1 });
});

test('more patterns than may be at once are refused where they are declared', () => {
  const many = { one: beyond(1), two: beyond(2) };
  expect(() => flow('many').from(iterable(payments)).match(many, { maxConcurrentPatterns: 1 })).toThrow(
    'flow.many.match.maxConcurrentPatterns: expected at most 1 patterns',
  );
});

test('what event time shall do in silence is one of two things', () => {
  const silent = (whenSilent: string) => () =>
    flow('silent')
      .from(iterable(payments))
      .eventTime(({ at }) => at, { whenSilent: whenSilent as 'wait' });
  expect(silent('sleep')).toThrow('flow.silent.eventTime.whenSilent: expected wait or goOn');
  expect(silent('goOn')).not.toThrow();
});
