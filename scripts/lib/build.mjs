/** Builds dist when the sources are not those it was built from: a content hash, so that a git checkout does not matter. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, entries, ROOT } from './paths.mjs';
import { fail, say, seconds } from './say.mjs';

/** The bundler says on every run that its next version leaves Node 20; the version is pinned. */
const NODE_20_NOTICE = /^.*Node\.js v20\S* is deprecated.*\n/gm;

const INPUTS = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsdown.config.ts'];

export function ensureBuilt() {
  ensureFresh({
    what: 'dist',
    stamp: at('.build/dist.stamp'),
    outputs: Object.keys(entries()).map((name) => at('dist', `${name}.js`)),
    inputs: [...INPUTS, ...filesUnder('src').filter((path) => !path.endsWith('.test.ts'))],
    command: ['node_modules/tsdown/dist/run.mjs', '--log-level', 'warn'],
  });
}

/** Benches are bundled by themselves and find `daoflow` in dist, as a user's program does. */
export function ensureBenchesBuilt() {
  ensureFresh({
    what: '.build/bench',
    stamp: at('.build/bench.stamp'),
    outputs: [at('.build/bench')],
    inputs: [...INPUTS, 'tsdown.bench.config.ts', ...filesUnder('bench')],
    command: ['node_modules/tsdown/dist/run.mjs', '--config', 'tsdown.bench.config.ts', '--log-level', 'warn'],
  });
}

function ensureFresh({ what, stamp, outputs, inputs, command }) {
  const wanted = hashOf(inputs);
  if (readStamp(stamp) === wanted && outputs.every((path) => existsSync(path))) return;
  say(`building ${what} from the sources`);
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: ROOT, encoding: 'utf8' });
  process.stderr.write(`${stdout}${stderr}`.replace(NODE_20_NOTICE, ''));
  const absent = outputs.filter((path) => !existsSync(path));
  if (status !== 0 || absent.length > 0) {
    fail(
      `the build of ${what} failed${absent.length > 0 ? `: no ${absent.join(', ')}` : ''}. Fix: see the message above, or run "npm run check".`,
    );
  }
  mkdirSync(at('.build'), { recursive: true });
  writeFileSync(stamp, wanted);
  say(`built in ${seconds(started)}`);
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
