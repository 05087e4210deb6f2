/** Finds, in the stack of an error, the place in the user's own code. */

import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shortPath } from '../short-path.ts';
import type { SourceExcerpt } from '../failure.ts';

/** Where this program lies: frames below it are ours and never shown. */
const OURS = dirname(fileURLToPath(import.meta.url));

/** The innermost frame that is neither ours, nor Node's, nor an installed package's. */
export function userFrame(stack: string | undefined, cwd: string, ours: string = OURS): SourceExcerpt | undefined {
  for (const line of (stack ?? '').split('\n')) {
    const match = /^\s*at (?:async )?(?:.* \()?((?:file:\/\/|[A-Za-z]:[\\/]|\/)[^()]+?):(\d+):(\d+)\)?$/.exec(line);
    if (match === null) continue;
    const [, place = '', lineNumber = '1', column = '1'] = match;
    const file = userFile(place, ours);
    if (file === undefined) continue;
    return excerptOf(file, Number(lineNumber), Number(column), cwd);
  }
  return undefined;
}

/** The path of a script that is neither ours, nor Node's, nor an installed package's. */
export function userFile(place: string, ours: string = OURS): string | undefined {
  const file = place.startsWith('file:') ? pathOf(place) : place;
  if (file === undefined || !/^([A-Za-z]:[\\/]|\/)/.test(file)) return undefined;
  return file.startsWith(ours) || /[\\/]node_modules[\\/]/.test(file) ? undefined : file;
}

/** @param column - from 1; null when only the line is known */
export function excerptOf(file: string, line: number, column: number | null, cwd: string): SourceExcerpt {
  return { file: shortPath(file, cwd), line, column, text: lineOf(file, line) };
}

function pathOf(url: string): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

function lineOf(file: string, line: number): string {
  try {
    return readFileSync(file, 'utf8').split('\n')[line - 1]?.replace(/\r$/, '') ?? '';
  } catch {
    return '';
  }
}
