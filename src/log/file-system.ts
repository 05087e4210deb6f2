/**
 * What the log needs of a file system, and nothing more. The real one is in `src/host`, the simulated one, with
 * crashes and failing disks, in `src/testing/storage`.
 *
 * Errors carry the operating system's code in `code`, as those of Node do (`ENOENT`, `ENOSPC`, `EIO`). Paths use `/`.
 */
export interface FileSystem {
  /** What is written through and as large as this is written as two parts at the same time. */
  readonly splitBytes: number;
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

/**
 * Like `writeAll`, for a file that is written through, and large writes as two: one is copied while the disk works for the
 * other.
 *
 * Both have ended when it settles. Any error is one of the whole: of a failed sync the kernel may tell either. What
 * waiting cannot cure goes before a full disk.
 */
export async function writeThrough(
  file: OpenFile,
  bytes: Uint8Array,
  position: number,
  splitBytes: number,
): Promise<void> {
  if (bytes.length < splitBytes) return writeAll(file, bytes, position);
  const middle = bytes.length >> 1;
  const ends = await Promise.allSettled([
    writeAll(file, bytes.subarray(0, middle), position),
    writeAll(file, bytes.subarray(middle), position + middle),
  ]);
  const errors = ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []));
  if (errors.length > 0) throw errors.find((error) => !isNoSpace(error)) ?? errors[0];
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
