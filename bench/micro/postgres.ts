/**
 * Rows per second, and CPU time per row, into a table of seven columns: the sink in its modes, against other ways to insert
 * many rows. Interleaved, median and spread of the rounds; the rows are counted afterwards. For a server on this machine.
 *
 * `node scripts/services.mjs -- npx jiti bench/micro/postgres.ts`
 * Options: --rounds 3 --ms 800 --batches 1,256 --calls 1,16 --ways sink (those whose names begin with it)
 */
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import postgresClient, { type Sql } from 'postgres';
import { arrayLiteral } from '../../src/connector/postgres/array-literal.ts';
import { postgres } from '../../src/connector/postgres/postgres.ts';
import { systemScheduler } from '../../src/host/scheduler.ts';

const COLUMNS = {
  probe: 'text',
  big: 'int8',
  at: 'timestamptz',
  name: 'text',
  ratio: 'float8',
  ok: 'bool',
  payload: 'jsonb',
};
const NAMES = Object.keys(COLUMNS);
const TYPES = Object.values(COLUMNS);
const TABLE = 'daoflow_bench';
/** Calls per connection before it counts: the server plans a prepared statement anew five times. */
const WARM_UP = 6;
/** From checkpoint to checkpoint, where rows are committed with it. */
const COMMIT_MS = 200;
/** Width of a column, characters. */
const COLUMN = 26;

interface Event {
  readonly probe: string;
  readonly big: number;
  readonly at: Date;
  readonly name: string;
  readonly ratio: number;
  readonly ok: boolean;
  readonly payload: object;
}

/** Writes a batch; `close` ends its connections. */
interface Way {
  readonly write: (events: readonly Event[]) => unknown;
  readonly close: () => unknown;
}
type Open = (calls: number) => Way | Promise<Way>;

const url = process.env['DATABASE_URL'] ?? '';
const admin = postgresClient(url, { max: 1, onnotice: () => undefined });
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    ms: { type: 'string', default: '800' },
    batches: { type: 'string', default: '1,16,256,1024,4096' },
    calls: { type: 'string', default: '1,4,16' },
    ways: { type: 'string', default: '' },
  },
});
const numbers = (list: string): number[] => list.split(',').map(Number);

const WAYS: Readonly<Record<string, Open>> = {
  'sink, insert': () => sink({ mode: 'insert' }),
  'sink, copy': () => sink({ mode: 'copy' }),
  'sink, insert, once': () => once({ mode: 'insert' }),
  'sink, copy, once': () => once({ mode: 'copy' }),
  'sink, insert, key': () => sink({ mode: 'insert', key: ['probe', 'big'] }),
  'sink, copy, key': () => sink({ mode: 'copy', key: ['probe', 'big'] }),
  'VALUES list': raw((sql, events) => {
    const parameters = events.flatMap((event) => textsOf(event));
    const row = (i: number): string => `(${TYPES.map((type, j) => `$${i * TYPES.length + j + 1}::${type}`).join()})`;
    const statement = `insert into ${TABLE} (${NAMES.join()}) values ${events.map((_, i) => row(i)).join()}`;
    return sql.unsafe(statement, parameters, { prepare: true });
  }),
  'typed arrays': raw((sql, events) => {
    const rows = events.map(textsOf);
    const arrays = NAMES.map((_, j) => arrayLiteral(rows, (row) => row[j] ?? null));
    const parameters = TYPES.map((type, j) => `$${j + 1}::${type}[]`).join();
    return sql.unsafe(`insert into ${TABLE} (${NAMES.join()}) select * from unnest(${parameters})`, arrays, {
      prepare: true,
    });
  }),
  json_to_recordset: raw((sql, events) => {
    const shape = NAMES.map((name, j) => `${name} ${TYPES[j] ?? ''}`).join();
    const rows = `select ${NAMES.join()} from json_to_recordset($1::text::json) as r(${shape})`;
    return sql.unsafe(`insert into ${TABLE} (${NAMES.join()}) ${rows}`, [JSON.stringify(events)], { prepare: true });
  }),
};

/** Writes are held while a commit is due, as a run holds its intake. */
async function once(mode: { readonly mode: 'insert' | 'copy' }): Promise<Way> {
  const { signal } = new AbortController();
  const scheduler = systemScheduler({ keepAlive: true });
  const context = { flow: 'bench', scheduler, signal, notice: console.error };
  const sink = postgres<Event>({ url, table: TABLE, exactlyOnce: true, ...mode });
  const transaction = await sink.transaction?.open({ ...context, commitSoon: () => undefined });
  if (transaction === undefined) throw new Error('no transaction');
  const writer = await sink.open({ ...context, name: 'postgres', transaction });
  const running = new Set<Promise<void>>();
  let held: Promise<void> | undefined;
  let committedAt = performance.now();
  const commit = async (): Promise<void> => {
    await Promise.all(running);
    await transaction.commit(Buffer.from('place'));
    committedAt = performance.now();
    held = undefined;
  };
  return {
    write: async (events) => {
      if (performance.now() - committedAt > COMMIT_MS) held ??= commit();
      while (held !== undefined) await held;
      const write = Promise.resolve(writer.write(events, { signal: new AbortController().signal }));
      running.add(write);
      await write;
      running.delete(write);
    },
    close: async () => {
      await commit();
      await transaction.close();
    },
  };
}

async function sink(mode: { readonly mode: 'insert' | 'copy'; readonly key?: readonly string[] }): Promise<Way> {
  const scheduler = systemScheduler({ keepAlive: true });
  const writer = await postgres<Event>({ url, table: TABLE, ...mode }).open({
    flow: 'bench',
    signal: new AbortController().signal,
    name: 'postgres',
    scheduler,
    notice: console.error,
  });
  const { signal } = new AbortController();
  return { write: (events) => writer.write(events, { signal }), close: () => writer.close?.() };
}

function raw(insert: (sql: Sql, events: readonly Event[]) => Promise<unknown>): Open {
  return (calls) => {
    const shared = { max: calls, max_pipeline: 0, fetch_types: false, onnotice: () => undefined };
    const sql = postgresClient(url, shared);
    return { write: (events) => insert(sql, events), close: () => sql.end() };
  };
}

function textsOf({ probe, big, at, name, ratio, ok, payload }: Event): string[] {
  return [probe, String(big), at.toISOString(), name, String(ratio), String(ok), JSON.stringify(payload)];
}

let made = 0;
function makeEvents(count: number): Event[] {
  return Array.from({ length: count }, () => {
    const i = made++;
    const at = new Date(1.7e12 + i);
    return {
      probe: `probe-${i % 100}`,
      big: i,
      at,
      name: `some "name" é ${i}`,
      ratio: i * 0.37,
      ok: i % 2 === 0,
      payload: { a: i, b: 'x' },
    };
  });
}

interface Measured {
  /** Rows per second. */
  readonly rate: number;
  /** CPU time per row, us: ours, and of the server's processes for our connections (where /proc tells). */
  readonly client: number;
  readonly server: number;
}

/** Keys are always new, so that with a key the work is the same. */
async function measure(open: Open, batch: number, calls: number, ms: number): Promise<Measured> {
  const columns = NAMES.map((name, j) => `${name} ${TYPES[j] ?? ''}`).join();
  const index = open === WAYS['sink, insert, key'] || open === WAYS['sink, copy, key'];
  await admin.unsafe(`drop table if exists ${TABLE}; create table ${TABLE} (${columns})`);
  if (index) await admin.unsafe(`create unique index on ${TABLE} (probe, big)`);
  while ((await backends()).length > 0) await setTimeout(10); // those of the way before
  const way = await open(calls);
  let rows = 0;
  const one = async (): Promise<void> => {
    await way.write(makeEvents(batch));
    rows += batch;
  };
  for (let i = 0; i < WARM_UP; i += 1) await Promise.all(Array.from({ length: calls }, one));
  const warm = rows;
  const pids = await backends();
  const server = serverCpuUs(pids);
  const client = process.cpuUsage();
  const began = performance.now();
  const worker = async (): Promise<void> => {
    while (performance.now() - began < ms) await one();
  };
  await Promise.all(Array.from({ length: calls }, worker));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(client);
  const measured = rows - warm;
  const result = {
    rate: measured / seconds,
    client: (user + system) / measured,
    server: (serverCpuUs(pids) - server) / measured,
  };
  await way.close();
  const [found] = await admin.unsafe<{ count: number }[]>(`select count(*)::int as count from ${TABLE}`);
  if (found?.count !== rows) throw new Error(`wrong: ${found?.count ?? 0} rows instead of ${rows}`);
  return result;
}

async function backends(): Promise<number[]> {
  const ours = "datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";
  const found = await admin.unsafe<{ pid: number }[]>(`select pid from pg_stat_activity where ${ours}`);
  return found.map(({ pid }) => pid);
}

/** User and system time, in ticks of 10 ms: fields 14 and 15 of proc(5), where the second is a name in brackets. */
function serverCpuUs(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 10_000;
}

const batches = numbers(options.batches);
const ways = Object.entries(WAYS).filter(([name]) => name.startsWith(options.ways));
for (const calls of numbers(options.calls)) {
  console.log(
    `\n${calls} connections: K rows/s, median (least to most); CPU us per row of client + server; by rows per call`,
  );
  console.log(['', ...batches].map((each) => String(each).padStart(COLUMN)).join(''));
  const results = new Map(ways.map(([name]) => [name, batches.map((): Measured[] => [])]));
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const [at, batch] of batches.entries()) {
      for (const [name, open] of ways) {
        results.get(name)?.[at]?.push(await measure(open, batch, calls, Number(options.ms)));
      }
    }
  }
  for (const [name, cells] of results) {
    console.log(name.padStart(COLUMN) + cells.map((cell) => shown(cell).padStart(COLUMN)).join(''));
  }
}
await admin.unsafe(`drop table ${TABLE}, daoflow_checkpoint`);
await admin.end();

function shown(cell: readonly Measured[]): string {
  const [least, rate, most] = spread(cell.map((one) => one.rate / 1000));
  const [, client] = spread(cell.map((one) => one.client));
  const [, server] = spread(cell.map((one) => one.server));
  return `${rate} (${least}-${most}) ${client}+${server}`;
}

function spread(values: readonly number[]): [string, string, string] {
  const sorted = values
    .toSorted((a, b) => a - b)
    .map((value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(2)));
  return [sorted[0] ?? '', sorted[sorted.length >> 1] ?? '', sorted.at(-1) ?? ''];
}
