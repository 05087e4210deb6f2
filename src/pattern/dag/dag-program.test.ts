import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ONE_EVENT, randomCase } from '../../../test/conformance/random-pattern.ts';
import type { Bindings, MatcherProgram, MatchOutput, PatternPartition } from '../matcher.ts';
import type { PatternModel, Step } from '../model/pattern.ts';
import type { Predicate } from '../model/predicate.ts';
import { PredicateNetwork } from '../network/predicate-network.ts';
import { runProgram } from '../run/program.ts';
import { chooseMatcher, compileInto, compilePattern, programPool } from './choose.ts';
import { DagProgram } from './dag-program.ts';

interface Tick {
  readonly id: number;
  readonly ts: number;
  readonly name: string;
  readonly price: number;
}

/** Matches as text, with the input after which they came. */
class Matches implements MatchOutput<Tick> {
  readonly found: string[] = [];
  at = 0;

  match(bindings: Bindings<Tick>, startTs: number, endTs: number): void {
    const bound = Object.entries(bindings).map(([name, events]) => `${name}=${events.map(({ id }) => id).join('+')}`);
    this.found.push(`${this.at}: ${bound.sort().join(' ')} (${startTs}..${endTs})`);
  }

  timeout(): void {
    // Not compared: the DAG is not chosen where timeouts are wanted.
  }

  shed(): void {
    throw new Error('nothing is shed here');
  }
}

const named = (name: string): Predicate => ({ cmp: [{ field: 'name' }, '==', name] });

/** One event for each letter, one tick after the other. */
function ticks(names: string): Tick[] {
  return Array.from(names, (name, id) => ({ id, ts: id, name, price: id }));
}

function matchesOf(
  program: MatcherProgram<Tick>,
  network: PredicateNetwork,
  events: readonly Tick[],
  from?: PatternPartition<Tick>,
): string[] {
  const partition = from ?? program.partition();
  const output = new Matches();
  for (const event of events) {
    output.at = event.id;
    network.turnTo(event);
    partition.advance(event.ts, output);
    partition.process(event, event.ts, network, output);
  }
  return output.found.sort();
}

function dag(
  model: PatternModel<Tick>,
  limit?: number,
  network: PredicateNetwork = new PredicateNetwork(),
  pool = programPool<Tick>(),
): { network: PredicateNetwork; program: DagProgram<Tick> } {
  const program = compileInto(pool, model, network.table<Tick>(), { limit });
  if (!(program instanceof DagProgram)) throw new Error(program.reason);
  return { network, program: program as DagProgram<Tick> };
}

/** A random pattern that the DAG takes, and a stream for it. */
function drawn(seed: number): { pattern: PatternModel<Tick>; events: Tick[] } | undefined {
  const { pattern, events, input } = randomCase(seed, ONE_EVENT);
  if (chooseMatcher(pattern).kind === 'run') return undefined;
  const ticks = input.flatMap((one, id) => {
    const event = 'event' in one ? events[one.event] : undefined;
    return event === undefined ? [] : [{ ...event, id, ts: 'ts' in one ? one.ts : 0 }];
  });
  // What is drawn looks at names and prices only, which a tick has too.
  return { pattern: pattern as PatternModel, events: ticks };
}

/** Draws until `count` patterns were for the DAG. */
function eachDrawn(
  count: number,
  check: (pattern: PatternModel<Tick>, events: readonly Tick[], seed: number) => void,
): void {
  for (let seed = 1, checked = 0; checked < count; seed += 1) {
    const one = drawn(seed);
    if (one === undefined) continue;
    checked += 1;
    check(one.pattern, one.events, seed);
  }
}

const FACTOR = Number(process.env['FUZZ_FACTOR'] ?? 1);

test(
  'the DAG matcher gives the matches of the run matcher',
  () => {
    let matches = 0;
    eachDrawn(10_000 * FACTOR, (pattern, events, seed) => {
      const { network, program } = dag(pattern);
      const other = new PredicateNetwork();
      const run = runProgram(pattern, other.table<Tick>(), 'to compare');
      const found = matchesOf(program, network, events);
      matches += found.length;
      expect(found, `seed ${seed}`).toEqual(matchesOf(run, other, events));
    });
    expect(matches).toBeGreaterThan(10_000);
  },
  60_000 * FACTOR,
);

const anyOrder: PatternModel<Tick> = {
  steps: [
    { link: null, name: 'a', where: named('a') as Predicate<Tick> },
    {
      link: 'followedByAny',
      name: 'b',
      where: named('b') as Predicate<Tick>,
      quantifier: { min: 1, max: null, inner: 'any' },
    },
    { link: 'followedByAny', name: 'c', where: named('c') as Predicate<Tick> },
  ],
  within: { ms: 6, scope: 'firstToLast' },
};

/** Every a, every non-empty choice of b after it, every c after that, within 6: by trying all. */
function bruteForce(events: readonly Tick[]): string[] {
  const output = new Matches();
  const choices = (from: number, c: Tick): Tick[][] => {
    if (from >= c.id) return [[]];
    const rest = choices(from + 1, c);
    const event = events[from] as Tick;
    return event.name === 'b' ? [...rest, ...rest.map((chosen) => [event, ...chosen])] : rest;
  };
  for (const c of events.filter(({ name }) => name === 'c')) {
    for (const a of events.filter(({ name, id, ts }) => name === 'a' && id < c.id && c.ts - ts < 6)) {
      for (const b of choices(a.id + 1, c).filter(({ length }) => length > 0)) {
        output.at = c.id;
        output.match({ a: [a], b, c: [c] }, a.ts, c.ts);
      }
    }
  }
  return output.found.sort();
}

const stream = fc
  .array(fc.record({ name: fc.constantFrom('a', 'b', 'c'), step: fc.integer({ min: 0, max: 2 }) }), { maxLength: 14 })
  .map((events) => {
    let ts = 0;
    return events.map(({ name, step }, id): Tick => ({ id, ts: (ts += step), name, price: 0 }));
  });

test('all combinations are found, as by trying all', () => {
  fc.assert(
    fc.property(stream, (events) => {
      const { network, program } = dag(anyOrder);
      expect(matchesOf(program, network, events)).toEqual(bruteForce(events));
    }),
    { numRuns: 300 },
  );
});

test('a partition goes on from its snapshot', () => {
  eachDrawn(1000, (pattern, events, seed) => {
    const [whole, first, second] = [dag(pattern), dag(pattern), dag(pattern)];
    const cut = seed % (events.length + 1);
    const partition = first.program.partition();
    const before = matchesOf(first.program, first.network, events.slice(0, cut), partition);
    const restored = second.program.partition(structuredClone(partition.snapshot()));
    const after = matchesOf(second.program, second.network, events.slice(cut), restored);
    expect([...before, ...after].sort(), `seed ${seed}`).toEqual(matchesOf(whole.program, whole.network, events));
  });
});

test('programs of a set share nodes and automata and do not see each other', () => {
  const events = ticks('abcdabcadbcbadcbdabcabdcbacdabdcbabdcabcd').map((tick) => ({ ...tick, price: tick.id % 6 }));
  const [network, pool] = [new PredicateNetwork(), programPool<Tick>()];
  const patterns: PatternModel<Tick>[] = [];
  eachDrawn(200, (pattern) =>
    patterns.push({ ...pattern, within: { ms: 3 + (patterns.length % 7), scope: 'firstToLast' } }),
  );
  const programs = patterns.map((pattern) => dag(pattern, 50, network, pool).program);
  const partitions = programs.map((program) => program.partition());
  const outputs = programs.map(() => new Matches());
  for (const event of events) {
    network.turnTo(event);
    for (const [i, partition] of partitions.entries()) {
      const output = outputs[i] as Matches;
      output.at = event.id;
      partition.process(event, event.ts, network, output);
    }
    for (const { engine } of programs) engine.arena.recycle();
  }
  for (const [i, pattern] of patterns.entries()) {
    const own = dag(pattern, 50);
    expect(outputs[i]?.found.sort(), JSON.stringify(pattern)).toEqual(matchesOf(own.program, own.network, events));
  }
  expect(outputs.flatMap(({ found }) => found).length).toBeGreaterThan(1000);
});

describe('a snapshot that is none of the pattern is refused', () => {
  const { network, program } = dag(anyOrder);
  const partition = program.partition();
  matchesOf(program, network, ticks('aab'), partition);
  const good = structuredClone(partition.snapshot());

  test.for<[string, unknown]>([
    ['states', [7, 1]],
    ['states', ['1', '2']],
    ['sets', [0]],
    ['sets', [0, 99]],
    ['label', [0, 0, 9, 0]],
    ['left', [-1, -1, 1, 4]],
    ['right', [0, 1, 2, 99]],
    ['start', [0]],
    ['start', 'zero'],
    ['events', undefined],
  ])('%s: %j', ([key, value]) => {
    expect(() => program.partition(good)).not.toThrow();
    expect(() => program.partition({ ...good, [key]: value })).toThrow(TypeError);
  });
});

test('several keys share one arena and do not see each other', () => {
  eachDrawn(1000, (pattern, events, seed) => {
    const { network, program } = dag(pattern);
    const outputs = [new Matches(), new Matches(), new Matches()];
    const partitions = outputs.map(() => program.partition());
    for (const event of events) {
      network.turnTo(event);
      for (const [key, partition] of partitions.entries()) {
        const output = outputs[key] as Matches;
        output.at = event.id;
        partition.advance(event.ts, output);
        if (event.id % 3 !== key) partition.process(event, event.ts, network, output);
      }
      program.engine.arena.recycle();
    }
    for (const [key, output] of outputs.entries()) {
      const own = dag(pattern);
      const seen = events.filter(({ id }) => id % 3 !== key);
      expect(output.found.sort(), `seed ${seed}`).toEqual(matchesOf(own.program, own.network, seen));
    }
  });
});

test('a sealed pattern finishes what it has begun', () => {
  const { network, program } = dag(anyOrder);
  const partition = program.partition();
  matchesOf(program, network, ticks('ab'), partition);
  program.seal();
  const rest = [...ticks('ab'), { name: 'c', price: 0 }].map((tick, i) => ({ ...tick, id: 2 + i, ts: 2 + i }));
  expect(matchesOf(program, network, rest, partition)).toEqual([
    '4: a=0 b=1 c=4 (0..4)',
    '4: a=0 b=1+3 c=4 (0..4)',
    '4: a=0 b=3 c=4 (0..4)',
  ]);
});

describe('bounds', () => {
  test('work per event and memory do not grow with the number of partial matches', () => {
    const within = 1000;
    const { network, program } = dag({ ...anyOrder, within: { ms: within, scope: 'firstToLast' } });
    const events = ticks('ab'.repeat(10_000));
    expect(matchesOf(program, network, events)).toEqual([]);
    // 2^500 partial matches in the window, at most four nodes for each of its events, and room for four times as many.
    expect(program.engine.arena.capacity).toBeLessThanOrEqual(16 * within);
  });

  test('a loop without end holds one node or two for each event', () => {
    const loop: Step<Tick> = {
      link: null,
      name: 'a',
      where: named('a') as Predicate<Tick>,
      quantifier: { min: 3, max: null },
    };
    const end: Step<Tick> = { link: 'followedBy', name: 'c', where: named('c') as Predicate<Tick> };
    const { network, program } = dag({ steps: [loop, end] }, 1);
    expect(matchesOf(program, network, ticks(`${'a'.repeat(50_000)}c`))).toHaveLength(1);
    expect(program.engine.arena.size).toBeLessThan(8 * 50_000);
  });

  test('no more matches than asked for are put together, the latest first', () => {
    const { network, program } = dag({ ...anyOrder, within: { ms: 100, scope: 'firstToLast' } }, 2);
    const found = matchesOf(program, network, ticks(`${'a'.repeat(20)}${'b'.repeat(60)}c`));
    expect(found).toEqual(['80: a=18 b=79 c=80 (18..80)', '80: a=19 b=79 c=80 (19..80)']);
  });

  test('a partition whose window is over is idle, and says when', () => {
    const { network, program } = dag(anyOrder);
    const partition = program.partition();
    expect([partition.isIdle, partition.deadline]).toEqual([true, Infinity]);
    matchesOf(program, network, ticks('xaab'), partition);
    expect([partition.isIdle, partition.deadline, partition.partials]).toEqual([false, 8, 3]);
    partition.advance(7, new Matches());
    expect(partition.isIdle).toBe(false);
    partition.advance(8, new Matches());
    expect([partition.isIdle, partition.deadline]).toEqual([true, Infinity]);
    partition.release();
    program.engine.arena.recycle();
    expect(program.engine.arena.size).toBe(0);
  });

  test('shedding takes whole sets, the least advanced or the oldest first', () => {
    const { network, program } = dag(anyOrder);
    const shed: number[] = [];
    const output = Object.assign(new Matches(), { shed: (count: number) => shed.push(count) });
    for (const order of ['leastAdvanced', 'oldest'] as const) {
      const partition = program.partition();
      matchesOf(program, network, ticks('aba'), partition);
      const held = partition.partials;
      partition.shed(1, order, output);
      expect(partition.partials).toBe(held - 1);
      const found = matchesOf(program, network, [{ id: 3, ts: 3, name: 'c', price: 0 }], partition);
      expect(found).toEqual(order === 'leastAdvanced' ? ['3: a=0 b=1 c=3 (0..3)'] : []);
      partition.release();
    }
    expect(shed).toEqual([1, 1]);
  });
});

describe('the choice of the matcher', () => {
  const step = (name: string, more: Partial<Step<Tick>> = {}): Step<Tick> => ({
    link: 'followedBy',
    name,
    where: named(name),
    ...more,
  });
  const first = step('a', { link: null });
  const within = { ms: 5, scope: 'firstToLast' } as const;

  test.for<[string, PatternModel<Tick>]>([
    ['looks at earlier events', { steps: [first, step('b', { where: { callWithSeen: () => true } })] }],
    ['skip strategy pastLast', { steps: [first], skip: { strategy: 'pastLast' } }],
    ['bounds the time since the event before', { steps: [first, step('b', { gapMs: 4 })] }],
    ['ends with a negation', { steps: [first, step('b', { link: 'notFollowedBy' })], within }],
  ])('the run matcher where the pattern %s', ([why, pattern]) => {
    const choice = chooseMatcher(pattern);
    expect(choice.kind).toBe('run');
    expect(choice.reason).toContain(why);
  });

  test('the run matcher where timeouts are wanted or too much is asked of an event', () => {
    expect(chooseMatcher({ steps: [first], within }, { timeouts: true }).kind).toBe('run');
    expect(chooseMatcher({ steps: [first] }, { timeouts: true }).kind).toBe('dag');
    const steps = Array.from({ length: 31 }, (_, i) => step(`s${i}`, { link: i === 0 ? null : 'followedBy' }));
    expect(compilePattern({ steps }, new PredicateNetwork().table<Tick>()).reason).toContain(
      'asks 31 different things',
    );
  });
});
