import type { FileHandle } from 'node:fs/promises';

/**
 * Bytes per read. 64 KiB, 256 KiB and 1 MiB cost 36, 11 and 6 ns of CPU per 66-byte line; above 256 KiB
 * the gain is small against decoding, and the turn in which a chunk is decoded grows past 2 ms.
 */
export const CHUNK_BYTES: number = 256 * 1024;

/**
 * Reads a file through two buffers: while one is processed, the thread pool fills the other.
 *
 * **Invariant**: a chunk is valid until the next call of `next`, which lets its buffer be overwritten.
 */
export class ReadAhead {
  readonly #handle: FileHandle;
  readonly #chunkBytes: number;
  #spare: Uint8Array;
  #filling: Uint8Array;
  #pending: Promise<{ readonly bytesRead: number }> | undefined;
  /** Of the next read; null: wherever the last one ended, as pipes need it. */
  #position: number | null;

  /** @param from - position to begin at; what is not a regular file begins at 0 */
  constructor(handle: FileHandle, chunkBytes: number = CHUNK_BYTES, from = 0) {
    this.#handle = handle;
    this.#chunkBytes = chunkBytes;
    this.#position = from === 0 ? null : from;
    this.#spare = new Uint8Array(chunkBytes);
    this.#filling = new Uint8Array(chunkBytes);
    this.#pending = this.#read();
  }

  /** The next bytes; undefined at the end. */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#pending === undefined) return undefined;
    const { bytesRead } = await this.#pending;
    this.#pending = undefined;
    if (bytesRead === 0) return undefined;
    if (this.#position !== null) this.#position += bytesRead;
    const full = this.#filling;
    this.#filling = this.#spare;
    this.#spare = full;
    this.#pending = this.#read();
    return full.subarray(0, bytesRead);
  }

  /** Waits for the read under way, so that the file can be closed. */
  async stop(): Promise<void> {
    await this.#pending?.catch(() => undefined);
    this.#pending = undefined;
  }

  #read(): Promise<{ readonly bytesRead: number }> {
    const read = this.#handle.read(this.#filling, 0, this.#chunkBytes, this.#position);
    // The failure is reported by the `next` that waits for it; until then nobody does.
    read.catch(() => undefined);
    return read;
  }
}
