/**
 * Pattern matching, one thread, the whole matcher: windows, keys, timers and matches; 10,000 keys where keyed.
 *
 * Rates are per second of CPU time. Rows of the reference were measured once (Flink CEP's NFA on Java 17, no serialiser, no
 * cluster, on another machine of two cores), on streams of the same making: they are quoted for their shape, not measured here.
 *
 * `--long` measures what only long streams show, and nothing else: memory (minutes).
 */

import { performance } from 'node:perf_hooks';
import {
  atLeast,
  atMost,
  bench,
  cpuPerEvent,
  ratioOf,
  sampleOf,
  type BenchContext,
  type Sample,
} from './harness/index.ts';
import { countByHand } from './patterns/by-hand.ts';
import { Matcher } from './patterns/matcher.ts';
import { bytesPerKey, churn, longLoop } from './patterns/memory.ts';
import { throughFlow } from './patterns/through-flow.ts';
import { combinations, dense, flooded, iterative, sequence, sparse, type Workload } from './patterns/workload.ts';

const rate = (name: string, target: number) => ({ name, metric: 'rate', unit: 'events/s', ...atLeast(target) });
const added = (name: string, ms: number) => ({ name, metric: 'added p99', unit: 'ms', ...atMost(ms) });

const targets = {
  sparse1: rate('sparse, 1 pattern', 2_500_000),
  sparse100: rate('sparse, 100 patterns', 1_500_000),
  sparse1000: rate('sparse, 1,000 patterns', 700_000),
  dense100: rate('dense, 100 patterns', 400_000),
  dense1000: rate('dense, 1,000 patterns', 150_000),
  dag1: rate('any a, b+, NE, within 800', 2_000_000),
  flat: { name: 'any a, b+, NE, window of 800 against 100', metric: 'cost per event', unit: 'x', ...atMost(1.2) },
  dag100: rate('any a, b+, NE, 100 patterns', 300_000),
  dag1000: rate('any a, b+, NE, 1,000 patterns', 50_000),
  iterative1: rate('iterative, 1 pattern', 1_000_000),
  iterative100: rate('iterative, 100 patterns', 250_000),
  iterative1000: rate('iterative, 1,000 patterns', 50_000),
  memory: { name: '1M keys, one partial match each', metric: 'memory', unit: 'B/key', ...atMost(150) },
  idle: { name: '1M keys, all idle again', metric: 'memory', unit: 'B/key', ...atMost(1) },
  p99of1: added('batches of 256, 1 pattern', 1),
  p99of100: added('batches of 256, 100 patterns', 2),
  p99of1000: added('batches of 256, 1,000 patterns', 5),
  flow: rate('through a whole flow, 1,000 patterns', 100_000),
  churn: { name: 'short-lived keys, ten events each', metric: 'memory at most', unit: 'MB', ...atMost(50) },
  loop: { name: 'a{3,} b, 100,000 events against 25,000', metric: 'memory per event', unit: 'x', ...atMost(1.2) },
  loopCost: { name: 'a{3,} b, 100,000 events against 25,000', metric: 'cost per event', unit: 'x', ...atMost(1.5) },
  runs: { name: 'the same over earlier events, maxPartials 1,000', metric: 'memory', unit: 'MB', ...atMost(50) },
};

const LONG: ReadonlySet<string> = new Set(['churn', 'loop', 'loopCost', 'runs']);
const isLong = (args: readonly string[]): boolean => args.includes('--long');

type Key = keyof typeof targets;
type Context = BenchContext<Key>;

await bench('patterns', {
  targets,
  usage: '  --long             the memory of long runs instead, 30 s',
  isWanted: (key, args) => LONG.has(key) === isLong(args),
  async run(b) {
    if (isLong(b.args)) {
      await long(b);
      return;
    }
    check(b);
    memory(b);
    await rates(b);
    await windows(b);
    await blowUp(b);
    latency(b);
    b.record('flow', await flowRate(b));
  },
});

/** The same matches as the most direct search, for a hundred patterns. */
function check(b: Context): void {
  const types = 10;
  const workload = sparse(100, types);
  const matcher = new Matcher(workload);
  const count = matcher.feed(100_000);
  const names = workload.patterns.map((_, p) => [0, 1, 2].map((k) => `t${(3 * p + k) % types}`));
  const expected = countByHand(workload, names, count, 10_000);
  b.check(
    matcher.matches === expected && expected > 0,
    `${expected} matches are found by hand, ${matcher.matches} here`,
  );
}

function memory(b: Context): void {
  const { live, idle, left } = bytesPerKey(1_000_000);
  b.check(left === 0, 'no key is left once its partial match is over');
  b.record('memory', live);
  b.record('idle', idle);
}

async function rates(b: Context): Promise<void> {
  const rows: readonly (readonly [Key, Workload, number])[] = [
    ['sparse1', sparse(1), 1_000_000],
    ['sparse100', sparse(100), 1_000_000],
    ['sparse1000', sparse(1000), 400_000],
    ['dense100', dense(100), 400_000],
    ['dense1000', dense(1000), 200_000],
    ['iterative1', iterative(1), 400_000],
    ['iterative100', iterative(100), 200_000],
    ['iterative1000', iterative(1000), 50_000],
    ['dag100', combinations(100, 100), 200_000],
    ['dag1000', combinations(100, 1000), 100_000],
  ];
  for (const [key, workload, count] of rows) b.record(key, await steadyRate(b, workload, count));
  b.note('every event begins 150 partial matches', 'rate', await steadyRate(b, flooded(), 10_000), 'events/s');
}

/** The cost of an event while the window grows eightfold. */
async function windows(b: Context): Promise<void> {
  const sizes = [100, 200, 400, 800];
  const matchers = sizes.map((size) => new Matcher(combinations(size)));
  const costs: number[][] = sizes.map(() => []);
  for (let round = -1; round < b.rounds(9, 5); round += 1) {
    for (const [i, matcher] of matchers.entries()) {
      const cost = await cpuPerEvent(() => matcher.feed(b.quick ? 100_000 : 500_000));
      if (round >= 0) costs[i]?.push(cost);
    }
  }
  const samples = costs.map((values) => sampleOf(values));
  for (const [i, sample] of samples.entries())
    b.note(`any a, b+, NE, within ${sizes[i] ?? 0}`, 'rate', rateOf(sample), 'events/s');
  const [narrow, wide] = [samples[0], samples.at(-1)];
  b.record('flat', narrow === undefined || wide === undefined ? null : ratioOf(wide, narrow));
  b.record('dag1', wide === undefined ? null : rateOf(wide));
}

/** What makes others fall to single digits. */
async function blowUp(b: Context): Promise<void> {
  const rows: readonly (readonly [string, Workload, number | null])[] = [
    ['a, b, c relaxed, all matches, within 100', sequence(['t0', 't1', 't2'], 'followedBy', 100), 37_200],
    ['the same as 100 patterns', sequence(['t0', 't1', 't2'], 'followedBy', 100, 100), 235],
    ...[
      [50, 9400],
      [100, 6640],
      [200, 1070],
      [400, 163],
    ].map(
      ([size = 0, flink = 0]) =>
        [`any a, b, NE, within ${size}`, sequence(['t0', 't1', 'never'], 'followedByAny', size), flink] as const,
    ),
    ...[
      [50, 8440],
      [100, 827],
      [200, 71],
    ].map(
      ([size = 0, flink = 0]) =>
        [
          `any a, b, c, NE, within ${size}`,
          sequence(['t0', 't1', 't2', 'never'], 'followedByAny', size),
          flink,
        ] as const,
    ),
    ...[
      [40, 367],
      [60, 165],
      [80, 23],
      [100, 4],
      [1000, null],
    ].map(([size, flink = null]) => [`any a, b+, NE, within ${size ?? 0}`, combinations(size ?? 0), flink] as const),
  ];
  for (const [name, workload, flink] of rows) {
    const count = workload.patterns.length > 1 ? 10_000 : 100_000;
    b.note(name, 'rate', await steadyRate(b, workload, count), 'events/s');
    if (flink !== null) b.note(`${name}: Flink CEP, measured once elsewhere`, 'rate', flink, 'events/s');
  }
}

/** How long a batch of 256 events keeps its last event waiting; CPU time beside it, to tell our share from that of others. */
function latency(b: Context): void {
  const rows: readonly (readonly [Key, number])[] = [
    ['p99of1', 1],
    ['p99of100', 100],
    ['p99of1000', 1000],
  ];
  for (const [key, patterns] of rows) {
    const matcher = new Matcher(sparse(patterns));
    matcher.feed(100_000);
    const [cpuMs, wallMs]: [number[], number[]] = [[], []];
    for (let i = 0; i < (b.quick ? 400 : 4000); i += 1) {
      const [began, before] = [performance.now(), process.cpuUsage()];
      matcher.feed(256);
      const { user, system } = process.cpuUsage(before);
      cpuMs.push((user + system) / 1000);
      wallMs.push(performance.now() - began);
    }
    b.record(key, p99(wallMs));
    b.note(`${targets[key].name}, CPU time`, 'added p99', p99(cpuMs), 'ms');
  }
}

function p99(values: readonly number[]): number | null {
  return [...values].sort((one, other) => one - other)[Math.floor(0.99 * values.length)] ?? null;
}

async function flowRate(b: Context): Promise<Sample> {
  const workload = sparse(1000);
  const costs: number[] = [];
  for (let round = -1; round < b.rounds(5, 3); round += 1) {
    const cost = await cpuPerEvent(() => throughFlow(workload, b.quick ? 51_200 : 512_000));
    if (round >= 0) costs.push(cost);
  }
  return rateOf(sampleOf(costs));
}

/** Keys that are not seen again, and a loop over all there is. `--quick`: a hundredth of the keys, a fifth of the loop. */
async function long(b: Context): Promise<void> {
  const keys = b.quick ? 100_000 : 10_000_000;
  const { peakMb, liveKeys, left, costs } = await churn(10 * keys, keys);
  b.check(liveKeys < 200_000, `at most 200,000 of ${keys} short-lived keys live at once (${liveKeys})`);
  b.check(left === 0, 'no key is left after the last one');
  b.record('churn', peakMb);
  b.note(targets.churn.name, 'stream', 10 * keys, 'events');
  b.note(targets.churn.name, 'rate', rateOf(sampleOf(costs)), 'events/s');
  const events = b.quick ? 20_000 : 100_000;
  await longLoop(events); // warms up
  const [short, whole] = [await longLoop(events / 4), await longLoop(events)];
  b.record('loop', whole.bytes / 4 / short.bytes);
  b.record('loopCost', whole.cost / short.cost);
  b.note('a{3,} b', 'memory', whole.bytes / events, 'B/event');
  b.note('a{3,} b', 'rate', 1e9 / whole.cost, 'events/s');
  const bounded = await longLoop(events, 1000);
  b.record('runs', bounded.bytes / 2 ** 20);
  b.check(bounded.partials <= 1000, `at most 1,000 partial matches are held (${bounded.partials})`);
  b.note(targets.runs.name, 'rate', 1e9 / bounded.cost, 'events/s');
}

async function steadyRate(b: Context, workload: Workload, count: number): Promise<Sample> {
  const matcher = new Matcher(workload);
  const part = b.quick ? count / 4 : count;
  matcher.feed(part);
  const costs: number[] = [];
  for (let round = 0; round < b.rounds(5, 3); round += 1) costs.push(await cpuPerEvent(() => matcher.feed(part)));
  return rateOf(sampleOf(costs));
}

/** ns per event to events per second. */
function rateOf({ values }: Sample): Sample {
  return sampleOf(values.map((ns) => 1e9 / ns));
}
