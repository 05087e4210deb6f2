/** Where things are in a checkout, and the doors of the package, read from package.json and nowhere else. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const at = (...parts) => join(ROOT, ...parts);

export const readJson = (...parts) => JSON.parse(readFileSync(at(...parts), 'utf8'));

/**
 * The public doors. One rule: `daoflow/x` is `src/x.ts`, built to `dist/x.js` (and `daoflow` is `index`).
 * @returns names without extension, for example ['index', 'http']
 */
export function doors() {
  return Object.keys(readJson('package.json').exports)
    .filter((door) => door !== './package.json')
    .map((door) => (door === '.' ? 'index' : door.slice(2)));
}

/** Programs of the package that are started, not imported: dist name -> source. */
export const PROGRAMS = { cli: 'src/cli/main.ts', 'data-plane': 'src/cli/data-plane.ts' };

/** What is built: dist name -> source. One whose source is missing is left out here and named by the exports test. */
export function entries() {
  const sources = { ...Object.fromEntries(doors().map((name) => [name, `src/${name}.ts`])), ...PROGRAMS };
  return Object.fromEntries(Object.entries(sources).filter(([, source]) => existsSync(at(source))));
}
