/**
 * The durable log: how much it takes, as a log that keeps all and as a queue that keeps the newest, how soon it answers at a
 * fixed rate, how fast it opens again.
 *
 * Every append is durable before it counts (fdatasync, or what the peer has for it). Peers are searched for their best
 * configuration and batch size first, then all are measured in turn, round by round; ratios are taken within a round. The
 * disk is measured in the same rounds, by hand, without a store: a row says which share of it the log reaches.
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
import { byHand } from './log/by-hand.ts';
import { contest, leadOver, type ContestOptions, type Entrant, type Placed } from './log/contest.ts';
import { EVENT_BYTES, randomEvents, type Contestant } from './log/contestant.ts';
import { ingestAtRate, type Ingested } from './log/ingest-rate.ts';
import { emptyEachTime, LastingQueues } from './log/raters.ts';
import { asQueue, own, peers, tryOpen } from './log/stores.ts';

const RATE = 100_000;
const REOPEN_BYTES = 2 ** 30;
/** By then the newest segments are written over the first ones; each round ends elsewhere in a segment of 64 MB. */
const WRITTEN_OVER_BYTES = 1.3 * REOPEN_BYTES;
const NEXT_END_BYTES = 13 * 2 ** 20;
const BATCHES = [100, 1000, 5000, 20_000, 50_000];
const QUICK_BATCHES = [1000, 20_000];
/** Tries of each configuration before the rounds. */
const SEARCH_TURNS = 3;
const QUICK_SEARCH_TURNS = 2;

/** Events that a queue keeps: what is older was consumed. */
const KEPT = Math.floor((64 * 2 ** 20) / EVENT_BYTES);

const INGEST = 'durable ingest, 100K events/s of 200 bytes';
const targets = {
  throughput: { name: 'durable appends, 200 bytes', metric: 'rate', unit: 'events/s', ...atLeast(500_000) },
  lead: { name: 'durable appends vs best peer', metric: 'rate ratio', unit: 'x', ...atLeast(2.5) },
  queue: { name: 'durable queue, 200 bytes, keeps 64 MB', metric: 'rate', unit: 'events/s', ...atLeast(500_000) },
  queueLead: { name: 'durable queue vs best peer', metric: 'rate ratio', unit: 'x', ...atLeast(2.5) },
  avg: { name: INGEST, metric: 'avg', unit: 'ms', ...atMost(10) },
  p95: { name: INGEST, metric: 'p95', unit: 'ms', ...atMost(30) },
  reopen: { name: 'reopen of 1 GB after kill -9', metric: 'time', unit: 'ms', ...atMost(500) },
  reopenOver: { name: 'reopen of 1 GB, written over, after kill -9', metric: 'time', unit: 'ms', ...atMost(500) },
};

type Context = BenchContext<keyof typeof targets>;

const root = mkdtempSync(join(process.cwd(), '.build/log-bench-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));
let directories = 0;

await bench('log', {
  targets,
  async run(b) {
    const events = randomEvents(100_000); // twice the largest batch
    const options = {
      events,
      freshDirectory,
      check: (isTrue: boolean, what: string): void => b.check(isTrue, what),
    };
    const all = await entrantsHere(b, [own, ...peers]);
    const disk = b.quick ? [] : await entrantsHere(b, byHand);
    const best = await measureRates(b, [...all, ...disk], emptyEachTime(options), {
      name: 'appends',
      rate: 'throughput',
      lead: 'lead',
    });
    const queues = new LastingQueues(options, KEPT, b.quick ? 1000 : Infinity);
    await measureRates(b, (b.quick ? best : all).flatMap(asQueues), queues.rate, {
      name: 'queue',
      rate: 'queue',
      lead: 'queueLead',
    });
    await queues.close();
    await measureIngest(b, events);
    await measureReopen(b);
    await measureReopenOver(b);
  },
});

interface RateRows {
  /** Of what is measured, in the rows of the peers. */
  readonly name: string;
  readonly rate: keyof typeof targets;
  readonly lead: keyof typeof targets;
}

/** @returns the log and its peers, each at its best */
async function measureRates(
  b: Context,
  entrants: readonly Entrant[],
  rate: ContestOptions['rate'],
  rows: RateRows,
): Promise<Placed[]> {
  b.say(`${rows.name}:`);
  const [ours, ...others] = await contest(entrants, {
    batches: b.quick ? QUICK_BATCHES : BATCHES,
    searchTurns: b.quick ? QUICK_SEARCH_TURNS : SEARCH_TURNS,
    searchMs: b.quick ? 100 : 300,
    rounds: b.rounds(15, 3),
    roundMs: b.quick ? 300 : 700,
    rate,
    say: (text) => b.say(text),
  });
  if (ours === undefined) throw new Error('the log itself could not be measured');
  b.record(rows.rate, ours.sample);
  for (const { contestant, configuration, batch, sample } of others) {
    b.note(`${rows.name}: ${contestant.name}, ${configuration.name}, batch ${batch}`, 'rate', sample, 'events/s');
  }
  const isDisk = ({ contestant }: Entrant): boolean => byHand.includes(contestant);
  for (const { contestant, configuration, sample } of others.filter(isDisk)) {
    b.note(
      `${rows.name}: the log vs ${contestant.name}, ${configuration.name}`,
      'rate ratio',
      ratioOf(ours.sample, sample),
      'x',
    );
  }
  const rivals = others.filter((one) => !isDisk(one));
  b.record(rows.lead, leadOver(ours.sample, rivals));
  return [ours, ...rivals];
}

function asQueues({ contestant, configuration }: Entrant): Entrant[] {
  if (contestant === own) return [{ contestant, configuration }];
  return asQueue(configuration).map((one) => ({ contestant, configuration: one }));
}

/** All configurations of the contestants that can be loaded here. */
async function entrantsHere(b: Context, contestants: readonly Contestant[]): Promise<Entrant[]> {
  const entrants: Entrant[] = [];
  for (const contestant of contestants) {
    const store = await tryOpen(contestant, freshDirectory(), contestant.configurations[0]?.name ?? '');
    if (typeof store === 'string') {
      b.say(`SKIPPED, not measured here: ${contestant.name}: ${store}`);
      continue;
    }
    await store.close();
    entrants.push(...contestant.configurations.map((configuration) => ({ contestant, configuration })));
  }
  return entrants;
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
  const left = await killedAt(REOPEN_BYTES, Infinity);
  b.note('the log that is opened', 'size', left.bytes / 2 ** 20, 'MB');
  b.record('reopen', await timeToOpen(b, left));
  const afterClose: number[] = [];
  for (let i = 0; i < b.rounds(7, 3); i += 1) afterClose.push(await timeToOpen(b, left));
  b.note('reopen of 1 GB after close', 'time', sampleOf(afterClose), 'ms');
}

async function measureReopenOver(b: Context): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < b.rounds(5, 1); i += 1) {
    const left = await killedAt(WRITTEN_OVER_BYTES + i * NEXT_END_BYTES, REOPEN_BYTES);
    times.push(await timeToOpen(b, left));
    rmSync(left.directory, { recursive: true });
  }
  b.record('reopenOver', sampleOf(times));
}

/** What a program has left that was killed as it wrote. */
interface Left {
  readonly directory: string;
  /** The last sequence that it was told to be durable. */
  readonly last: number;
  readonly bytes: number;
}

/** @param keep - bytes of the newest events that were not acknowledged */
async function killedAt(bytes: number, keep: number): Promise<Left> {
  const directory = freshDirectory();
  const filler = startChild('log-filler', { args: [directory, String(bytes), String(keep)] });
  const said = (await filler.next()) as Omit<Left, 'directory'>;
  filler.kill();
  await filler.ended().catch(() => undefined);
  return { directory, ...said };
}

async function timeToOpen(b: Context, { directory, last }: Left): Promise<number> {
  const startedAt = performance.now();
  const log = await durableLog(directory, { reserveBytes: 0 });
  const tookMs = performance.now() - startedAt;
  b.check(log.stats.last >= last, 'a log that is opened again holds what was acknowledged');
  await log.close();
  return tookMs;
}

function freshDirectory(): string {
  const directory = join(root, String(directories++));
  mkdirSync(directory);
  return directory;
}
