import { relative } from 'node:path';

/** Relative to where the user stands, unless that leads upward. */
export function shortPath(file: string, cwd: string): string {
  const short = relative(cwd, file);
  return short === '' || short.startsWith('..') ? file : short;
}
