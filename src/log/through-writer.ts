/**
 * Writes to files that are written through, and what is large in the way that is quicker on this disk: through the page cache, as
 * several parts at a time, or past it, as whole blocks. Which that is depends on disk, kernel and what else is going on: by a
 * factor of two or three in either direction. So both are measured.
 */

import type { Clock } from '../time/clock.ts';
import { QuickerWay } from './quicker-way.ts';
import { isNoSpace, writeDirect, writeThrough, type FileSystem, type OpenFile } from './file-system.ts';

export class ThroughWriter {
  readonly #fileSystem: FileSystem;
  readonly #clock: Clock;
  readonly #ways = new QuickerWay(['direct', 'cached']);

  constructor(fileSystem: FileSystem, clock: Clock) {
    this.#fileSystem = fileSystem;
    this.#clock = clock;
  }

  /** @param isLarge - bytes of a large group: they end at a block of the file, and are blocks of memory if they begin at one, too */
  async write(file: OpenFile, bytes: Uint8Array, position: number, isLarge: boolean): Promise<void> {
    const { partBytes, blockBytes } = this.#fileSystem;
    if (!isLarge || position % blockBytes !== 0) return writeThrough(file, bytes, position, partBytes);
    const way = this.#ways.next();
    const startedAt = this.#clock.now();
    try {
      if (way === 'direct') await writeDirect(file, bytes, position);
      else await writeThrough(file, bytes, position, partBytes);
    } catch (error) {
      if (!isNoSpace(error)) this.#ways.failed(way);
      throw error;
    }
    this.#ways.took(way, (this.#clock.now() - startedAt) / bytes.length);
  }
}
