import { describe, expect, test } from 'vitest';
import { oracle } from '../../../test/conformance/oracle.ts';
import { ONE_EVENT, randomCase } from '../../../test/conformance/random-pattern.ts';
import type { Bindings, MatcherProgram, MatchOutput } from '../matcher.ts';
import type { PatternModel } from '../model/pattern.ts';
import { PredicateNetwork } from '../network/predicate-network.ts';
import { runProgram } from '../run/program.ts';
import { chooseMatcher, compilePattern } from './choose.ts';

interface Tick {
  readonly id: number;
  readonly ts: number;
  readonly name: string;
  readonly price: number;
}

interface Found {
  readonly after: number;
  readonly text: string;
  /** Numbers of its events. */
  readonly ids: readonly number[];
  readonly startTs: number;
  readonly count: number;
}

class Matches implements MatchOutput<Tick> {
  readonly found: Found[] = [];
  after = 0;

  match(bindings: Bindings<Tick>, startTs: number, _: number, count: number): void {
    const bound = Object.entries(bindings).map(([name, events]) => `${name}=${events.map(({ id }) => id).join('+')}`);
    const ids = Object.values(bindings).flatMap((events) => events.map(({ id }) => id));
    const text = bound.sort().join(' ');
    this.found.push({ after: this.after, text, ids: ids.sort((a, b) => a - b), startTs, count });
  }

  timeout(): void {
    // None is wanted.
  }

  shed(): void {
    throw new Error('nothing is shed here');
  }
}

function matchesOf(
  compile: (network: PredicateNetwork) => MatcherProgram<Tick>,
  events: readonly Tick[],
): readonly Found[] {
  const network = new PredicateNetwork();
  const partition = compile(network).partition();
  const output = new Matches();
  for (const event of events) {
    output.after = event.id;
    network.turnTo(event);
    partition.advance(event.ts, output);
    partition.process(event, event.ts, network, output);
  }
  return output.found;
}

const byDag = (pattern: PatternModel<Tick>, events: readonly Tick[]): readonly Found[] =>
  matchesOf((network) => {
    const program = compilePattern(pattern, network.table<Tick>());
    expect(program.kind).toBe('dag');
    return program;
  }, events);

const byRuns = (pattern: PatternModel<Tick>, events: readonly Tick[]): readonly Found[] =>
  matchesOf((network) => runProgram(pattern, network.table<Tick>(), 'to compare'), events);

interface Drawn {
  readonly seed: number;
  readonly pattern: PatternModel<Tick>;
  readonly events: readonly Tick[];
}

function* drawn(count: number): Generator<Drawn> {
  for (let seed = 1, found = 0; found < count; seed += 1) {
    const { pattern, events, input } = randomCase(seed, ONE_EVENT);
    if (chooseMatcher(pattern).kind === 'run') continue;
    found += 1;
    const ticks = input.flatMap((one, id) => {
      const event = 'event' in one ? events[one.event] : undefined;
      return event === undefined ? [] : [{ ...event, id, ts: 'ts' in one ? one.ts : 0 }];
    });
    // What is drawn looks at names and prices only, which a tick has too.
    yield { seed, pattern: pattern as PatternModel, events: ticks };
  }
}

const grouped = (found: readonly Found[]): Found[][] => {
  const groups = new Map<number, Found[]>();
  for (const one of found) groups.set(one.after, [...(groups.get(one.after) ?? []), one]);
  return [...groups.values()];
};

const FACTOR = Number(process.env['FUZZ_FACTOR'] ?? 1);

describe('both matchers choose alike', () => {
  test(
    'one of the matches that come at once, or their number',
    () => {
      let choices = 0;
      for (const { seed, pattern, events } of drawn(10_000 * FACTOR)) {
        const only = (['first', 'last', 'longest', 'count'] as const)[seed % 4] ?? 'first';
        const [dag, runs] = [byDag({ ...pattern, only }, events), byRuns({ ...pattern, only }, events)];
        expect(dag, `seed ${seed}, ${only}`).toEqual(runs);
        const groups = grouped(byRuns(pattern, events));
        expect(dag.map(({ after }) => after)).toEqual(groups.map(([one]) => one?.after));
        for (const [i, group] of groups.entries()) {
          const chosen = dag[i] as Found;
          if (group.length > 1) choices += 1;
          const starts = group.map(({ ids }) => ids[0] as number);
          const lengths = group.map(({ ids }) => ids.length);
          if (only === 'count') {
            expect(chosen.count).toBe(group.length);
            expect(chosen.startTs).toBe(Math.min(...group.map(({ startTs }) => startTs)));
          } else expect(group).toContainEqual(chosen);
          if (only === 'first') expect(chosen.ids[0]).toBe(Math.min(...starts));
          if (only === 'last') expect(chosen.ids[0]).toBe(Math.max(...starts));
          if (only === 'longest') expect(chosen.ids.length).toBe(Math.max(...lengths));
        }
      }
      expect(choices).toBeGreaterThan(1500);
    },
    60_000 * FACTOR,
  );

  test('no more than the limit, and only of those that there are', () => {
    for (const { seed, pattern, events } of drawn(1000)) {
      const all = grouped(byRuns(pattern, events));
      for (const found of [byDag({ ...pattern, limit: 2 }, events), byRuns({ ...pattern, limit: 2 }, events)]) {
        const cut = grouped(found);
        expect(
          cut.map(({ length }) => length),
          `seed ${seed}`,
        ).toEqual(all.map(({ length }) => Math.min(2, length)));
        for (const [i, group] of cut.entries()) for (const one of group) expect(all[i]).toContainEqual(one);
      }
    }
  });
});

test('as many are counted as plain enumeration finds', () => {
  let compared = 0;
  for (const { seed, pattern, events } of drawn(2000)) {
    const { pattern: asDrawn, ...rest } = randomCase(seed, ONE_EVENT);
    const expected = oracle({ pattern: asDrawn, ...rest });
    if (expected === undefined) continue;
    compared += 1;
    const counted = byDag({ ...pattern, only: 'count' }, events).reduce((sum, { count }) => sum + count, 0);
    expect(counted, `seed ${seed}`).toBe(expected.length);
  }
  expect(compared).toBeGreaterThan(1000);
});

describe('2^n matches cost n', () => {
  const named = (name: string): { cmp: [{ field: string }, '==', string] } => ({
    cmp: [{ field: 'name' }, '==', name],
  });
  const combinations: PatternModel<Tick> = {
    steps: [
      { link: null, name: 'a', where: named('a') },
      {
        link: 'followedByAny',
        name: 'b',
        where: named('b'),
        quantifier: { min: 1, max: null, inner: 'any' },
      },
      { link: 'followedByAny', name: 'c', where: named('c') },
    ],
  };
  const stream = (bs: number): Tick[] =>
    Array.from(`a${'b'.repeat(bs)}c`, (name, id) => ({ id, ts: id, name, price: 0 }));

  test.each([
    [20, 2 ** 20 - 1],
    [53, 2 ** 53 - 1],
    // Rounded as a double is.
    [60, 2 ** 60],
    [1000, 2 ** 1000],
    [1100, Infinity],
  ])('of %i events: %d', (bs, count) => {
    const [found] = byDag({ ...combinations, only: 'count' }, stream(bs));
    expect(found).toMatchObject({ count, startTs: 0, text: '' });
  });

  test('the longest of them has all events', () => {
    const [longest] = byDag({ ...combinations, only: 'longest' }, stream(500));
    expect(longest?.ids).toHaveLength(502);
    const [first] = byDag({ ...combinations, only: 'first' }, stream(500));
    expect(first?.ids).toEqual([0, 1, 501]);
    // Of those that begin alike the one whose events are later, from the last one back.
    const [last] = byDag({ ...combinations, only: 'last' }, stream(500));
    expect(last?.ids).toHaveLength(502);
  });
});
