/**
 * Checkpoints as files of a directory: `checkpoint-NUMBER`, each written under another name, synced, renamed, and the
 * directory synced. The last two are kept.
 *
 * Invariants (checkpoint-files.test.ts)
 * - After any crash, at any call, the newest checkpoint whose write has resolved is read, or one that was begun later.
 * - A file that is damaged is never used: the one before it is, and it is said. With none that is whole, nothing is
 *   guessed: `open` refuses.
 */

import { InvariantError } from '../errors/errors.ts';
import type { FileLock, FileSystem } from '../log/file-system.ts';
import { readBytes, writeAll } from '../log/file-system.ts';
import type { Checkpoint, CheckpointStore } from './checkpoint.ts';
import { sealed, unsealed, type CheckpointCodec } from './sealed-checkpoint.ts';
import { StateError } from './stored.ts';

const NAME = /^checkpoint-(\d{12})$/;
const DRAFT = 'checkpoint.draft';
const KEPT = 2;

export class CheckpointFiles implements CheckpointStore {
  readonly toBeginAnew = 'use another data directory';
  readonly #directory: string;
  readonly #mount: () => FileSystem | Promise<FileSystem>;
  readonly #codec: CheckpointCodec;
  #mounted: FileSystem | undefined;
  #lock: FileLock | undefined;
  /** Numbers of the files that are there, ascending. */
  #numbers: number[] = [];

  /** @param mount - called once, when it is opened */
  constructor(directory: string, mount: () => FileSystem | Promise<FileSystem>, codec: CheckpointCodec) {
    this.#directory = directory;
    this.#mount = mount;
    this.#codec = codec;
  }

  async open(warn: (message: string) => void): Promise<Checkpoint | undefined> {
    this.#mounted = await this.#mount();
    await this.#files.makeDirectory(this.#directory);
    this.#lock = await this.#files.lock(`${this.#directory}/lock`);
    const names = await this.#files.list(this.#directory);
    this.#numbers = names.flatMap((name) => (NAME.test(name) ? [Number(name.slice(-12))] : [])).sort((a, b) => a - b);
    for (const number of [...this.#numbers].reverse()) {
      const checkpoint = await this.#read(number);
      if (checkpoint !== undefined) return checkpoint;
      warn(`${this.#path(nameOf(number))} is damaged: the checkpoint before it is used`);
    }
    if (this.#numbers.length === 0) return undefined;
    throw new StateError(
      `no checkpoint in ${this.#directory} is whole. Restore the directory from a copy, or remove it to begin anew: what was done since its first event is then done again.`,
    );
  }

  async write(checkpoint: Checkpoint): Promise<void> {
    const bytes = sealed(checkpoint, this.#codec);
    const number = (this.#numbers.at(-1) ?? 0) + 1;
    await this.#writeDraft(bytes);
    await this.#files.rename(this.#path(DRAFT), this.#path(nameOf(number)));
    await this.#files.syncDirectory(this.#directory);
    this.#numbers.push(number);
    while (this.#numbers.length > KEPT) {
      await this.#files.remove(this.#path(nameOf(this.#numbers[0] as number)));
      this.#numbers.shift();
    }
  }

  async close(): Promise<void> {
    await this.#lock?.release();
    this.#lock = undefined;
  }

  get #files(): FileSystem {
    if (this.#mounted === undefined) throw new InvariantError('checkpoints are written before they are opened');
    return this.#mounted;
  }

  async #writeDraft(bytes: Uint8Array): Promise<void> {
    await this.#files.remove(this.#path(DRAFT));
    const file = await this.#files.open(this.#path(DRAFT), 'create');
    try {
      await writeAll(file, bytes, 0);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async #read(number: number): Promise<Checkpoint | undefined> {
    const file = await this.#files.open(this.#path(nameOf(number)), 'read');
    try {
      return unsealed(await readBytes(file, 0, await file.size()), this.#codec);
    } finally {
      await file.close();
    }
  }

  #path(name: string): string {
    return `${this.#directory}/${name}`;
  }
}

function nameOf(number: number): string {
  return `checkpoint-${String(number).padStart(12, '0')}`;
}
