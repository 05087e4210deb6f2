/**
 * The durable log: how much it takes, how soon it answers at a fixed rate, how fast it opens again.
 *
 * Every append is durable before it counts (fdatasync, or what the peer has for it). Peers are searched for their best
 * configuration and batch size first, then all are measured in turn, round by round; ratios are taken within a round.
 * A peer that cannot be loaded is skipped, and said so. The disk is that of the working directory, shared with whatever
 * else uses it: a row quotes the median of its rounds and their extremes.
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { durableLog } from 'daoflow/log';
import {
  atLeast,
  atMost,
  bench,
  ratioOf,
  sampleOf,
  startChild,
  type BenchContext,
  type Sample,
} from './harness/index.ts';
import { appendRate, type AppendLoad } from './log/append-rate.ts';
import { randomEvents, type Configuration, type Contestant } from './log/contestant.ts';
import { ingestAtRate, type Ingested } from './log/ingest-rate.ts';
import { own, peers, tryOpen } from './log/stores.ts';

const RATE = 100_000;
const REOPEN_BYTES = 2 ** 30;
const BATCHES = [100, 1000, 5000, 20_000, 50_000];
const QUICK_BATCHES = [1000, 20_000];
/** Tries of each configuration before the rounds. */
const SEARCH_TURNS = 3;

const INGEST = 'durable ingest, 100K events/s of 200 bytes';
const targets = {
  throughput: { name: 'durable appends, 200 bytes', metric: 'rate', unit: 'events/s', ...atLeast(500_000) },
  lead: { name: 'durable appends vs best peer', metric: 'rate ratio', unit: 'x', ...atLeast(2.5) },
  avg: { name: INGEST, metric: 'avg', unit: 'ms', ...atMost(10) },
  p95: { name: INGEST, metric: 'p95', unit: 'ms', ...atMost(30) },
  reopen: { name: 'reopen of 1 GB after kill -9', metric: 'time', unit: 'ms', ...atMost(500) },
};

type Context = BenchContext<keyof typeof targets>;

const root = mkdtempSync(join(process.cwd(), '.build/log-bench-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));
let directories = 0;

await bench('log', {
  targets,
  async run(b) {
    const events = randomEvents(100_000); // twice the largest batch
    await measureAppends(b, events);
    await measureIngest(b, events);
    await measureReopen(b);
  },
});

interface Candidate {
  readonly contestant: Contestant;
  readonly configuration: Configuration;
  readonly load: Omit<AppendLoad, 'forMs'>;
}

interface Best extends Candidate {
  /** Events/s, the median of its tries. */
  readonly rate: number;
}

async function measureAppends(b: Context, events: readonly Uint8Array[]): Promise<void> {
  const contestants: Best[] = [];
  for (const contestant of [own, ...peers]) {
    const best = await bestOf(b, contestant, events);
    if (best !== undefined) contestants.push(best);
  }
  const rates = new Map<Best, number[]>(contestants.map((one) => [one, []]));
  for (let round = 0; round < b.rounds(7, 3); round += 1) {
    // Both ways around: what a contestant leaves to the disk, files to discard above all, is not always left to the same one.
    const order = round % 2 === 0 ? contestants : contestants.toReversed();
    for (const [i] of order.entries()) {
      const one = order[(i + round) % order.length] as Best;
      rates.get(one)?.push((await measured(b, one, events, b.quick ? 500 : 1500)).eventsPerSecond);
    }
  }
  const [ours, ...others] = contestants.map((one) => ({ ...one, sample: sampleOf(rates.get(one) ?? []) }));
  if (ours === undefined) throw new Error('the log itself could not be measured');
  b.record('throughput', ours.sample);
  for (const { contestant, configuration, load, sample } of others) {
    b.note(`${contestant.name}, ${configuration.name}, batch ${load.batch}`, 'rate', sample, 'events/s');
  }
  b.record(
    'lead',
    others.length === 0
      ? null
      : leadOver(
          ours.sample,
          others.map(({ sample }) => sample),
        ),
  );
}

/** Round by round against whichever peer was the fastest over all. */
function leadOver(ours: Sample, others: readonly Sample[]): Sample {
  const best = others.reduce((a, b) => (b.median > a.median ? b : a));
  return ratioOf(ours, best);
}

/**
 * Tries every configuration with every batch size, briefly, in turns and several times: a single try at a moment at which
 * somebody else uses the disk would choose wrongly for all rounds.
 *
 * @returns undefined when it cannot be loaded here
 */
async function bestOf(b: Context, contestant: Contestant, events: readonly Uint8Array[]): Promise<Best | undefined> {
  const store = await tryOpen(contestant, freshDirectory(), contestant.configurations[0]?.name ?? '');
  if (typeof store === 'string') {
    b.say(`SKIPPED, not measured here: ${contestant.name}: ${store}`);
    return undefined;
  }
  await store.close();
  const candidates = contestant.configurations.flatMap((configuration) =>
    (b.quick ? QUICK_BATCHES : BATCHES).map((batch) => ({
      contestant,
      configuration,
      load: { batch, callers: configuration.callers },
    })),
  );
  const rates = new Map<Candidate, number[]>(candidates.map((one) => [one, []]));
  for (let turn = 0; turn < SEARCH_TURNS; turn += 1) {
    for (const one of candidates) {
      rates.get(one)?.push((await measured(b, one, events, b.quick ? 100 : 300)).eventsPerSecond);
    }
  }
  const tried = candidates.map((one) => ({ ...one, rate: sampleOf(rates.get(one) ?? []).median }));
  const best = tried.reduce((a, one) => (one.rate > a.rate ? one : a));
  const { configuration, load, rate } = best;
  b.say(`${contestant.name}: best with ${configuration.name}, batch ${load.batch}: ${Math.round(rate)} events/s`);
  return best;
}

async function measured(
  b: Context,
  { contestant, configuration, load }: Candidate,
  events: readonly Uint8Array[],
  forMs: number,
): Promise<{ readonly eventsPerSecond: number }> {
  const directory = freshDirectory();
  const store = await contestant.open(directory, configuration.name);
  const result = await appendRate(store, events, { ...load, forMs });
  b.check(result.isComplete, `${contestant.name} holds what was appended`);
  await store.close();
  rmSync(directory, { recursive: true, force: true });
  return result;
}

async function measureIngest(b: Context, events: readonly Uint8Array[]): Promise<void> {
  const log = await durableLog(freshDirectory());
  const windows: Ingested[] = [];
  for (let round = 0; round < b.rounds(5, 3); round += 1) {
    windows.push(await ingestAtRate(log, events, { rate: RATE, warmupMs: 500, windowMs: b.quick ? 1000 : 4000 }));
  }
  await log.close();
  const of = (read: (one: Ingested) => number): Sample => sampleOf(windows.map(read));
  b.record(
    'avg',
    of(({ avgMs }) => avgMs),
  );
  b.record(
    'p95',
    of(({ p95Ms }) => p95Ms),
  );
  b.note(
    INGEST,
    'p50',
    of(({ p50Ms }) => p50Ms),
    'ms',
  );
  b.note(
    INGEST,
    'p99',
    of(({ p99Ms }) => p99Ms),
    'ms',
  );
  b.note(
    INGEST,
    'accepted',
    of(({ eventsPerSecond }) => eventsPerSecond),
    'events/s',
  );
  b.note(
    INGEST,
    'CPU, load generator included',
    of(({ cpuRatio }) => cpuRatio * 100),
    '% of a core',
  );
}

async function measureReopen(b: Context): Promise<void> {
  const directory = freshDirectory();
  const filler = startChild('log-filler', { args: [directory, String(REOPEN_BYTES)] });
  const { records, bytes } = (await filler.next()) as { readonly records: number; readonly bytes: number };
  filler.kill();
  await filler.ended().catch(() => undefined);
  b.note('the log that is opened', 'size', bytes / 2 ** 20, 'MB');
  const afterKill = await timeToOpen(b, directory, records);
  b.record('reopen', afterKill);
  const afterClose: number[] = [];
  for (let i = 0; i < b.rounds(7, 3); i += 1) afterClose.push(await timeToOpen(b, directory, records));
  b.note('reopen of 1 GB after close', 'time', sampleOf(afterClose), 'ms');
}

async function timeToOpen(b: Context, directory: string, records: number): Promise<number> {
  const startedAt = performance.now();
  const log = await durableLog(directory, { reserveBytes: 0 });
  const tookMs = performance.now() - startedAt;
  b.check(log.stats.last >= records, 'a log that is opened again holds what was acknowledged');
  await log.close();
  return tookMs;
}

function freshDirectory(): string {
  const directory = join(root, String(directories++));
  mkdirSync(directory);
  return directory;
}
