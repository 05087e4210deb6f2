/** Where to go on in a file that an earlier run had begun. */

import type { FileHandle } from 'node:fs/promises';
import type { ByteChannel, ByteOutput } from '../../event/source.ts';
import { ConnectorError } from '../../errors/errors.ts';
import { CHUNK_BYTES } from './read-ahead.ts';
import type { FileSettings } from './settings.ts';
import { isGzip } from './gunzip.ts';
import type { Input } from './inputs.ts';

export interface Resumed {
  readonly channel: ByteChannel;
  /** Where reading of the file itself begins. */
  readonly from: number;
}

const LINE_END = 10;

/**
 * Opens the channel of a file whose first `offset` bytes (unpacked) are done. Plain NDJSON is read from there; of CSV
 * without declared columns the first line is read again, and of what is compressed all: then the bytes are skipped.
 *
 * @throws ConnectorError where the file has become shorter
 */
export async function resumed(
  { path, format }: Input,
  handle: FileHandle,
  offset: number,
  settings: FileSettings,
  output: ByteOutput,
): Promise<Resumed> {
  if (offset === 0) return { channel: output.channel(path, format), from: 0 };
  const { size } = await handle.stat();
  if (format === 'json') return { channel: output.channel(path, format), from: offset >= size ? size : 0 };
  const beginning = Buffer.alloc(CHUNK_BYTES);
  const { bytesRead } = await handle.read(beginning, 0, CHUNK_BYTES, 0);
  const isCompressed = settings.gzip === 'auto' ? isGzip(beginning.subarray(0, bytesRead)) : settings.gzip;
  if (!isCompressed && size < offset) {
    throw new ConnectorError(
      settings.name,
      `${path} has ${size} bytes, and an earlier run had read ${offset} of it: it is another file. Remove the data directory to begin anew.`,
    );
  }
  const hasHeader = (format === 'csv' || format === 'tsv') && !settings.hasHeader;
  const header = hasHeader ? beginning.subarray(0, bytesRead).indexOf(LINE_END) + 1 : 0;
  const channel = output.channel(path, format, offset - header);
  if (!isCompressed && header === 0) return { channel, from: offset };
  return { channel: new Skipping(channel, header, offset), from: 0 };
}

/** Lets the bytes before `keep` and from `offset` on through. */
class Skipping implements ByteChannel {
  readonly #channel: ByteChannel;
  readonly #keep: number;
  readonly #offset: number;
  #position = 0;

  constructor(channel: ByteChannel, keep: number, offset: number) {
    this.#channel = channel;
    this.#keep = keep;
    this.#offset = offset;
  }

  write(chunk: Uint8Array, acceptedAt?: number): undefined | Promise<void> {
    const start = this.#position;
    this.#position += chunk.length;
    if (start >= this.#offset) return this.#channel.write(chunk, acceptedAt);
    if (start < this.#keep) void this.#channel.write(chunk.subarray(0, this.#keep - start), acceptedAt);
    const rest = chunk.subarray(this.#offset - start);
    return rest.length === 0 ? undefined : this.#channel.write(rest, acceptedAt);
  }

  end(options?: { readonly truncated?: string }): ReturnType<ByteChannel['end']> {
    return this.#channel.end(options);
  }
}
