/**
 * What the log needs of a file system, and nothing more. The real one is in `src/host`, the simulated one, with
 * crashes and failing disks, in `src/testing/storage`.
 *
 * Errors carry the operating system's code in `code`, as those of Node do (`ENOENT`, `ENOSPC`, `EIO`). Paths use `/`.
 */
export interface FileSystem {
  /** What is written through is written as parts at the same time, none of which is smaller than this. */
  readonly partBytes: number;
  /** What `writeBlocks` takes are multiples of this: 512 to `MOST_BLOCK_BYTES` (segment.ts). */
  readonly blockBytes: number;
  /** Groups of at least this many bytes may go past the page cache. */
  readonly directBytes: number;
  /** Memory of zeros from which `writeBlocks` can write, where it begins and at any multiple of `blockBytes`. */
  blockMemory(byteLength: number): Uint8Array;
  /** Creates a directory and its parents for this user alone (0700); nothing happens when it is there. */
  makeDirectory(path: string): Promise<void>;
  /** Names of the entries, in no order. */
  list(directory: string): Promise<string[]>;
  open(path: string, mode: OpenMode): Promise<OpenFile>;
  /** Replaces `to` as one step; durable only after `syncDirectory`. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; handles that are open keep working. Nothing happens when there is none. */
  remove(path: string): Promise<void>;
  /** Makes what was created, renamed and removed in a directory durable. */
  syncDirectory(path: string): Promise<void>;
  /**
   * Takes the lock file of a single writer.
   * @throws LogLockedError when a living process holds it; one of a process that has ended is taken over
   */
  lock(path: string): Promise<FileLock>;
}

/**
 * `create`: a new file, or EEXIST. `update`: one that is there, to read and write. `read`: to read only. `…-through`: each
 * write is durable, as if synced, when it resolves; it fails as a sync may.
 */
export type OpenMode = 'create' | 'create-through' | 'update' | 'update-through' | 'read';

export interface OpenFile {
  /** @returns how many bytes were written, which may be fewer than given */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /**
   * Like `write`, of a file that is written through, and past the page cache where that is possible: whole blocks of
   * `blockMemory`, to a multiple of `blockBytes`.
   */
  writeBlocks(bytes: Uint8Array, position: number): Promise<number>;
  /** @returns how many bytes were read: fewer than asked for only at the end of the file */
  read(into: Uint8Array, position: number): Promise<number>;
  size(): Promise<number>;
  /** Makes content and size durable (`fdatasync`). After an error nothing unsynced of this file may be trusted. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface FileLock {
  /** False once somebody else has taken it. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

/** Writes all of it, however short the single writes are. */
export async function writeAll(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const written = await file.write(done === 0 ? bytes : bytes.subarray(done), position + done);
    if (written <= 0) throw Object.assign(new Error('a write made no progress'), { code: 'EIO' });
    done += written;
  }
}

/** Parts of a large write. Each holds a thread of Node's pool while it lasts: one of four is left to others. */
const MOST_PARTS = 3;

/**
 * Like `writeAll`, for a file that is written through, and a large write as several at the same time: one is copied while
 * the disk works for the others, and one commit of the file system's journal does for all of them.
 *
 * All have ended when it settles. Any error is one of the whole: of a failed sync the kernel may tell any part. What
 * waiting cannot cure goes before a full disk.
 */
export async function writeThrough(
  file: OpenFile,
  bytes: Uint8Array,
  position: number,
  partBytes: number,
): Promise<void> {
  const parts = Math.min(MOST_PARTS, Math.floor(bytes.length / partBytes));
  if (parts < 2) return writeAll(file, bytes, position);
  const writePart = (_: unknown, i: number): Promise<void> => {
    const from = Math.floor((i * bytes.length) / parts);
    return writeAll(file, bytes.subarray(from, Math.floor(((i + 1) * bytes.length) / parts)), position + from);
  };
  const ends = await Promise.allSettled(Array.from({ length: parts }, writePart));
  const errors = ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []));
  if (errors.length > 0) throw errors.find((error) => !isNoSpace(error)) ?? errors[0];
}

/** All of it past the page cache; what a short write leaves, through it: it need not begin at a block. */
export async function writeDirect(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  const done = await file.writeBlocks(bytes, position);
  await writeAll(file, bytes.subarray(done), position + done);
}

/** Bytes `from` to `to` of a file, fewer where it ends before. */
export async function readBytes(file: OpenFile, from: number, to: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, to - from));
  const length = await file.read(bytes, from);
  return length === bytes.length ? bytes : bytes.subarray(0, length);
}

/** The operating system's code of an error, or '' for what is none of its own. */
export function systemCode(error: unknown): string {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : '';
}

/** No room, or no more of it for this user: what waiting may cure. */
export function isNoSpace(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(systemCode(error));
}

/** This process, or the machine, has as many files open as it may: what waiting may cure. */
export function isNoDescriptor(error: unknown): boolean {
  return ['EMFILE', 'ENFILE'].includes(systemCode(error));
}
