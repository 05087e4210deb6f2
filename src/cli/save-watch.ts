/**
 * Notices when a flow's files are saved. Folders are watched, not files, because editors replace a
 * file rather than write into it; several events of one save count once.
 */

import { watch, type FSWatcher } from 'node:fs';
import { dirname, join } from 'node:path';

/** Editors write a file in several steps within this time, ms. */
const SETTLE_MS = 100;
/** A flow with more files than this watches the first ones. */
const MOST_FOLDERS = 64;

export class SaveWatch {
  readonly #folders = new Map<string, FSWatcher>();
  readonly #files = new Set<string>();
  #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(file: string) {
    this.follow([file]);
  }

  /** Watches these files as well. */
  follow(files: readonly string[]): void {
    for (const file of files) {
      this.#files.add(file);
      const folder = dirname(file);
      if (this.#folders.has(folder) || this.#folders.size >= MOST_FOLDERS) continue;
      const watcher = watch(folder, (_event, name) => this.#changed(folder, name));
      watcher.on('error', () => watcher.close()); // the folder is gone
      this.#folders.set(folder, watcher);
    }
  }

  /** Resolves at the next save from now on. */
  next(): Promise<'saved'> {
    return new Promise((resolve) => this.#waiting.push(() => resolve('saved')));
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#folders.values()) watcher.close();
    this.#waiting = [];
  }

  #changed(folder: string, name: string | null): void {
    if (name !== null && !this.#files.has(join(folder, name))) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    }, SETTLE_MS);
  }
}
