/**
 * `npm run test:acceptance`: a log of 1 GB (50 MB with --quick) through the command line, the answer checked against
 * Python's, and the same bytes through every door. Prints one line per row and a plain line of counts at the end.
 */
import './setup.mjs';
import { spawn, spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, readFileSync, statSync, truncateSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { writeAccessLog } from '../test/acceptance/access-log.mjs';
import { at } from './lib/paths.mjs';
import { suite } from './lib/suite.mjs';

const isQuick = process.argv.includes('--quick');
const MB = 1_000_000;
const PORT = 38_471;
const POST_LINES = 500;
const MOST_MEMORY_MB = 500;
/** No single run may take longer. */
const LIMIT_MS = 240_000;

let folder = '';
let row;
let skip;
await suite('acceptance', (tools) => {
  ({ folder, row, skip } = tools);
  return main();
});

async function main() {
  const python = pythonCommand();
  const large = join(folder, 'large.ndjson');
  const log = await writeAccessLog(large, (isQuick ? 50 : 1000) * MB);
  const run = await flow('large', { DOOR: 'file', LOG: large });
  row('accepts every line of the log', run.code === 0 && run.summary.accepted === log.lines, run.figures);
  row('keeps each malformed line as a dead letter', run.letters.length === log.malformed, `${log.malformed} lines`);
  row(`stays below ${MOST_MEMORY_MB} MB`, run.peakMb > 0 && run.peakMb < MOST_MEMORY_MB, `peak ${run.peakMb} MB`);
  if (python === undefined) skip('gives the answer that Python gives', 'no python3 here');
  else
    row(
      'gives the answer that Python gives',
      run.answer === pythonAnswer(python, large),
      `${lines(run.answer)} windows`,
    );

  const small = join(folder, 'small.ndjson');
  const { lines: smallLines } = await writeAccessLog(small, 5 * MB);
  const expected = await flow('by-file', { DOOR: 'file', LOG: small });
  const same = (name, other) => row(name, other.code === 0 && other.answer === expected.answer, other.figures);
  if (python !== undefined) row('small log: as Python', expected.answer === pythonAnswer(python, small), '');
  await pipeline(createReadStream(small), createGzip(), createWriteStream(`${small}.gz`));
  same('same answer from gzip', await flow('by-gzip', { DOOR: 'file', LOG: `${small}.gz` }));
  same(
    'same answer without generated code',
    await flow('no-codegen', { DOOR: 'file', LOG: small }, { args: ['--no-codegen'] }),
  );
  const banned = { nodeArgs: ['--disallow-code-generation-from-strings'] };
  same('same answer where code generation is forbidden', await flow('banned', { DOOR: 'file', LOG: small }, banned));
  same('same answer from stdin', await flow('by-stdin', { DOOR: 'stdin' }, { stdin: small }));
  same(
    'same answer over TCP',
    await flow('by-tcp', { DOOR: 'tcp', PORT: `${PORT}` }, { feed: () => sendTcp(small), until: smallLines }),
  );
  same(
    'same answer over HTTP',
    await flow('by-http', { DOOR: 'http', PORT: `${PORT + 1}` }, { feed: () => sendHttp(small), until: smallLines }),
  );

  truncateSync(`${small}.gz`, Math.floor(statSync(`${small}.gz`).size / 2));
  const torn = await flow('torn', { DOOR: 'file', LOG: `${small}.gz` });
  const isToldSo = torn.code === 1 && lines(torn.answer) > 0 && torn.failure.includes('truncated');
  row('a truncated gzip: what could be read is processed, then the run fails and says so', isToldSo, torn.failure);
}

/** Runs the flow by the command line. @returns its answer, normalised and sorted, and what it said */
async function flow(name, env, { args = [], nodeArgs = [], stdin, feed, until } = {}) {
  const answer = join(folder, `${name}.answer`);
  const letters = join(folder, `${name}.letters`);
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [...nodeArgs, at('dist/cli.js'), 'run', at('examples/access-log.ts'), '--json', '--dead-letters', letters, ...args],
    {
      cwd: folder,
      env: { ...process.env, ...env, ANSWER: answer },
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    },
  );
  if (stdin !== undefined) createReadStream(stdin).pipe(child.stdin);
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  let summary;
  let failure = '';
  let peakMb = 0;
  let isFed = false;
  let isDrained = false;
  createInterface({ input: child.stdout }).on('line', (text) => {
    peakMb = Math.max(peakMb, memoryMb(child.pid));
    const line = JSON.parse(text);
    if (line.type === 'summary') summary = line;
    if (line.type === 'failed') failure = line.message;
    const accepted = line.totals?.accepted ?? line.accepted ?? 0;
    if (feed !== undefined && !isFed && /listening/.test(line.message ?? '')) {
      isFed = true;
      feed().catch((error) => (stderr += error.message));
    }
    if (until !== undefined && accepted >= until && !isDrained) {
      isDrained = true; // a second signal would stop it at once
      child.kill('SIGTERM');
    }
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(limit);
  const seconds = (performance.now() - started) / 1000;
  const events = summary?.accepted ?? 0;
  return {
    code,
    stderr,
    summary,
    failure,
    peakMb,
    answer: normalised(answer),
    letters: linesOf(letters),
    figures: `${events.toLocaleString('en')} events in ${seconds.toFixed(1)} s, ${Math.round(events / seconds / 1000)}K/s with start-up`,
  };
}

function sendTcp(path) {
  const socket = connect(PORT, '127.0.0.1');
  return pipeline(createReadStream(path, { highWaterMark: 1021 }), socket);
}

/** In order: a window needs its events before the next one's. */
async function sendHttp(path) {
  const all = linesOf(path);
  for (let i = 0; i < all.length; i += POST_LINES) {
    const status = await post(`${all.slice(i, i + POST_LINES).join('\n')}\n`);
    if (status === 429) i -= POST_LINES;
  }
}

function post(body) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-ndjson', 'content-length': Buffer.byteLength(body) };
    const call = request({ host: '127.0.0.1', port: PORT + 1, method: 'POST', path: '/', headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    call.on('error', reject).end(body);
  });
}

function pythonCommand() {
  return ['python3', 'python'].find((name) => spawnSync(name, ['--version']).status === 0);
}

function pythonAnswer(python, path) {
  const { stdout, status } = spawnSync(python, [at('test/acceptance/answer.py'), path], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return status === 0 ? stdout.trim().split('\n').sort().join('\n') : 'python failed';
}

/** The engine's windows as Python prints them. */
function normalised(path) {
  const rows = linesOf(path).map((text) => {
    const { key, start, n, bytes, slowest } = JSON.parse(text);
    return `${key} ${start} ${n} ${bytes} ${Number.isInteger(slowest) ? `${slowest}.0` : slowest}`;
  });
  return rows.sort().join('\n');
}

function linesOf(path) {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

/** Resident memory of a process; 0 where the system does not tell. */
function memoryMb(pid) {
  try {
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1000);
  } catch {
    return 0;
  }
}

function lines(text) {
  return text === '' ? 0 : text.split('\n').length;
}
