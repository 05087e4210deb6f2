/** What a user's process loads for `import 'daoflow'`: the entry and every chunk that it imports. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export default [{ name: 'import from daoflow', path: reachable('dist/index.js'), gzip: true, limit: '60 kB' }];

function reachable(entry, seen = new Set()) {
  if (seen.has(entry) || !existsSync(entry)) return [...seen];
  seen.add(entry);
  for (const [, specifier] of readFileSync(entry, 'utf8').matchAll(/(?:from|import)\s*["'](\.[^"']+)["']/g)) {
    reachable(join(dirname(entry), specifier), seen);
  }
  return [...seen];
}
