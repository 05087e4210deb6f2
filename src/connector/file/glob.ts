/**
 * File name patterns: `*` and `?` within a name, `**` across folders, `{a,b}` alternatives.
 *
 * **Invariants** (glob.test.ts)
 * - The result is sorted by code unit, without duplicates: the same files give the same order anywhere.
 * - Names that begin with a dot match only a pattern that names the dot; links to folders are not
 *   followed by `**`, so the walk ends.
 */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dirent } from 'node:fs';
import { ConfigError, ConnectorError } from '../../errors/errors.ts';
import { systemCode } from '../system-failure.ts';

/** A pattern that matches more is a mistake, not an input. */
const MAX_FILES = 100_000;
/** `{a,b}{c,d}...` multiplies. */
const MAX_ALTERNATIVES = 256;

export function isGlob(path: string): boolean {
  return /[*?{]/.test(path);
}

/** @returns the matching files, sorted; a folder on the way that cannot be read is skipped with `skipped` */
export async function glob(pattern: string, skipped: (folder: string) => void): Promise<string[]> {
  const found = new Set<string>();
  for (const alternative of alternatives(pattern)) {
    const parts = alternative.replaceAll('\\', '/').split('/');
    const isAbsolute = parts[0] === '' || /^[a-z]:$/i.test(parts[0] ?? '');
    const root = isAbsolute ? `${parts.shift() ?? ''}/` : '';
    await walk(root, parts, { found, skipped });
  }
  return [...found].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** @throws ConfigError when braces do not match or multiply beyond reason */
export function alternatives(pattern: string): string[] {
  const done: string[] = [];
  const open = [pattern];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const match = /\{([^{}]*)\}/.exec(next);
    if (match === null) {
      if (/[{}]/.test(next)) throw new ConfigError('file()', 'a pattern whose braces match', pattern);
      done.push(next);
    } else {
      for (const choice of (match[1] ?? '').split(',')) open.push(next.replace(match[0], () => choice));
    }
    if (done.length + open.length > MAX_ALTERNATIVES) {
      throw new ConfigError('file()', `a pattern of at most ${MAX_ALTERNATIVES} alternatives`, pattern);
    }
  }
  return [...new Set(done.reverse())];
}

/** Tests one name against one part of a pattern in linear time per star: no backtracking across stars. */
export function matchesName(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  let p = 0;
  let star = -1;
  let resume = 0;
  for (let n = 0; n < name.length;) {
    if (pattern[p] === '*') {
      star = p;
      p += 1;
      resume = n;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p += 1;
      n += 1;
    } else if (star >= 0) {
      p = star + 1;
      resume += 1;
      n = resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

interface Walk {
  readonly found: Set<string>;
  readonly skipped: (folder: string) => void;
}

async function walk(folder: string, parts: readonly string[], state: Walk): Promise<void> {
  const [part, ...rest] = parts;
  if (part === undefined) return;
  if (part !== '**' && !isGlob(part)) {
    const path = folder === '' ? part : join(folder, part);
    if (rest.length > 0) await walk(path === '' ? '.' : path, rest, state);
    else if (await isFile(path)) add(state, path);
    return;
  }
  if (part === '**') await walk(folder, rest.length === 0 ? ['*'] : rest, state);
  for (const entry of await entries(folder, state)) {
    const path = folder === '' ? entry.name : join(folder, entry.name);
    if (part === '**') {
      if (entry.isDirectory() && !entry.name.startsWith('.')) await walk(path, parts, state);
    } else if (matchesName(part, entry.name)) {
      if (rest.length > 0) await walk(path, rest, state);
      else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(path)))) add(state, path);
    }
  }
}

function add({ found }: Walk, path: string): void {
  found.add(path);
  if (found.size > MAX_FILES) {
    throw new ConnectorError('file', `the pattern matches more than ${MAX_FILES} files: make it narrower`);
  }
}

async function entries(folder: string, { skipped }: Walk): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder === '' ? '.' : folder, { withFileTypes: true });
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') skipped(folder);
    return [];
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
