/** What the package promises: its doors, its dependencies, its words. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { doors, PROGRAMS } from '../../scripts/lib/paths.mjs';
import { filesUnder, folderOf, isTest, readSources, ROOT } from './sources.ts';

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
}
interface LockedPackage {
  readonly version: string;
  readonly dev?: boolean;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Small enough to read, install and trust: see docs/adr/0001-single-esm-package.md. */
const MAX_PRODUCTION_PACKAGES = 8;

const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const manifest = JSON.parse(text('package.json')) as Manifest;
const lock = (JSON.parse(text('package-lock.json')) as { packages: Record<string, LockedPackage> }).packages;
const installed = Object.entries(lock).filter(([path]) => path !== '');
const production = installed.filter(([, one]) => one.dev !== true);

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, 'scripts/setup.mjs')], { stdio: 'ignore' });
}, 120_000);

test('every door has a source, is built, has types, and loads', async () => {
  for (const door of doors()) {
    const target = manifest.exports[door === 'index' ? '.' : `./${door}`];
    expect(target).toEqual({ types: `./dist/${door}.d.ts`, default: `./dist/${door}.js` });
    expect(existsSync(join(ROOT, `src/${door}.ts`)), `src/${door}.ts, the source of a door in package.json`).toBe(true);
    expect(existsSync(join(ROOT, `dist/${door}.d.ts`)), `dist/${door}.d.ts`).toBe(true);
    const module = (await import(pathToFileURL(join(ROOT, `dist/${door}.js`)).href)) as object;
    expect(Object.keys(module), `${door} exports something`).not.toEqual([]);
  }
});

test('every file at the top of src is declared as a door', () => {
  const files = readSources().filter(({ path }) => folderOf(path) === undefined && !isTest(path));
  expect(files.map(({ path }) => path.slice('src/'.length, -'.ts'.length)).sort()).toEqual(doors().sort());
});

test('every program of the package is built from its source', () => {
  expect(Object.values(manifest.bin)).toEqual(['dist/cli.js']);
  for (const [name, source] of Object.entries(PROGRAMS)) {
    expect(existsSync(join(ROOT, source)), source).toBe(true);
    expect(existsSync(join(ROOT, `dist/${name}.js`)), `dist/${name}.js`).toBe(true);
  }
  expect(text('dist/cli.js')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test('production dependencies are few and none runs a script at installation', () => {
  expect(production.map(([path]) => path).length).toBeLessThanOrEqual(MAX_PRODUCTION_PACKAGES);
  expect(production.filter(([, one]) => one.hasInstallScript === true)).toEqual([]);
  expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
});

test('the lock file names no host', () => {
  expect(installed.filter(([, one]) => one.resolved?.includes('://') === true).map(([path]) => path)).toEqual([]);
});

test('the lock file has an entry for everything that its packages ask for, on every platform', () => {
  const asked = (path: string): string[] => {
    const { dependencies = {}, optionalDependencies = {} } = lock[path] ?? {};
    return Object.keys({ ...dependencies, ...optionalDependencies });
  };
  const missing = installed.flatMap(([path]) =>
    asked(path)
      .filter((name) => !isLocked(path, name))
      .map((name) => `${path} asks for ${name}`),
  );
  // npm ci refuses such a lock file. Pin the package that asks to a version whose parts all exist ("overrides").
  expect(missing).toEqual([]);
  expect(isLocked('node_modules/vitest', 'no-such-package')).toBe(false);
});

/** As Node.js looks a package up: in the folder of the one that asks, then in those above. */
function isLocked(from: string, name: string): boolean {
  const place = from === '' ? '' : `${from}/`;
  if (`${place}node_modules/${name}` in lock) return true;
  return from !== '' && isLocked(from.slice(0, Math.max(0, from.lastIndexOf('node_modules/') - 1)), name);
}

test('development dependencies are pinned to one version', () => {
  const { devDependencies } = JSON.parse(text('package.json')) as { devDependencies: Record<string, string> };
  expect(Object.entries(devDependencies).filter(([, range]) => !/^\d+\.\d+\.\d+$/.test(range))).toEqual([]);
});

test('docs/errors.md lists every error code once, and no other', () => {
  const declared = new Set(
    text('src/errors/errors.ts')
      .match(/'DAO_[A-Z_]+'/g)
      ?.map((code) => code.slice(1, -1)),
  );
  const listed = [...text('docs/errors.md').matchAll(/^\| `(DAO_[A-Z_]+)`/gm)].map(([, code]) => code);
  expect(listed.sort()).toEqual([...declared].sort());
});

// Put together here, so that this file does not name them.
const FORBIDDEN: Readonly<Record<string, RegExp>> = {
  'a package registry (say "npm")': new RegExp(['registry', '(npmjs|yarnpkg|npmmirror)', '(org|com)'].join('\\.')),
  'an absolute path of some machine': new RegExp(
    ['(^|[\\s"\'`(=:])', '(work|root|home|Users)', '[\\w.]'].join('/'),
    'm',
  ),
};
const TEXT_FILE = /\.(ts|mjs|js|json|md|yml|yaml|sh)$|^\.ci\/run$|^\.npmrc$/;

test('no file names a registry or a path of the machine it was written on', () => {
  const folders = ['src', 'test', 'bench', 'scripts', 'docs', 'examples', 'api', '.ci'];
  const top = [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'package.json',
    'package-lock.json',
    '.npmrc',
  ];
  const files = [...folders.flatMap(filesUnder), ...top.filter((path) => existsSync(join(ROOT, path)))];
  const problems = files.filter((path) => TEXT_FILE.test(path)).flatMap((path) => wordProblems(path, text(path)));
  expect(files.length).toBeGreaterThan(20);
  expect(problems).toEqual([]);
});

test('the word rule finds what it looks for', () => {
  const home = ['', 'home', 'me', 'x.ts'].join('/');
  expect(wordProblems('a.md', `see ${home}`)).toHaveLength(1);
  expect(wordProblems('a.md', `https://${['registry', 'npmjs', 'org'].join('.')}/x`)).toHaveLength(1);
  expect(wordProblems('a.md', 'src/work/x.ts and ./root/y and /proc/stat')).toEqual([]);
});

function wordProblems(path: string, content: string): string[] {
  return Object.entries(FORBIDDEN)
    .filter(([, pattern]) => pattern.test(content))
    .map(([what, pattern]) => `${path} names ${what}: ${pattern.exec(content)?.[0].trim() ?? ''}`);
}
