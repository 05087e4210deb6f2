import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Digits of the number, so that names sort in the order of writing for the first million files. */
const DIGITS = 6;

/**
 * Renames a full file to the next free number (`out.ndjson` becomes `out-000001.ndjson`) and deletes
 * the oldest numbered ones beyond `keep`.
 */
export async function rotateFile(path: string, keep: number): Promise<void> {
  const folder = dirname(path);
  const { stem, extension } = split(basename(path));
  const numbers = await numbersOf(folder, stem, extension);
  const next = (numbers.at(-1) ?? 0) + 1;
  const nameOf = (number: number): string =>
    join(folder, `${stem}-${String(number).padStart(DIGITS, '0')}${extension}`);
  await rename(path, nameOf(next));
  const excess = Math.max(0, numbers.length + 1 - keep);
  for (const number of [...numbers, next].slice(0, excess)) await rm(nameOf(number), { force: true });
}

async function numbersOf(folder: string, stem: string, extension: string): Promise<number[]> {
  const numbers: number[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${stem}-`) || !name.endsWith(extension)) continue;
    const middle = name.slice(stem.length + 1, name.length - extension.length);
    if (/^\d{6,15}$/.test(middle)) numbers.push(Number(middle));
  }
  return numbers.sort((a, b) => a - b);
}

/** `out.ndjson.gz` is `out` and `.ndjson.gz`. */
function split(name: string): { readonly stem: string; readonly extension: string } {
  const match = /^(.+?)((?:\.[A-Za-z0-9]+)?(?:\.gz)?)$/.exec(name);
  return { stem: match?.[1] ?? name, extension: match?.[2] ?? '' };
}
