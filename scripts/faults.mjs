/**
 * `npm run test:faults`: real processes that are killed, stopped and drained, and a checker outside them that decides
 * from sequence numbers per key. Options: `--kills N` (50), `--quick` (10), `--events N` for the unthrottled stream (2,000,000).
 * A seed is printed; `--seed N` repeats its times. `--only postgres` runs the rows of one kind: files, handlers, postgres.
 */
import './setup.mjs';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeEvents } from '../test/faults/events.mjs';
import { handlerRows } from '../test/faults/handlers.mjs';
import { postgresRows } from '../test/faults/postgres.mjs';
import { at } from './lib/paths.mjs';

const option = (name, otherwise) => {
  const place = process.argv.indexOf(`--${name}`);
  return place < 0 ? otherwise : Number(process.argv[place + 1]);
};
const isQuick = process.argv.includes('--quick');
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
const isWanted = (kind) => only === undefined || only === kind;
const KILLS = option('kills', isQuick ? 10 : 50);
const FREE_EVENTS = option('events', isQuick ? 500_000 : 2_000_000);
const RATE = 50_000;
/** From the start of a process to its death, ms: some die before they have read anything. */
const LIFE_MS = [200, 2_000];
const LIMIT_MS = 600_000;
const DRAIN_LIMIT_MS = 27_000;

let streams = 0;
let seed = option('seed', Date.now() % 1_000_000);
const random = () => {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return seed / 2 ** 32;
};
const folder = mkdtempSync(join(tmpdir(), 'daoflow-faults-'));
const counts = { passed: 0, failed: 0, skipped: 0 };

console.log(`seed ${seed}`);
try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed === 0 ? 0 : 1);

async function main() {
  if (isWanted('files')) await fileRows();
  if (isWanted('handlers')) await handlerRows(folder, row);
  if (isWanted('postgres')) await postgresRows(folder, { row, skip, random, kills: Math.ceil(KILLS / 2) });
}

async function fileRows() {
  await killed(`kill -9, ${KILLS} times, under ${RATE.toLocaleString('en')} events/s`, KILLS * RATE, KILLS, RATE);
  await killed(
    `kill -9, 10 times, ${FREE_EVENTS.toLocaleString('en')} events at full speed`,
    FREE_EVENTS,
    10,
    undefined,
  );
  await stopped();
  await drained();
}

/** Dies at random, again and again, then runs to its end. */
async function killed(name, events, kills, rate) {
  const place = await stream(events);
  let done = 0;
  for (; done < kills; done += 1) {
    const run = start(place, rate);
    const died = await Promise.race([run.ended.then(() => false), sleep(between(LIFE_MS)).then(() => true)]);
    run.child.kill('SIGKILL');
    await run.ended;
    if (!died) break;
  }
  const began = Date.now();
  const { code } = await start(place, rate).ended;
  row(name, code === 0 && check(place), `${done} kills, last life ${Date.now() - began} ms, ${place.said}`);
}

/** Stands still for longer than a deadline of the engine. */
async function stopped() {
  const place = await stream(20 * RATE);
  const run = start(place, RATE);
  await sleep(3_000);
  run.child.kill('SIGSTOP');
  await sleep(8_000);
  run.child.kill('SIGCONT');
  const { code } = await run.ended;
  row('SIGSTOP for 8 s, then SIGCONT', code === 0 && check(place), place.said);
}

/** Drains within its deadline, keeps its windows, and goes on where it was. */
async function drained() {
  const place = await stream(12 * RATE);
  let slowest = 0;
  let codes = 0;
  for (let i = 0; i < 3; i += 1) {
    const run = start(place, RATE);
    await sleep(2_500);
    const began = Date.now();
    run.child.kill('SIGTERM');
    codes += (await run.ended).code ?? 1;
    slowest = Math.max(slowest, Date.now() - began);
  }
  codes += (await start(place, RATE).ended).code ?? 1;
  const isInTime = slowest < DRAIN_LIMIT_MS;
  row(
    'SIGTERM, 3 times: drains, and goes on',
    codes === 0 && isInTime && check(place),
    `slowest ${slowest} ms, ${place.said}`,
  );
}

async function stream(count) {
  streams += 1;
  const own = (name) => join(folder, `${streams}-${name}`);
  const place = { count, events: own('events.ndjson'), out: own('out.ndjson'), data: own('data'), said: '' };
  await writeEvents(place.events, count);
  return place;
}

function start({ events, out, data }, rate) {
  const env = {
    ...process.env,
    EVENTS: events,
    OUT: out,
    DATA: data,
    ...(rate === undefined ? {} : { RATE: String(rate) }),
  };
  const args = [at('dist/cli.js'), 'run', at('test/faults/windows.flow.mjs'), '--plain'];
  const child = spawn(process.execPath, args, { env, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes) => (said = `${said}${bytes}`.slice(-4000)));
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const ended = new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      if (code !== 0 && signal === null) console.error(said);
      resolve({ code, signal });
    });
  });
  return { child, ended };
}

function check(place) {
  if (!existsSync(place.out)) return false;
  const { status, stdout } = spawnSync(process.execPath, [
    at('test/faults/checker.mjs'),
    place.out,
    String(place.count),
  ]);
  place.said = String(stdout).trim();
  return status === 0;
}

function between([from, to]) {
  return from + random() * (to - from);
}

function row(name, isRight, figures) {
  counts[isRight ? 'passed' : 'failed'] += 1;
  console.log(`${isRight ? 'passed' : 'FAILED'}  ${name}: ${figures}`);
}

function skip(name, reason) {
  counts.skipped += 1;
  console.log(`skipped ${name}: ${reason}`);
}
