import type { DeadLetter } from '../../event/dead-letter.ts';
import type { SinkContext, SinkWriter } from '../../event/sink.ts';
import { systemFileSystem } from '../../host/file-system.ts';
import { openLog, type Log } from '../../log/log.ts';
import { letterJson } from './letter-json.ts';

/** The most that a log may be told: a letter keeps what came in, up to 128 MiB of it. */
const RECORD_BYTES = 256 * 1024 * 1024;

type Context = Pick<SinkContext, 'scheduler' | 'notice'>;

/** Writes dead letters to a log that is opened with the first of them. */
export class LetterWriter implements SinkWriter<DeadLetter> {
  readonly #directory: string;
  readonly #context: Context;
  readonly #encoder = new TextEncoder();
  #opening: Promise<Log> | undefined;
  #isSaid = false;

  constructor(directory: string, context: Context) {
    this.#directory = directory;
    this.#context = context;
  }

  async write(letters: readonly DeadLetter[]): Promise<void> {
    this.#say(letters[0]?.reason ?? '');
    const log = await (this.#opening ??= this.#open());
    await log.append(letters.map((letter) => this.#encoder.encode(letterJson(letter))));
  }

  async close(): Promise<void> {
    await (await this.#opening)?.close();
  }

  /** What failed is tried again with the next letters: descriptors or disk may be free by then. */
  #open(): Promise<Log> {
    const { scheduler } = this.#context;
    const log = openLog(this.#directory, { recordBytes: RECORD_BYTES }, { fileSystem: systemFileSystem(), scheduler });
    log.catch(() => (this.#opening = undefined));
    return log;
  }

  /** Once. */
  #say(reason: string): void {
    if (this.#isSaid) return;
    this.#isSaid = true;
    const directory = this.#directory;
    this.#context.notice('warn', `an event cannot be processed: ${reason}`);
    this.#context.notice('warn', `such events are kept in ${directory}: daoflow dlq ls ${directory}`);
  }
}
