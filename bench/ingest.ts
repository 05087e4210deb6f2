/**
 * The whole way in: NDJSON over TCP or HTTP -> map, filter, keyed two-step condition -> async batched sink.
 *
 * An open-loop sender in a process of its own offers a fixed rate; latency counts from the intended time of
 * sending to the sink's confirmation, CPU is that of the server's process, user and system of all threads.
 * Every hold checks that all events arrived and that the matches are those of an independent count.
 *
 * Other work on the machine shows as latency first: a row quotes the median of its windows and their extremes, and of
 * the slowest window it is said what kept the server's thread from its work (ingest/pauses.ts).
 */

import { atLeast, atMost, bench, sampleOf, type BenchContext } from './harness/index.ts';
import type { EngineName, Transport } from './ingest/protocol.ts';
import { GUIDE, highestRate, type SearchOptions } from './ingest/search.ts';
import { Stand, type Held, type Load } from './ingest/stand.ts';

const EVERYDAY = 100_000;
const HIGH = 1_000_000;
const BEYOND = 10_000_000;

const TCP = 'TCP, 100K events/s';
const HTTP = 'HTTP, 100K events/s, 200 per POST';
const FAST = 'TCP, 1M events/s';
const cpu = { metric: 'CPU', unit: '% of a core' };
const ms = (metric: string): { metric: string; unit: string } => ({ metric, unit: 'ms' });

const targets = {
  'tcp.p50': { name: TCP, ...ms('p50'), ...atMost(0.5) },
  'tcp.p95': { name: TCP, ...ms('p95'), ...atMost(2) },
  'tcp.p99': { name: TCP, ...ms('p99'), ...atMost(8) },
  'tcp.cpu': { name: TCP, ...cpu, ...atMost(20) },
  'http.p50': { name: HTTP, ...ms('p50'), ...atMost(0.5) },
  'http.p95': { name: HTTP, ...ms('p95'), ...atMost(2) },
  'http.p99': { name: HTTP, ...ms('p99'), ...atMost(8) },
  'http.cpu': { name: HTTP, ...cpu, ...atMost(30) },
  'fast.p95': { name: FAST, ...ms('p95'), ...atMost(2) },
  'fast.cpu': { name: FAST, ...cpu, ...atMost(40) },
  ceiling: { name: 'TCP, highest rate in the targets', metric: 'rate', unit: 'events/s', ...atLeast(2_500_000) },
};

type Key = keyof typeof targets;
type Context = BenchContext<Key>;

await bench('ingest', {
  targets,
  async run(b) {
    await measureSender(b);
    await measureTcp(b);
    await measureHttp(b);
    await measureDurable(b);
    await measurePeer(b, 'rxjs', 'RxJS');
    await measurePeer(b, 'streams', 'Node streams');
  },
});

async function measureTcp(b: Context): Promise<void> {
  await onStand(b, 'daoflow-tcp', 'tcp', async (stand) => {
    await warmUp(stand);
    const everyday = await windows(stand, EVERYDAY, b);
    note(b, TCP, everyday);
    record(b, everyday, { p50Ms: 'tcp.p50', p95Ms: 'tcp.p95', p99Ms: 'tcp.p99' }, 'tcp.cpu');
    const high = await windows(stand, HIGH, b);
    note(b, FAST, high);
    record(b, high, { p95Ms: 'fast.p95' }, 'fast.cpu');
    const best = await search(stand, b, { start: 2_000_000, step: 1.26 });
    b.record('ceiling', best?.rate ?? null);
    if (best !== undefined) note(b, 'TCP, highest rate', [best]);
  });
}

async function measureHttp(b: Context): Promise<void> {
  await onStand(b, 'daoflow-http', 'http', async (stand) => {
    await warmUp(stand);
    const held = await windows(stand, EVERYDAY, b);
    note(b, HTTP, held);
    record(b, held, { p50Ms: 'http.p50', p95Ms: 'http.p95', p99Ms: 'http.p99' }, 'http.cpu');
  });
}

/** What it costs that an answer means "on the disk". */
async function measureDurable(b: Context): Promise<void> {
  await onStand(b, 'daoflow-durable', 'http', async (stand) => {
    await warmUp(stand);
    note(b, `${HTTP}, durable`, await windows(stand, EVERYDAY, b));
  });
}

async function measurePeer(b: Context, engine: EngineName, name: string): Promise<void> {
  await onStand(b, engine, 'tcp', async (stand) => {
    await warmUp(stand);
    note(b, `${name}, ${TCP}`, await windows(stand, EVERYDAY, b));
    if (b.quick) return; // its time goes into warming up
    const best = await search(stand, b, { start: 500_000, step: 1.4 });
    b.note(`${name}, ${targets.ceiling.name}`, 'rate', best?.rate ?? null, 'events/s');
    if (best !== undefined) note(b, `${name}, highest rate`, [best]);
  });
}

/** Offered more than it can send: what arrives at a server that only counts lines is the sender's own limit. */
async function measureSender(b: Context): Promise<void> {
  await onStand(b, 'null', 'tcp', async (stand) => {
    const { eventsPerSecond } = await stand.hold({ rate: BEYOND, warmupMs: 300, windowMs: 500 });
    await stand.check();
    b.note('the sender, to a server that only counts lines', 'rate', eventsPerSecond, 'events/s');
  });
}

async function onStand(
  b: Context,
  engine: EngineName,
  transport: Transport,
  measure: (stand: Stand) => Promise<void>,
): Promise<void> {
  const stand = await Stand.start(engine, transport);
  await measure(stand);
  if (stand.refused > 0) b.say(`${engine}: ${stand.refused} POSTs found no room and were sent again`);
  await stand.end();
}

/** Until the code is compiled: what runs once a chunk or a POST takes 3 s, at any rate; before, CPU is 2 to 3 times as high. */
async function warmUp(stand: Stand): Promise<void> {
  await stand.hold({ rate: 2 * EVERYDAY, warmupMs: 0, windowMs: 3000 });
  await stand.check();
}

async function windows(stand: Stand, rate: number, b: Context): Promise<Held[]> {
  const load: Load = { rate, warmupMs: 300, windowMs: b.quick ? 500 : 2000 };
  const held: Held[] = [];
  for (let round = 0; round < b.rounds(5, 3); round += 1) {
    held.push(await stand.hold(load));
    await stand.check();
  }
  return held;
}

async function search(stand: Stand, b: Context, at: Pick<SearchOptions, 'start' | 'step'>): Promise<Held | undefined> {
  b.say(
    `highest rate with avg < ${GUIDE.avgMs} ms, p95 < ${GUIDE.p95Ms} ms, CPU < ${GUIDE.cpuRatio * 100} % of one core`,
  );
  return highestRate(stand, {
    ...at,
    bisections: b.rounds(4, 2),
    tries: b.rounds(3, 2),
    warmupMs: 300,
    windowMs: b.quick ? 400 : 1000,
    say: (line) => b.say(line),
  });
}

type LatencyKeys = Partial<Record<'p50Ms' | 'p95Ms' | 'p99Ms', Key>>;

function record(b: Context, held: readonly Held[], latencies: LatencyKeys, cpuKey: Key): void {
  for (const [figure, key] of Object.entries(latencies)) {
    b.record(key, sampleOf(held.map(({ latency }) => latency[figure as keyof LatencyKeys])));
  }
  b.record(cpuKey, sampleOf(held.map(({ cpuRatio }) => cpuRatio * 100)));
}

/** What has no target of its own. */
function note(b: Context, name: string, held: readonly Held[]): void {
  const sample = (read: (one: Held) => number): ReturnType<typeof sampleOf> => sampleOf(held.map(read));
  b.note(
    name,
    'avg',
    sample(({ latency }) => latency.avgMs),
    'ms',
  );
  b.note(
    name,
    'p50',
    sample(({ latency }) => latency.p50Ms),
    'ms',
  );
  b.note(
    name,
    'p95',
    sample(({ latency }) => latency.p95Ms),
    'ms',
  );
  b.note(
    name,
    'p99',
    sample(({ latency }) => latency.p99Ms),
    'ms',
  );
  b.note(
    name,
    'CPU',
    sample(({ cpuRatio }) => cpuRatio * 100),
    '% of a core',
  );
  b.note(
    name,
    'CPU',
    sample(({ nsPerEvent }) => nsPerEvent),
    'ns/event',
  );
  b.note(
    name,
    'sender late, p99',
    sample(({ sender }) => sender.lateP99Ms),
    'ms',
  );
  b.note(
    name,
    'waited for a core',
    sample(({ pauses }) => pauses.waitedMs ?? NaN),
    'ms a window',
  );
  b.note(
    name,
    'collections',
    sample(({ pauses }) => pauses.gcMs),
    'ms a window',
  );
  if (held.length > 1) b.say(`${name}: ${slowest(held)}`);
}

function slowest(held: readonly Held[]): string {
  const { latency, pauses, sender } = held.reduce((a, b) => (b.latency.p95Ms > a.latency.p95Ms ? b : a));
  const { gcMs, longestGcMs, waitedMs, decisions } = pauses;
  const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
  const waited = waitedMs === null ? '' : `waited ${ms(waitedMs)} for a core, `;
  const collections = `collected for ${ms(gcMs)}, ${ms(longestGcMs)} at most`;
  return (
    `slowest of ${held.length} windows, p95 ${ms(latency.p95Ms)}: the server's thread ${waited}${collections}; ` +
    `the sender was ${ms(sender.lateP99Ms)} late at p99; ${decisions} decisions of tuning`
  );
}
