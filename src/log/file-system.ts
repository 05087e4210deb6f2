/**
 * What the log needs of a file system, and nothing more. The real one is in `src/host`, the simulated one, with
 * crashes and failing disks, in `src/testing/storage`.
 *
 * Errors carry the operating system's code in `code`, as those of Node do (`ENOENT`, `ENOSPC`, `EIO`). Paths use `/`.
 */
export interface FileSystem {
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
 * `create`: a new file, or EEXIST. `write-through`: like it, and each write is durable, as if synced, when it resolves; it
 * fails as a sync may. `update`: one that is there, to read and write. `read`: to read only.
 */
export type OpenMode = 'create' | 'write-through' | 'update' | 'read';

export interface OpenFile {
  /** @returns how many bytes were written, which may be fewer than given */
  write(bytes: Uint8Array, position: number): Promise<number>;
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
