/** What the package costs before the first event: size, install, cold start, type-check time. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atMost, bench, sampleOf, startChild, type BenchContext, type Sample } from './harness/index.ts';

const targets = {
  coldStart: { name: 'daoflow --version, installed', metric: 'wall time', unit: 'ms', ...atMost(150) },
  // jiti, which loads a user's TypeScript on every Node.js, is most of it.
  installed: { name: 'installed package', metric: 'size', unit: 'MB', ...atMost(4) },
  packages: { name: 'installed packages', metric: 'count', unit: '', ...atMost(8) },
  typeCheck: { name: 'sample flow, tsc', metric: 'check time', unit: 's', ...atMost(0.5) },
  // Arrays between stages, 8 bytes per slot; object-mode Node streams take 350, RxJS about 100.
  allocation: { name: 'filter, map, sink', metric: 'allocation', unit: 'B/event', ...atMost(64) },
};

/** Type-checks with the compiler of the repository, against the installed package. */
const SAMPLE_FLOW = `import { flow, iterable } from 'daoflow';
export default flow('sample')
  .from(iterable([{ card: 'a', amount: 1 }, { card: 'b', amount: 20 }]))
  .filter((payment) => payment.amount > 10)
  .map((payment) => ({ ...payment, cents: payment.amount * 100 }))
  .keyBy((payment) => payment.card)
  .scan((sum: number, payment) => sum + payment.cents, 0)
  .to((batch) => void batch.length);
`;

const root = fileURLToPath(new URL('../../', import.meta.url));
const NPM_QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];

await bench('package', {
  targets,
  async run(b) {
    const project = mkdtempSync(join(tmpdir(), 'daoflow-bench-'));
    try {
      install(b, project);
      measureInstalled(b, project);
      b.record('coldStart', coldStart(b, project));
      b.record('typeCheck', typeCheckTime(b, project));
      b.record('allocation', await allocationPerEvent(b));
    } finally {
      rmSync(project, { recursive: true, force: true });
    }
  },
});

type Context = BenchContext<keyof typeof targets>;

/** Packs the checkout and installs the tarball into an empty project, as a user's npm does. */
function install(b: Context, project: string): void {
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  const tarball = npm(root, ['pack', '--json', '--pack-destination', project, ...NPM_QUIET]);
  const [packed] = JSON.parse(tarball) as [{ filename: string; size: number }];
  b.note('tarball', 'size', packed.size / 1000, 'kB');
  const started = performance.now();
  npm(project, ['install', join(project, packed.filename), ...NPM_QUIET]);
  b.note('npm install of the tarball', 'wall time', (performance.now() - started) / 1000, 's');
}

function measureInstalled(b: Context, project: string): void {
  const modules = join(project, 'node_modules');
  b.record('installed', sizeOf(modules) / 1e6);
  const lock = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')) as { packages: object };
  b.record('packages', Object.keys(lock.packages).length);
}

function coldStart(b: Context, project: string): Sample {
  const cli = join(project, 'node_modules/daoflow/dist/cli.js');
  const bare = sampleOf(times(b.rounds(11, 5), () => wallMs(project, ['-e', '0'])));
  b.note('node -e 0', 'wall time', bare, 'ms');
  return sampleOf(times(b.rounds(11, 5), () => wallMs(project, [cli, '--version'])));
}

/** As tsc counts it, without starting the process and reading the library of the language. */
function typeCheckTime(b: Context, project: string): Sample {
  writeFileSync(join(project, 'flow.ts'), SAMPLE_FLOW);
  const options = { strict: true, module: 'nodenext', target: 'es2023', noEmit: true, skipLibCheck: true, types: [] };
  const config = { compilerOptions: options, files: ['flow.ts'] };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  return sampleOf(
    times(b.rounds(3, 1), () => {
      const output = node(project, [tsc, '-p', '.', '--extendedDiagnostics']);
      return Number(/Check time:\s+([\d.]+)s/.exec(output)?.[1] ?? NaN);
    }),
  );
}

async function allocationPerEvent(b: Context): Promise<Sample> {
  const values: number[] = [];
  // A young generation that holds the whole run: no collection disturbs the count.
  const execArgv = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];
  for (let round = 0; round < b.rounds(5, 3); round += 1) {
    const child = startChild('allocation', { execArgv, limitMs: 30_000 });
    const { bytesPerEvent, collections } = (await child.next()) as { bytesPerEvent: number; collections: number };
    b.check(collections === 0, 'no garbage collection ran while the allocation was counted');
    values.push(bytesPerEvent);
    await child.ended();
  }
  return sampleOf(values);
}

/** scripts/bench.mjs says where npm is. */
function npm(cwd: string, args: readonly string[]): string {
  return node(cwd, [process.env['npm_execpath'] ?? '', ...args]);
}

function node(cwd: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status ?? 'a signal'}: ${stdout}${stderr}`);
  return stdout;
}

function wallMs(cwd: string, args: readonly string[]): number {
  const started = performance.now();
  node(cwd, args);
  return performance.now() - started;
}

function times(count: number, measure: () => number): number[] {
  return Array.from({ length: count }, measure);
}

function sizeOf(path: string): number {
  if (!existsSync(path)) return 0;
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
}
