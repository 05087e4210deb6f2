import fs from 'node:fs';
import { systemCode } from '../log/file-system.ts';

/** Only Linux has it; there Node knows the constant. */
const DIRECT: number | undefined = process.platform === 'linux' ? fs.constants.O_DIRECT : undefined;

/** What a file system says that cannot write past its cache, or not from such memory or to such a place. */
const UNABLE: readonly string[] = ['EINVAL', 'EOPNOTSUPP', 'ENOTSUP'];

/**
 * Writes to an open file past the page cache, durably, through a descriptor of its own: `O_DIRECT` belongs to a descriptor, and what
 * is not a whole block has to go the other way. Opened when it is first needed, by descriptor: the file may have another name by now.
 */
export class DirectWriter {
  readonly #of: number;
  /** Null: it cannot be had. */
  #fd: number | null | undefined;

  constructor(of: number) {
    this.#of = of;
  }

  /** @returns how many bytes were written; null when it is not possible, and nothing was */
  async write(bytes: Uint8Array, position: number): Promise<number | null> {
    if (this.#fd === undefined) this.#fd = await this.#open();
    if (this.#fd === null) return null;
    try {
      return await writeTo(this.#fd, bytes, position);
    } catch (error) {
      if (!UNABLE.includes(systemCode(error))) throw error;
      await this.close();
      return null;
    }
  }

  /** It cannot write any more. */
  async close(): Promise<void> {
    const fd = this.#fd;
    this.#fd = null;
    if (typeof fd === 'number') await new Promise<void>((resolve) => fs.close(fd, () => resolve()));
  }

  #open(): Promise<number | null> {
    if (DIRECT === undefined) return Promise.resolve(null);
    const flags = fs.constants.O_WRONLY | fs.constants.O_DSYNC | DIRECT;
    return new Promise((resolve) => {
      fs.open(`/proc/self/fd/${this.#of}`, flags, (error, fd) => resolve(error === null ? fd : null));
    });
  }
}

function writeTo(fd: number, bytes: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(fd, bytes, 0, bytes.length, position, (error, written) => {
      if (error === null) resolve(written);
      else reject(error);
    });
  });
}

/** Of the language, and not in the types of ES2023. */
declare const WebAssembly: { Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer } };

const WASM_PAGE_BYTES = 64 * 1024;

/**
 * Memory that begins at a page, as `O_DIRECT` wants it, and as WebAssembly's does. An ArrayBuffer that may be resized begins there
 * too, but takes five times as long to fill (Node 20). Each one takes address space, of which there is an end: then any memory will
 * do, from which `write` is not possible.
 */
export function blockMemory(byteLength: number): Uint8Array {
  try {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(byteLength / WASM_PAGE_BYTES) });
    return new Uint8Array(memory.buffer, 0, byteLength);
  } catch {
    return new Uint8Array(byteLength);
  }
}
