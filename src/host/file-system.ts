/** The operating system's files behind the log's contract. Calls run in Node's thread pool, four at a time by default. */

import fs from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { blockMemory, DirectWriter } from './direct-writer.ts';
import type { FileSystem, OpenFile, OpenMode } from '../log/file-system.ts';
import { lockFile } from './file-lock.ts';

/** Files of a log are for its user alone: they hold events. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const WRITABLE_BY_ALL = 0o002;
const STICKY = 0o1000;

/** Parts of a large write are no smaller: smaller ones gain nothing (`npm run bench:log`, in turns). */
const PART_BYTES = 1024 * 1024;

/** A page, and what any disk takes for whole blocks. */
const BLOCK_BYTES = 4096;
/** Smaller ones overwrite zeros through the cache (committer.ts), which takes as long. */
const DIRECT_BYTES = 128 * 1024;

/** Write and sync in one call, so in one hop to the thread pool. macOS has the flag too, but takes it less seriously. */
const DSYNC = process.platform === 'linux' ? fs.constants.O_DSYNC : 0;
const CREATE = fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_RDWR;
const FLAGS: Readonly<Record<OpenMode, number>> = {
  create: CREATE,
  'create-through': CREATE | DSYNC,
  update: fs.constants.O_RDWR,
  'update-through': fs.constants.O_RDWR | DSYNC,
  read: fs.constants.O_RDONLY,
};

export function systemFileSystem(): FileSystem {
  return {
    partBytes: PART_BYTES,
    blockBytes: BLOCK_BYTES,
    directBytes: DIRECT_BYTES,
    blockMemory,
    makeDirectory: async (path) => {
      await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
      await notForAll(path);
    },
    list: (directory) => readdir(directory),
    open: openFile,
    rename,
    remove: (path) => rm(path, { force: true }),
    syncDirectory,
    lock: lockFile,
  };
}

/**
 * @throws an error with the code EPERM where anybody may write there, or may put another directory in its place: what is in it
 *   could be anybody's. In a sticky directory (/tmp) everybody has their own
 */
async function notForAll(path: string): Promise<void> {
  if (process.platform === 'win32') return; // modes say nothing there
  const parent = dirname(resolve(path));
  const [own, above] = [(await stat(path)).mode, (await stat(parent)).mode];
  const isReplaceable = (above & WRITABLE_BY_ALL) !== 0 && (above & STICKY) === 0;
  if ((own & WRITABLE_BY_ALL) === 0 && !isReplaceable) return;
  const open = isReplaceable ? parent : path;
  const fix = `everybody may write to ${open}: take that away (chmod o-w), or name a directory within it`;
  throw Object.assign(new Error(fix), { code: 'EPERM' });
}

/** Callbacks with descriptors: a file handle of `fs/promises` costs twice as much per call. */
async function openFile(path: string, mode: OpenMode): Promise<OpenFile> {
  const fd = await new Promise<number>((resolve, reject) => {
    fs.open(path, FLAGS[mode], FILE_MODE, settle(resolve, reject));
  });
  const sync = (): Promise<void> =>
    new Promise((resolve, reject) => {
      fs.fdatasync(fd, settle(resolve, reject));
    });
  const write = (bytes: Uint8Array, position: number): Promise<number> =>
    new Promise((resolve, reject) => {
      fs.write(fd, bytes, 0, bytes.length, position, settle(resolve, reject));
    });
  const writeAndSync = async (bytes: Uint8Array, position: number): Promise<number> => {
    const written = await write(bytes, position);
    await sync();
    return written;
  };
  const writeThrough = mode.endsWith('-through') && DSYNC === 0 ? writeAndSync : write;
  const direct = new DirectWriter(fd);
  return {
    write: writeThrough,
    writeBlocks: async (bytes, position) => (await direct.write(bytes, position)) ?? writeThrough(bytes, position),
    read: async (into, position) => {
      let done = 0;
      while (done < into.length) {
        const length = await readSome(fd, into, done, position + done);
        if (length === 0) break;
        done += length;
      }
      return done;
    },
    size: () =>
      new Promise((resolve, reject) => {
        fs.fstat(
          fd,
          settle(({ size }: fs.Stats) => resolve(size), reject),
        );
      }),
    sync,
    close: async () => {
      await direct.close();
      await closeFile(fd);
    },
  };
}

function closeFile(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.close(fd, settle(resolve, reject));
  });
}

function readSome(fd: number, into: Uint8Array, at: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, into, at, into.length - at, position, settle(resolve, reject));
  });
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return; // directories cannot be synced there, and entries need it not
  const fd = await new Promise<number>((resolve, reject) => {
    fs.open(path, 'r', settle(resolve, reject));
  });
  try {
    await new Promise<void>((resolve, reject) => {
      fs.fsync(fd, settle(resolve, reject));
    });
  } finally {
    fs.closeSync(fd);
  }
}

type Done<T> = (error: Error | null, value: T) => void;

function settle<T>(resolve: (value: T) => void, reject: (error: Error) => void): Done<T> {
  return (error, value) => {
    if (error === null) resolve(value);
    else reject(error);
  };
}
