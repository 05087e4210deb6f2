/**
 * `npm run test:mutations [-- PART OF A NAME]`: breaks one rule at a time in a copy of the sources, and runs the tests
 * that must notice. Every mutation that no test catches fails the command. The lists are test/mutations/*.json.
 */
import './setup.mjs';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, ROOT } from './lib/paths.mjs';
import { say, seconds } from './lib/say.mjs';

/** Enough for every mutation so far; the suite itself runs 1,000. */
const SEEDS = '200';
/** A test that no longer ends has noticed something too. */
const LIMIT_MS = 120_000;
const copy = at('.build/mutations');
const wanted = process.argv[2] ?? '';
const lists = readdirSync(at('test/mutations')).map((name) =>
  JSON.parse(readFileSync(at('test/mutations', name), 'utf8')),
);

const all = lists.flatMap(({ mutations }) => mutations.filter(({ name }) => name.includes(wanted)));
if (all.length === 0) {
  say(`no mutation has ${JSON.stringify(wanted)} in its name`);
  process.exit(2);
}

makeCopy();
const started = performance.now();
let missed = 0;
for (const { tests, mutations } of lists) {
  const chosen = mutations.filter(({ name }) => name.includes(wanted));
  if (chosen.length === 0) continue;
  const sound = run(tests);
  if (sound.status !== 0) throw new Error(`the tests fail without any mutation:\n${sound.stdout}${sound.stderr}`);
  for (const mutation of chosen) if (!isCaught(mutation, tests)) missed += 1;
}
rmSync(copy, { recursive: true, force: true });
say(
  `${missed === 0 ? `each of ${all.length} mutations was caught` : `${missed} of ${all.length} NOT caught`}, after ${seconds(started)}`,
);
process.exit(missed === 0 ? 0 : 1);

function makeCopy() {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
}

function isCaught({ name, file, find, replace }, tests) {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  const places = text.split(find).length - 1;
  if (places !== 1) throw new Error(`"${name}": ${file} has ${places} places that read ${JSON.stringify(find)}`);
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  const { status, stdout, stderr, signal } = run(tests);
  writeFileSync(path, text);
  const failed = [
    ...new Set(
      [...`${stdout}${stderr}`.matchAll(/FAIL {2}(\S+) > (.+)/g)].map(([, where, test]) => `${where}: ${test}`),
    ),
  ];
  console.log(`${status === 0 ? 'MISSED' : 'caught'}  ${name}`);
  for (const test of failed.slice(0, 4)) console.log(`          by ${test}`);
  if (failed.length > 4) console.log(`          and ${failed.length - 4} more`);
  if (signal !== null) console.log('          by a test that did not end');
  return signal !== null || (status !== 0 && failed.length > 0);
}

function run(tests) {
  return spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--no-color', '--bail=1', ...tests], {
    cwd: copy,
    env: { ...process.env, NO_COLOR: '1', SIMULATE_SEEDS: SEEDS },
    encoding: 'utf8',
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 2 ** 20,
  });
}
