/**
 * `npm run test:mutations [-- PART OF A NAME]`: breaks one rule at a time in a copy of the sources, and runs the tests
 * that must notice. Every mutation that no test catches fails the command. The lists are test/mutations/*.json: `tests` are
 * those of a list; the one that a mutation names as `by` has caught it before, and goes first, alone.
 * Two copies are worked on side by side: a run of few files leaves a core idle.
 */
import './setup.mjs';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, ROOT } from './lib/paths.mjs';
import { say, seconds } from './lib/say.mjs';

/** Enough for every mutation so far; the suite itself runs 1,000. */
const SEEDS = '200';
/** A test that no longer ends has noticed something too. */
const LIMIT_MS = 120_000;
const COPIES = ['.build/mutations-1', '.build/mutations-2'].map((path) => at(path));
const KEPT_TEXT = 1_000_000;
const wanted = process.argv[2] ?? '';
const lists = readdirSync(at('test/mutations')).map((name) =>
  JSON.parse(readFileSync(at('test/mutations', name), 'utf8')),
);

const all = lists.flatMap(({ tests, mutations }) =>
  mutations.filter(({ name }) => name.includes(wanted)).map((mutation) => ({ ...mutation, tests })),
);
if (all.length === 0) {
  say(`no mutation has ${JSON.stringify(wanted)} in its name`);
  process.exit(2);
}

const started = performance.now();
const sound = lists.filter(({ tests }) => all.some((mutation) => mutation.tests === tests)).map(({ tests }) => tests);
const jobs = [
  ...sound.map((tests) => (copy) => mustPass(tests, copy)),
  ...all.map((mutation) => (copy) => isCaught(mutation, copy)),
];
let missed = 0;
try {
  await Promise.all(COPIES.map((copy) => work(copy)));
} finally {
  for (const copy of COPIES) rmSync(copy, { recursive: true, force: true });
}
say(
  `${missed === 0 ? `each of ${all.length} mutations was caught` : `${missed} of ${all.length} NOT caught`}, after ${seconds(started)}`,
);
process.exit(missed === 0 ? 0 : 1);

/** Takes jobs until none is left. */
async function work(copy) {
  makeCopy(copy);
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) if (!(await job(copy))) missed += 1;
}

function makeCopy(copy) {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
}

async function mustPass(tests, copy) {
  const { code, said } = await run(tests, copy);
  if (code !== 0) throw new Error(`the tests fail without any mutation:\n${said}`);
  return true;
}

async function isCaught({ name, file, find, replace, by, tests }, copy) {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  const places = text.split(find).length - 1;
  if (places !== 1) throw new Error(`"${name}": ${file} has ${places} places that read ${JSON.stringify(find)}`);
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  let result = by === undefined ? undefined : await run([by], copy);
  if (result === undefined || !hasNoticed(result)) result = await run(tests, copy);
  writeFileSync(path, text);
  report(name, result);
  return hasNoticed(result);
}

function hasNoticed({ code, signal, failed }) {
  return signal !== null || (code !== 0 && failed.length > 0);
}

function report(name, result) {
  const { signal, failed } = result;
  const lines = failed.slice(0, 4).map((test) => `by ${test}`);
  if (failed.length > 4) lines.push(`and ${failed.length - 4} more`);
  if (signal !== null) lines.push('by a test that did not end');
  console.log([`${hasNoticed(result) ? 'caught' : 'MISSED'}  ${name}`, ...lines].join('\n          '));
}

/** @returns how it ended, what it said, and which tests failed */
function run(tests, copy) {
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--no-color', '--bail=1', ...tests], {
    cwd: copy,
    env: { ...process.env, NO_COLOR: '1', SIMULATE_SEEDS: SEEDS },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (said = `${said}${text}`.slice(-KEPT_TEXT)));
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const places = [...said.matchAll(/FAIL {2}(\S+) > (.+)/g)].map(([, where, test]) => `${where}: ${test}`);
      resolve({ code, signal, said, failed: [...new Set(places)] });
    });
  });
}
