/**
 * Dead letters as NDJSON, one file per run, whatever threads it takes, created when the first one comes.
 *
 * **Invariants** (dead-letter-file.test.ts)
 * - No dead letter, no file. Never silent: the first one is announced with the path.
 * - A write is confirmed only after the bytes were handed to the operating system.
 */

import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { DeadLetter } from '../../event/dead-letter.ts';
import type { Sink, SinkContext, SinkWriter } from '../../event/sink.ts';
import { letterJson } from '../../connector/dead-letters/letter-json.ts';
import { ConnectorError } from '../../errors/errors.ts';
import { shortPath } from '../short-path.ts';
import type { DeadLetterFile, DeadLetterTask } from './protocol.ts';

/** Letters hold what came from outside: for the owner's eyes only. */
const OWNER_ONLY = 0o600;
const FLAGS = constants.O_WRONLY | constants.O_CREAT;

export class DeadLetterFileSink implements Sink<DeadLetter> {
  readonly name = 'dead-letters';
  readonly limits: { readonly maxConcurrency: number } = { maxConcurrency: 1 };
  readonly deadline = false;
  readonly #path: string;
  readonly #flags: number;
  #count = 0;

  constructor({ path, isForced, isContinued }: DeadLetterTask) {
    this.#path = path;
    // A link that the user did not name, another one may have laid, in a directory of many users.
    this.#flags =
      FLAGS | (isContinued ? constants.O_APPEND : constants.O_TRUNC) | (isForced ? 0 : constants.O_NOFOLLOW);
  }

  /** Null until there is a file. */
  get written(): DeadLetterFile | null {
    return this.#count === 0 ? null : { path: this.#path, count: this.#count };
  }

  readonly open = (context: SinkContext): SinkWriter<DeadLetter> => {
    let file: FileHandle | undefined;
    return {
      write: async (letters) => {
        if (file === undefined) {
          file = await this.#create();
          context.notice('warn', `an event cannot be processed: ${letters[0]?.reason ?? ''}`);
          context.notice('warn', `such events are written to ${shortPath(this.#path, process.cwd())}`);
        }
        await this.#write(file, letters);
      },
      close: () => file?.close(),
    };
  };

  async #create(): Promise<FileHandle> {
    try {
      const file = await open(this.#path, this.#flags, OWNER_ONLY);
      if ((await file.stat()).isFile()) await file.chmod(OWNER_ONLY); // one of that name may have been there
      return file;
    } catch (cause) {
      throw new ConnectorError(
        'dead letters',
        `cannot write ${this.#path} (${(cause as NodeJS.ErrnoException).code ?? 'unknown reason'}). Give another place: --dead-letters PATH`,
        { cause },
      );
    }
  }

  async #write(file: FileHandle, letters: readonly DeadLetter[]): Promise<void> {
    await file.appendFile(letters.map((letter) => `${letterJson(letter)}\n`).join(''));
    this.#count += letters.length;
  }
}
