/**
 * `npm run check`: everything that must hold besides the tests. Runs all steps, names those that failed, and how to fix them.
 * `npm run check -- lint knip` runs only the named ones.
 */
import './setup.mjs';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from './lib/npm.mjs';
import { at, ROOT } from './lib/paths.mjs';
import { fail, seconds } from './lib/say.mjs';

const module = (path) => `node_modules/${path}`;
/** The tarball that users get; packed before it is looked at. */
const PACKED = at('.build/pack');
const TARBALL = '<the packed tarball>';

/** name -> what to run, and what to do when it fails. */
const STEPS = {
  types: { run: [module('typescript/bin/tsc'), '--build', '.', 'examples'], fix: 'correct the types' },
  lint: {
    run: [module('eslint/bin/eslint.js'), '.', '--max-warnings', '0'],
    fix: 'npm run check -- lint, after eslint --fix',
  },
  format: { run: [module('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'], fix: 'npm run format' },
  unused: { run: [module('knip/bin/knip.js')], fix: 'remove what is unused, or name the entry in knip.json' },
  package: { run: [module('publint/src/cli.js'), TARBALL, '--strict'], fix: 'see the message' },
  exports: {
    run: [module('@arethetypeswrong/cli/dist/index.js'), TARBALL, '--profile', 'esm-only'],
    fix: 'correct exports in package.json',
  },
  size: { run: [module('size-limit/bin.js')], fix: 'find what grew: the limit is in .size-limit.js' },
  house: {
    run: [module('vitest/vitest.mjs'), 'run', 'test/house', '--reporter=dot'],
    fix: 'the failing test says what to do; npm run api for the API report',
  },
};

let tarball;
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in STEPS));
if (unknown.length > 0)
  fail(`no check is named ${unknown.join(', ')}. There are: ${Object.keys(STEPS).join(', ')}.`, 2);

const failed = Object.entries(STEPS)
  .filter(([name]) => asked.length === 0 || asked.includes(name))
  .filter(([name, step]) => !passes(name, step));
for (const [name, { fix }] of failed) console.log(`check ${name} failed. Fix: ${fix}.`);
console.log(failed.length === 0 ? 'All checks passed.' : `${failed.length} checks failed.`);
process.exit(failed.length === 0 ? 0 : 1);

function passes(name, { run }) {
  const started = performance.now();
  const args = run.map((arg) => (arg === TARBALL ? packed() : arg));
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) console.log(`${stdout}${stderr}`.trimEnd());
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(8)} ${seconds(started)}`);
  return status === 0;
}

function packed() {
  if (tarball !== undefined) return tarball;
  rmSync(PACKED, { recursive: true, force: true });
  mkdirSync(PACKED, { recursive: true });
  const { status } = npm(['pack', '--pack-destination', PACKED, '--loglevel=error'], {
    stdio: ['ignore', 'ignore', 2],
  });
  const [name] = readdirSync(PACKED);
  if (status !== 0 || name === undefined) fail('npm pack failed; see the message above');
  tarball = join(PACKED, name);
  return tarball;
}
