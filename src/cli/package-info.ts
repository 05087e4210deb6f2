import { readFileSync } from 'node:fs';

interface PackageJson {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** This package's own package.json. Built programs lie one level below it, sources two. */
export function packageJson(): PackageJson {
  for (const above of ['../package.json', '../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(above, import.meta.url), 'utf8')) as PackageJson & {
        name?: string;
      };
      if (found.name === 'daoflow') return found;
    } catch {
      // Not there: the next level.
    }
  }
  return { version: 'unknown', exports: {} };
}

/** The public doors as a user's `import` names them: `daoflow`, `daoflow/http`, ... */
export function doorNames(): string[] {
  return Object.keys(packageJson().exports)
    .filter((door) => door !== './package.json')
    .map((door) => `daoflow${door.slice(1)}`);
}
