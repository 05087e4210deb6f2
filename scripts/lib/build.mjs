/** Builds dist when the sources are not those it was built from: a content hash, so that a git checkout does not matter. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { at, entries, ROOT } from './paths.mjs';
import { fail, say, seconds } from './say.mjs';

/** Not for a reader: the bundler's own stack, and its notice that its next version (ours is pinned) leaves Node 20. */
const NOISE = /^(.*Node\.js v20\S* is deprecated.*|\s+at .*node_modules.*)\n/gm;

const INPUTS = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsdown.config.ts'];

export function ensureBuilt() {
  ensureFresh({
    folder: 'dist',
    outputs: Object.keys(entries()).map((name) => `${name}.js`),
    inputs: [...INPUTS, ...filesUnder('src').filter((path) => !path.endsWith('.test.ts'))],
    options: [],
  });
}

/** Benches are bundled by themselves and find `daoflow` in dist, as a user's program does. */
export function ensureBenchesBuilt() {
  ensureFresh({
    folder: '.build/bench',
    outputs: [],
    inputs: [...INPUTS, 'tsdown.bench.config.ts', ...filesUnder('bench')],
    options: ['--config', 'tsdown.bench.config.ts'],
  });
}

/** Builds beside the folder and moves it there when it is whole: a failed build leaves the last good one. */
function ensureFresh({ folder, outputs, inputs, options }) {
  const stamp = at('.build', `${basename(folder)}.stamp`);
  const wanted = hashOf(inputs);
  if (readStamp(stamp) === wanted && outputs.every((name) => existsSync(at(folder, name)))) return;
  say(`building ${folder} from the sources`);
  const started = performance.now();
  const next = join('.build', `${basename(folder)}-${process.pid}`);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [at('node_modules/tsdown/dist/run.mjs'), ...options, '--out-dir', next, '--log-level', 'warn'],
    { cwd: ROOT, encoding: 'utf8' },
  );
  process.stderr.write(`${stdout}${stderr}`.replace(NOISE, ''));
  const absent = outputs.filter((name) => !existsSync(at(next, name)));
  if (status !== 0 || absent.length > 0) {
    rmSync(at(next), { recursive: true, force: true });
    const what = absent.length > 0 && status === 0 ? `: it made no ${absent.join(', ')}` : '';
    fail(`the build of ${folder} failed${what}. Fix: see the message above, or run "npm run check".`);
  }
  replaceFolder(at(next), at(folder));
  writeFileSync(stamp, wanted);
  say(`built in ${seconds(started)}`);
}

/** Two set-ups may end at the same time, with the same result: the second one's move is tried again. */
function replaceFolder(from, to) {
  for (let attempt = 1; ; attempt += 1) {
    rmSync(to, { recursive: true, force: true, maxRetries: 3 });
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

function hashOf(paths) {
  const hash = createHash('sha256').update(process.platform);
  for (const path of paths)
    if (existsSync(at(path)))
      hash
        .update(path)
        .update('\0')
        .update(readFileSync(at(path)));
  return hash.digest('hex');
}

function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Paths relative to the root, in a stable order. */
function filesUnder(folder) {
  if (!existsSync(at(folder))) return [];
  return readdirSync(at(folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesUnder(path) : [path];
    })
    .sort();
}
