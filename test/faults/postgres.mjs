/** Rows of `npm run test:faults` about PostgreSQL: outputs, places and state in one transaction, judged in the tables. */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import connect from 'postgres';
import { at } from '../../scripts/lib/paths.mjs';
import { startPostgres } from '../../scripts/lib/postgres.mjs';
import { startFlow } from '../../scripts/lib/suite.mjs';
import { KEYS, writeEvents } from './events.mjs';

const RATE = 50_000;
/** A life commits each second, twice at most before it dies: some are left after the last death. */
const EVENTS_PER_DEATH = 2 * RATE;
/** Most time from a moment of its life to the death of a process, ms. */
const LIFE_MS = 1_000;
/** Of so many processes one dies while it starts, one within a time from its guarantee, the others from its first commit. */
const KINDS_OF_DEATH = 5;
const STANDS_STILL_MS = 5_000;

/**
 * @param row - takes a name, whether it is right, and its figures
 * @param skip - takes a name and a reason
 */
export async function postgresRows(folder, { row, skip, random, kills, limitMs }) {
  const server = await startPostgres().catch((error) => skip('PostgreSQL', error.message));
  if (server === undefined) return;
  const place = { server, folder, limitMs };
  try {
    await killed(place, { row, random, kills });
    await standsStill(place, row);
    await restarted(place, row);
  } finally {
    await server.stop();
  }
}

async function killed(place, { row, random, kills }) {
  const stream = await prepared(place, 'killed', kills * EVENTS_PER_DEATH);
  let done = 0;
  for (; done < kills; done += 1) {
    const run = start(stream);
    if (done % KINDS_OF_DEATH > 0) await run.begun;
    if (done % KINDS_OF_DEATH > 1) await nextCommit(stream, run.ended);
    const died = await Promise.race([run.ended.then(() => false), sleep(random() * LIFE_MS).then(() => true)]);
    run.child.kill('SIGKILL');
    await run.ended;
    if (!died) break;
  }
  const { events: before } = await committed(stream);
  const began = Date.now();
  const { code, cuts } = await finished(stream);
  const rate = Math.round(((stream.count - before) / (Date.now() - began)) * 1000);
  const { isRight, said } = await judged(stream);
  const figures = `${done} kills, cut off ${cuts} times, exit code ${code}, ${before} of ${stream.count} events before the last life, ${rate}/s in it, ${said}`;
  const name = `kill -9, ${kills} times, under ${RATE.toLocaleString('en')} events/s, into PostgreSQL exactly once`;
  row(name, code === 0 && isRight && done === kills, figures);
}

/**
 * Waits for its end; starts it again, as after any other death, where this harness cut it off and it had got on: what is not
 * there yet is not lost. @returns the exit code; none where it stood still
 */
async function finished(stream, run = start(stream)) {
  for (let cuts = 0, next = run; ; cuts += 1, next = start(stream)) {
    const { events: before } = await committed(stream);
    const { code, isCut } = await next.ended;
    const { events } = await committed(stream);
    if (!isCut || events === before) return { code, cuts };
    console.error(`${events} of ${stream.count} events were there: the others are not lost, it is started again`);
  }
}

/** A second run takes over while the first stands still in the middle of a transaction; then the first goes on. */
async function standsStill(place, row) {
  const stream = await prepared(place, 'still', 10 * RATE);
  const old = start(stream, { EVERY: '3s' }, 1);
  await old.begun;
  await sleep(4_000); // in the middle of its second transaction
  old.child.kill('SIGSTOP');
  const young = start(stream);
  await sleep(STANDS_STILL_MS);
  old.child.kill('SIGCONT');
  const deposed = await old.ended;
  const { code, cuts } = await finished(stream, young);
  const { isRight, said } = await judged(stream);
  const isFenced = deposed.code === 1 && deposed.said.includes(`has a newer owner: process ${young.child.pid} `);
  const figures = `cut off ${cuts} times, the old one ${isFenced ? 'names the new one and ends' : 'was NOT fenced'}, ${said}`;
  row(
    `SIGSTOP for ${STANDS_STILL_MS / 1000} s while a second run takes over`,
    code === 0 && isFenced && isRight,
    figures,
  );
}

async function restarted(place, row) {
  const { server } = place;
  if (!server.isOwn) return;
  const stream = await prepared(place, 'restarted', 8 * RATE);
  const run = start(stream);
  await run.begun;
  for (let i = 0; i < 2; i += 1) {
    await sleep(1_500);
    await server.halt();
    await sleep(1_000);
    await server.resume();
  }
  const { code, cuts } = await finished(stream, run);
  const { isRight, said } = await judged(stream);
  row('the server stopped and started again, twice', code === 0 && isRight, `cut off ${cuts} times, ${said}`);
}

/** A database of its own, with the two tables. */
async function prepared({ server, folder, limitMs }, name, count) {
  const database = `daoflow_faults_${name}_${process.pid}`;
  await asked(server.url, (sql) => sql.unsafe(`create database ${database}`));
  const url = new URL(server.url);
  url.pathname = database;
  await asked(url.href, async (sql) => {
    await sql.unsafe('create table events (n int, key text)');
    await sql.unsafe(`create table windows (place bigint generated always as identity, key text, start bigint,
      events int, total bigint, first int, last int, "all" int)`);
  });
  const events = join(folder, `${name}.ndjson`);
  await writeEvents(events, count);
  return { url: url.href, events, count, out: join(folder, `${name}.out.ndjson`), folder, limitMs };
}

/** @returns see startFlow; `begun`: it has said its guarantee */
function start({ url, events, folder, limitMs }, more = {}, exitCode = 0) {
  const env = { EVENTS: events, RATE: String(RATE), DATABASE_URL: url, ...more };
  const run = startFlow('test/faults/postgres.flow.mjs', { env, cwd: folder, limitMs, exitCode });
  let said = '';
  const begun = new Promise((resolve) => {
    run.child.stderr.on('data', (bytes) => {
      said = `${said}${bytes}`.slice(-8000);
      if (said.includes('guarantee: exactly-once')) resolve();
    });
    run.child.on('close', resolve);
  });
  return { ...run, begun };
}

/** What can be seen from outside. */
const committed = ({ url }) =>
  asked(url, async (sql) => {
    const [{ exists }] = await sql.unsafe(`select to_regclass('daoflow_checkpoint') is not null as exists`);
    if (!exists) return { commits: 0, events: 0 };
    const [found] = await sql.unsafe(
      'select (select sum(number) from daoflow_checkpoint)::int as commits, (select count(*) from events)::int as events',
    );
    return found;
  });

async function nextCommit(stream, ended) {
  const { commits } = await committed(stream);
  let isOver = false;
  void ended.then(() => (isOver = true));
  while (!isOver && (await committed(stream)).commits === commits) await sleep(20);
}

/** Per key: each number once in the one table, each event once in the windows and totals of the other. */
async function judged({ url, count, out }) {
  const keys = await asked(url, (sql) =>
    sql.unsafe(`select key, count(*)::int as rows, count(distinct n)::int as numbers,
      count(*) filter (where n not between 0 and ${count - 1} or 'key-' || n % ${KEYS} <> key)::int as wrong
      from events group by key`),
  );
  const found = { rows: 0, lost: count, repeated: 0, wrong: 0 };
  for (const { rows, numbers, wrong } of keys) {
    found.rows += rows;
    found.lost -= numbers;
    found.repeated += rows - numbers;
    found.wrong += wrong;
  }
  const windows = await asked(url, (sql) => sql.unsafe('select * from windows order by place'));
  writeFileSync(
    out,
    windows
      .map((row) => `${JSON.stringify({ ...row, start: Number(row.start), total: Number(row.total) })}\n`)
      .join(''),
  );
  const checker = spawnSync(process.execPath, [at('test/faults/checker.mjs'), out, String(count)]);
  const isRight = found.lost + found.repeated + found.wrong === 0 && keys.length === KEYS && checker.status === 0;
  return { isRight, said: `${JSON.stringify(found)} ${String(checker.stdout).trim()}` };
}

async function asked(url, question) {
  const sql = connect(url, { max: 1, onnotice: () => undefined });
  try {
    return await question(sql);
  } finally {
    await sql.end();
  }
}
