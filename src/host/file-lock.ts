/**
 * A lock file that says which process holds it: by its number and by when it started, since numbers are used again.
 *
 * One whose process has ended, or whose thread within this process has, is stale, and is taken over. The file system's own exclusive creation decides who wins.
 * A lock of another machine, on a shared file system, is never judged: it counts as held.
 */

import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';

import { LogLockedError } from '../log/errors.ts';
import { systemCode, type FileLock } from '../log/file-system.ts';
import { hasEnded } from './ended-threads.ts';

interface Holder {
  readonly pid: number;
  /** As the operating system counts it; null where it does not tell. */
  readonly startedAt: string | null;
  readonly host: string;
  readonly thread: number;
  /** Tells two locks of one process apart. */
  readonly token: string;
}

/** Takeovers of stale locks that others may win before we give up. */
const ATTEMPTS = 5;

let taken = 0;

/** @throws LogLockedError when a living process holds it */
export async function lockFile(path: string): Promise<FileLock> {
  const holder: Holder = {
    pid: process.pid,
    startedAt: startOf(process.pid),
    host: hostname(),
    thread: threadId,
    token: `${process.pid}-${taken++}-${process.hrtime.bigint()}`,
  };
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (await created(path, holder)) return heldLock(path, holder);
    const other = await holderOf(path);
    if (other !== undefined && isAlive(other)) throw new LogLockedError(path, describe(other));
    await removeStale(path, other, holder);
  }
  throw new LogLockedError(path, 'others who want it too');
}

/** Written in full first, then linked: nobody ever reads half a lock. */
async function created(path: string, holder: Holder): Promise<boolean> {
  const draft = `${path}.${holder.token}`;
  await writeFile(draft, JSON.stringify(holder), { mode: 0o600 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    return false;
  } finally {
    await rm(draft, { force: true });
  }
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch (error) {
    // Gone, or not ours: nobody writes half a lock. One that cannot be read for now may well be held.
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Moves it aside; when it turns out that another process has taken over meanwhile, gives that one its lock back. */
async function removeStale(path: string, stale: Holder | undefined, { token }: Holder): Promise<void> {
  const aside = `${path}.${token}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  const moved = await holderOf(aside);
  if (moved?.token !== stale?.token) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function heldLock(path: string, { token }: Holder): FileLock {
  const isHeld = async (): Promise<boolean> => (await holderOf(path))?.token === token;
  return {
    isHeld,
    release: async () => {
      if (await isHeld().catch(() => false)) await rm(path, { force: true });
    },
  };
}

function isAlive({ pid, startedAt, host, thread }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
  }
  const started = startOf(pid);
  if (startedAt !== null && started !== null && started !== startedAt) return false;
  return pid !== process.pid || !hasEnded(thread);
}

/** Clock ticks between the machine's start and the process's, with the machine's boot: Linux only. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before may hold spaces
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${fields[19] ?? ''}`;
  } catch {
    return null;
  }
}

function describe({ pid, host }: Holder): string {
  return host === hostname() ? `process ${pid}` : `process ${pid} of ${host}`;
}
