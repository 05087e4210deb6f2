import { isNoSpace, writeAll, type FileSystem } from './file-system.ts';

const NAME = 'reserve';
const STEP_BYTES = 1024 * 1024;

/**
 * Disk space held by a file of zeros, so that a log on a full disk can still finish what it has begun.
 *
 * Cost: written once (about 50 ms for 64 MB, in the background of the page cache), then only checked.
 */
export class Reserve {
  readonly #fileSystem: FileSystem;
  readonly #path: string;
  readonly #bytes: number;
  #isHeld = false;

  constructor(fileSystem: FileSystem, directory: string, bytes: number) {
    this.#fileSystem = fileSystem;
    this.#path = `${directory}/${NAME}`;
    this.#bytes = bytes;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** @returns whether the space is held now; false when the disk has not so much */
  async hold(): Promise<boolean> {
    if (this.#isHeld) return true;
    this.#isHeld = this.#bytes === 0 || (await this.#fill());
    return this.#isHeld;
  }

  /** @returns whether there was anything to give back */
  async release(): Promise<boolean> {
    if (!this.#isHeld) return false;
    this.#isHeld = false;
    await this.#fileSystem.remove(this.#path);
    return this.#bytes > 0;
  }

  async #fill(): Promise<boolean> {
    const file = await this.#open();
    try {
      const zeros = new Uint8Array(Math.min(STEP_BYTES, this.#bytes));
      for (let at = await file.size(); at < this.#bytes; at += zeros.length) {
        await writeAll(file, zeros.subarray(0, Math.min(zeros.length, this.#bytes - at)), at);
      }
      return true;
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      await this.#fileSystem.remove(this.#path);
      return false;
    } finally {
      await file.close();
    }
  }

  async #open(): ReturnType<FileSystem['open']> {
    const isThere = await this.#fileSystem.open(this.#path, 'update').catch(() => undefined);
    return isThere ?? this.#fileSystem.open(this.#path, 'create');
  }
}
