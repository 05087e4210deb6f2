import { readFileSync } from 'node:fs';

/** The text of a small file, or undefined where it does not exist or may not be read. */
export type ReadText = (path: string) => string | undefined;

/** Reads from the real file system, synchronously: kernel files answer from memory, in about 10 us. */
export const readText: ReadText = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};
