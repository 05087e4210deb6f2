/**
 * Reads files that grow, over rotation (renamed and made anew) and truncation.
 *
 * **Invariants** (test/integration/connector-file.test.ts)
 * - A renamed file is read to its end before the new one is begun.
 * - Cost at rest: one `stat` and one empty read per file and poll; files are found again every RESCAN_MS.
 */

import { open, stat, type FileHandle } from 'node:fs/promises';
import { ConnectorError } from '../../errors/errors.ts';
import type { ByteOutput, SourceContext } from '../../event/source.ts';
import { RecordEnd } from '../record-end.ts';
import { systemCode, systemFailure } from '../system-failure.ts';
import { pause } from '../waiting.ts';
import type { FileSettings } from './settings.ts';
import { isGzip } from './gunzip.ts';
import { inputFiles, inputOf, matching, type Input } from './inputs.ts';
import { isGlob } from './glob.ts';

const CHUNK_BYTES = 64 * 1024;
/** How often patterns are matched again, ms. */
const RESCAN_MS = 1000;
/** Each file costs a descriptor and a buffer of CHUNK_BYTES. */
const MAX_FOLLOWED = 1024;

export async function followFiles(settings: FileSettings, output: ByteOutput, context: SourceContext): Promise<void> {
  const following = new Map<string, Promise<void>>();
  const failed = new AbortController();
  const stopped = AbortSignal.any([context.signal, failed.signal]);
  const inner: SourceContext = { ...context, signal: stopped };
  const failures: unknown[] = [];
  const begin = (input: Input, from: 'start' | 'end'): void => {
    if (following.has(input.path)) return;
    if (following.size >= MAX_FOLLOWED) {
      throw new ConnectorError(settings.name, `more than ${MAX_FOLLOWED} files to follow: use a narrower pattern`);
    }
    const done = new Follower(input, settings, output, inner).run(from).catch((error: unknown) => {
      failures.push(error);
      failed.abort();
    });
    following.set(input.path, done);
  };
  for (const input of await inputFiles(settings, context)) begin(input, settings.from);
  const patterns = settings.paths.filter(isGlob);
  while (!stopped.aborted) {
    await pause(context.scheduler, RESCAN_MS, stopped);
    for (const pattern of patterns) {
      for (const path of await matching(pattern, settings, context)) begin(inputOf(path, settings), 'start');
    }
  }
  await Promise.all(following.values());
  if (failures.length > 0) throw systemFailure(settings.name, 'following ended', failures[0]);
}

class Follower {
  readonly #input: Input;
  readonly #settings: FileSettings;
  readonly #output: ByteOutput;
  readonly #context: SourceContext;
  readonly #buffer = new Uint8Array(CHUNK_BYTES);
  #position = 0;

  constructor(input: Input, settings: FileSettings, output: ByteOutput, context: SourceContext) {
    this.#input = input;
    this.#settings = settings;
    this.#output = output;
    this.#context = context;
  }

  async run(from: 'start' | 'end'): Promise<void> {
    let start = from;
    let done = this.#context.resume.get(this.#input.path) ?? 0;
    while (!this.#context.signal.aborted) {
      const handle = await this.#open();
      if (handle === undefined) {
        await this.#rest();
        continue;
      }
      this.#position = await this.#begin(handle, done, start);
      done = 0;
      const { path, format } = this.#input;
      const record = new RecordEnd(this.#output.channel(path, format, this.#position), format);
      let why: string | undefined;
      try {
        why = await this.#readOn(handle, record);
      } catch (error) {
        why = 'reading failed';
        throw systemFailure(this.#settings.name, `cannot go on reading ${this.#input.path}`, error);
      } finally {
        await handle.close();
        record.end(why);
        this.#output.endPartition(this.#input.path);
      }
      start = 'start';
    }
  }

  /** @param done - bytes that an earlier run has read @returns the position to begin at */
  async #begin(handle: FileHandle, done: number, start: 'start' | 'end'): Promise<number> {
    const { name } = this.#settings;
    const { path } = this.#input;
    try {
      if (done === 0) return start === 'end' ? await lastRecordEnd(handle) : 0;
      if ((await handle.stat()).size >= done) return done;
    } catch (error) {
      await handle.close();
      throw systemFailure(name, `cannot go on reading ${path}`, error);
    }
    this.#context.notice('warn', `${name}: ${path} was replaced while nothing ran: it is read from its start`);
    return 0;
  }

  /** Until the file was replaced or truncated, or the run aborted. @returns why an open record ends here */
  async #readOn(handle: FileHandle, record: RecordEnd): Promise<string | undefined> {
    for (let isReplaced = false; ;) {
      const bytes = await this.#read(handle);
      if (this.#context.signal.aborted) {
        return record.finish(bytes) ? undefined : 'the run was stopped in the middle of this record';
      }
      if (bytes.length > 0) {
        this.#position += bytes.length;
        const blocked = record.write(bytes);
        if (blocked !== undefined) await blocked;
        continue;
      }
      // Empty once more after the rename was seen: whatever the old writer added is read.
      if (isReplaced) return 'the file was replaced in the middle of this record';
      if ((await handle.stat()).size < this.#position) return 'the file was truncated in the middle of this record';
      isReplaced = await this.#isReplaced(handle);
      if (!isReplaced) await this.#rest();
    }
  }

  async #read(handle: FileHandle): Promise<Uint8Array> {
    const { bytesRead } = await handle.read(this.#buffer, 0, CHUNK_BYTES, this.#position);
    const bytes = this.#buffer.subarray(0, bytesRead);
    if (this.#position === 0 && isGzip(bytes)) {
      const fix = 'Follow the plain file, or read compressed ones without follow.';
      throw new ConnectorError(this.#settings.name, `${this.#input.path} is compressed. ${fix}`);
    }
    return bytes;
  }

  /** A path that is gone for now is not replaced yet: the old file may still grow. */
  async #isReplaced(handle: FileHandle): Promise<boolean> {
    try {
      const now = await stat(this.#input.path, { bigint: true });
      const before = await handle.stat({ bigint: true });
      return now.ino !== before.ino || now.dev !== before.dev;
    } catch {
      return false;
    }
  }

  async #open(): Promise<FileHandle | undefined> {
    try {
      return await open(this.#input.path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw systemFailure(this.#settings.name, `cannot read ${this.#input.path}`, error);
    }
  }

  #rest(): Promise<void> {
    return pause(this.#context.scheduler, this.#settings.pollMs, this.#context.signal);
  }
}

/** Position after the last line end, so that reading begins with a whole record. */
async function lastRecordEnd(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const length = Math.min(size, CHUNK_BYTES);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  const at = buffer.subarray(0, bytesRead).lastIndexOf(10);
  return at < 0 ? size : size - length + at + 1;
}
