/**
 * Files of removed segments that are kept to become new ones: to overwrite blocks that a file has is 1.5 to 4 times as fast
 * as to write new ones, as the file system's journal is then not part of the commit.
 *
 * **Invariants**
 * - Nothing is written to a file before a sync of the directory has made it lose its name: a power loss must not bring back
 *   a segment whose content is another's.
 * - They are of this writer only, and go when it ends. As drafts, which they are called, they go when the next one opens.
 */

import type { FileSystem } from './file-system.ts';
import { draftName, type Segment } from './segment.ts';

/** One is written to soon; another one is there when a consumer is done with two segments at a time. */
const MOST = 2;

export class Spares {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #names: string[] = [];

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
  }

  /** How many more are wanted. */
  get wanted(): number {
    return MOST - this.#names.length;
  }

  /** Takes over the files of segments that nobody will read again. */
  async keep(segments: readonly Segment[]): Promise<void> {
    if (segments.length === 0) return;
    for (const { name } of segments) {
      await this.#fileSystem.rename(`${this.#directory}/${name}`, `${this.#directory}/${draftName(name)}`);
    }
    await this.#fileSystem.syncDirectory(this.#directory);
    this.#names.push(...segments.map(({ name }) => draftName(name)));
  }

  /** @returns the name of a file to write a segment over */
  take(): string | undefined {
    return this.#names.shift();
  }

  /** Gives their room back. @returns whether there was any */
  async release(): Promise<boolean> {
    const names = this.#names.splice(0);
    for (const name of names) await this.#fileSystem.remove(`${this.#directory}/${name}`);
    return names.length > 0;
  }
}
