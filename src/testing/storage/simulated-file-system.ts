import { LogLockedError } from '../../log/errors.ts';
import type { FileLock, FileSystem, OpenFile, OpenMode } from '../../log/file-system.ts';
import { BLOCK_BYTES, Inode } from './inode.ts';
import { parent, type Incarnation, type SimulatedDisk } from './simulated-disk.ts';

/** The file system as a process sees it, until the next crash: then its calls are never answered. */
export function mountDisk(disk: SimulatedDisk): FileSystem {
  const life = disk.incarnation;
  const call = <T>(effect: () => T, extraMs = 0): Promise<T> => performCall(disk, life, effect, extraMs);
  return {
    partBytes: BLOCK_BYTES,
    blockBytes: BLOCK_BYTES,
    directBytes: BLOCK_BYTES,
    blockMemory: (byteLength) => new Uint8Array(byteLength),
    makeDirectory: () => call(() => undefined),
    list: (directory) =>
      call(() =>
        disk.paths.filter((path) => parent(path) === directory).map((path) => path.slice(directory.length + 1)),
      ),
    open: (path, mode) => call(() => openFile(disk, life, path, mode)),
    rename: (from, to) =>
      call(() => {
        mayFail(disk, disk.faults.failedEntry, 'rename');
        if (disk.inode(from) === undefined) throw systemError('ENOENT', `rename ${from}`);
        disk.rename(from, to);
      }),
    remove: (path) =>
      call(() => {
        mayFail(disk, disk.faults.failedEntry, 'unlink');
        disk.unlink(path);
      }),
    syncDirectory: (path) => call(() => disk.syncDirectory(path)),
    lock: (path) => call(() => takeLock(disk, life, path)),
  };
}

/** A call takes effect at its start or at its end; at a crash it may have happened, and is never answered. */
async function performCall<T>(disk: SimulatedDisk, life: Incarnation, effect: () => T, extraMs: number): Promise<T> {
  const isFirst = disk.random() < 0.5;
  const latencyMs = disk.random() * disk.faults.latencyMs + extraMs;
  if (!life.isAlive) return never();
  let done = isFirst ? attempt(effect) : undefined;
  if (!disk.countCall()) return never();
  await pause(disk, latencyMs);
  if (!isAliveNow(life)) return never();
  done ??= attempt(effect);
  return done();
}

const isAliveNow = (life: Incarnation): boolean => life.isAlive;

function attempt<T>(effect: () => T): () => T {
  try {
    const value = effect();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function openFile(disk: SimulatedDisk, life: Incarnation, path: string, mode: OpenMode): OpenFile {
  mayLackDescriptor(disk, path);
  const inode = inodeFor(disk, path, mode);
  let isClosed = false;
  const call = <T>(effect: () => T, extraMs = 0): Promise<T> => {
    if (isClosed) return Promise.reject(systemError('EBADF', path));
    return performCall(disk, life, effect, extraMs);
  };
  const sync = (): Promise<void> =>
    call(
      () => {
        if (disk.random() < disk.faults.failedSync) {
          inode.failSync(disk.random);
          throw systemError('EIO', `fdatasync ${path}`);
        }
        inode.sync();
      },
      disk.random() < disk.faults.slowSync ? disk.faults.slowSyncMs : 0,
    );
  // A crash may strike between the bytes' arrival in the page cache and the end of their sync.
  const writeSome = async (bytes: Uint8Array, position: number): Promise<number> => {
    const written = await call(() => write(disk, inode, bytes, position));
    if (mode.endsWith('-through')) await sync();
    return written;
  };
  return {
    write: writeSome,
    writeBlocks: (bytes, position) => {
      const isWhole = [bytes.byteOffset, bytes.length, position].every((at) => at % BLOCK_BYTES === 0);
      if (!isWhole || !mode.endsWith('-through')) throw systemError('EINVAL', `not whole blocks: ${path}`);
      return writeSome(bytes, position);
    },
    read: (into, position) => call(() => inode.read(into, position)),
    size: () => call(() => inode.size),
    sync,
    close: () => {
      const closing = call(() => undefined);
      isClosed = true;
      return closing;
    },
  };
}

function inodeFor(disk: SimulatedDisk, path: string, mode: OpenMode): Inode {
  const inode = disk.inode(path);
  if (!mode.startsWith('create')) {
    if (inode === undefined) throw systemError('ENOENT', `open ${path}`);
    return inode;
  }
  mayFail(disk, disk.faults.failedEntry, `create ${path}`);
  if (inode !== undefined) throw systemError('EEXIST', `open ${path}`);
  const created = new Inode();
  disk.link(path, created);
  return created;
}

function write(disk: SimulatedDisk, inode: Inode, bytes: Uint8Array, position: number): number {
  mayFail(disk, disk.faults.failedWrite, 'write');
  const room = disk.capacityBytes - disk.usedBytes + Math.max(0, inode.size - position);
  if (room <= 0) throw systemError('ENOSPC', 'write');
  const isShort = disk.random() < disk.faults.shortWrite;
  const wanted = isShort ? Math.ceil(disk.random() * bytes.length) : bytes.length;
  const length = Math.min(room, wanted);
  inode.write(bytes.subarray(0, length), position);
  return length;
}

function takeLock(disk: SimulatedDisk, life: Incarnation, path: string): FileLock {
  const holder = disk.locks.get(path);
  if (holder?.isAlive === true) throw new LogLockedError(path, 'another process of the simulation');
  disk.locks.set(path, life);
  return {
    isHeld: () =>
      performCall(
        disk,
        life,
        () => {
          mayLackDescriptor(disk, path);
          return disk.locks.get(path) === life;
        },
        0,
      ),
    release: () =>
      performCall(
        disk,
        life,
        () => {
          if (disk.locks.get(path) === life) disk.locks.delete(path);
        },
        0,
      ),
  };
}

/** Draws only where it may: the cases of other seeds stay what they are. */
function mayLackDescriptor(disk: SimulatedDisk, path: string): void {
  const { noDescriptor } = disk.faults;
  if (noDescriptor > 0 && disk.random() < noDescriptor) throw systemError('EMFILE', `open ${path}`);
}

function mayFail(disk: SimulatedDisk, probability: number, what: string): void {
  if (disk.random() < probability) throw systemError('EIO', what);
}

function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}

function pause(disk: SimulatedDisk, ms: number): Promise<void> {
  return new Promise((resolve) => {
    disk.scheduler.after(ms, resolve);
  });
}

/** Who called has died. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
