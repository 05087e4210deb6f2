/**
 * Appends batches to a file.
 *
 * **Invariants** (test/integration/connector-file.test.ts)
 * - A confirmed batch is in the file, whole and once; a failed one has left nothing there, so that it
 *   may be tried again.
 * - With gzip every batch is a member of its own: the file is valid after each write.
 */

import { open, type FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { SinkContext, SinkWriter } from '../../event/sink.ts';
import { lineEncoder, type LineEncoder, type LineFormat } from '../encode-lines.ts';
import { ConnectorError } from '../../errors/errors.ts';
import { systemFailure } from '../system-failure.ts';
import type { FileSettings } from './settings.ts';
import { formatOfName } from './format.ts';
import { rotateFile } from './rotate.ts';

const compress = promisify(gzip);
const LINE_END = 10;

/** @throws ConnectorError when the file cannot be written to */
export async function openFile(
  path: string,
  format: LineFormat,
  settings: FileSettings,
  context: SinkContext,
): Promise<SinkWriter<unknown>> {
  const target = new Target(path, format, settings, context);
  const writer = { write: (events: readonly unknown[]) => target.write(events), close: () => target.close() };
  if (settings.rotate !== undefined) {
    await target.open(settings.mode);
    return writer;
  }
  if (context.resume === undefined) await target.open(settings.mode);
  else await target.goBack(context.resume as number);
  return { ...writer, position: () => target.position() };
}

class Target {
  readonly #path: string;
  readonly #settings: FileSettings;
  readonly #context: SinkContext;
  readonly #encoder: LineEncoder;
  readonly #isCompressed: boolean;
  #handle: FileHandle | undefined;
  /** Bytes of confirmed batches: what the file is cut back to when a write fails. */
  #size = 0;
  #isRegular = true;
  #openedAt = 0;
  /** Begins with a line end when the file was left without one. */
  #prefix = '';

  constructor(path: string, format: LineFormat, settings: FileSettings, context: SinkContext) {
    const { isCompressed } = formatOfName(path);
    this.#path = path;
    this.#settings = settings;
    this.#context = context;
    this.#encoder = lineEncoder(format, settings.name, { columns: settings.columns });
    this.#isCompressed = settings.gzip === 'auto' ? isCompressed : settings.gzip;
  }

  async open(mode: FileSettings['mode']): Promise<void> {
    const flags = { append: 'a', overwrite: 'w', 'fail-if-exists': 'ax' }[mode];
    try {
      this.#handle = await open(this.#path, flags, this.#settings.permissions);
      const stats = await this.#handle.stat();
      this.#isRegular = stats.isFile();
      this.#size = this.#isRegular ? stats.size : 0;
    } catch (error) {
      throw systemFailure(this.#settings.name, `cannot write to ${this.#path}`, error);
    }
    this.#openedAt = this.#context.scheduler.now();
    this.#prefix = (await this.#isTorn()) ? '\n' : '';
  }

  /** Cuts off what was written after a checkpoint. @throws ConnectorError where the file lacks what was there then */
  async goBack(size: number): Promise<void> {
    await this.open('append');
    if (!this.#isRegular) return;
    if (this.#size < size) {
      const message = `${this.#path} has ${this.#size} bytes, and an earlier run had written ${size}: it is another file`;
      throw new ConnectorError(this.#settings.name, `${message}. Remove the data directory to begin anew.`);
    }
    await this.#handle?.truncate(size);
    this.#size = size;
    this.#prefix = '';
  }

  /** Bytes that were confirmed, all of them durable. */
  async position(): Promise<number> {
    if (this.#isRegular) await this.#handle?.datasync();
    return this.#size;
  }

  async write(events: readonly unknown[]): Promise<void> {
    if (events.length === 0) return;
    let bytes = await this.#encode(events);
    if (this.#isFull(bytes.length)) {
      await this.#rotate();
      bytes = await this.#encode(events);
    }
    const handle = this.#handle ?? (await this.#reopen());
    try {
      await writeAll(handle, bytes);
      if (this.#settings.fsync && this.#isRegular) await handle.datasync();
    } catch (error) {
      await this.#takeBack(handle);
      throw systemFailure(this.#settings.name, `cannot write to ${this.#path}`, error);
    }
    this.#size += bytes.length;
    this.#prefix = '';
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #encode(events: readonly unknown[]): Promise<Uint8Array> {
    const lines = this.#encoder.encode(events, this.#size === 0);
    const bytes = this.#prefix === '' ? lines : Buffer.concat([Buffer.from(this.#prefix), lines]);
    return this.#isCompressed ? compress(bytes) : bytes;
  }

  #isFull(more: number): boolean {
    const { rotate } = this.#settings;
    if (rotate === undefined || this.#size === 0 || !this.#isRegular) return false;
    const ageMs = this.#context.scheduler.now() - this.#openedAt;
    return this.#size + more > rotate.bytes || ageMs >= rotate.everyMs;
  }

  async #rotate(): Promise<void> {
    await this.close();
    try {
      await rotateFile(this.#path, this.#settings.rotate?.keep ?? Infinity);
    } catch (error) {
      throw systemFailure(this.#settings.name, `cannot rotate ${this.#path}`, error);
    }
    await this.open('append');
  }

  /** After a rotation that failed half-way. */
  async #reopen(): Promise<FileHandle> {
    await this.open('append');
    return this.#handle as FileHandle;
  }

  async #takeBack(handle: FileHandle): Promise<void> {
    if (!this.#isRegular) return;
    try {
      await handle.truncate(this.#size);
    } catch {
      // The next batch then begins on a line of its own: the torn one stays alone.
      this.#prefix = this.#isCompressed ? '' : '\n';
    }
  }

  /** True when a line is open at the end: an earlier writer was killed, or left it so. */
  async #isTorn(): Promise<boolean> {
    if (this.#size === 0 || this.#isCompressed) return false;
    try {
      const reader = await open(this.#path, 'r');
      try {
        const { buffer } = await reader.read(Buffer.alloc(1), 0, 1, this.#size - 1);
        return buffer[0] !== LINE_END;
      } finally {
        await reader.close();
      }
    } catch {
      return false; // Not readable for this user: nothing can be known.
    }
  }
}

/** A write may be partial (a signal, a nearly full disk): the rest is tried until the system says why not. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, null);
    done += bytesWritten;
  }
}
