/**
 * A disk in virtual time that fails as disks and kernels do. Everything follows from the seed of its random numbers.
 *
 * - A kill keeps the page cache. A power loss keeps what was synced, and of the rest any blocks of 512 bytes, in any
 *   order, some of them torn; files that were created, renamed or removed without a sync of their directory may be as
 *   before.
 * - After a failed sync the pages count as clean.
 * - Calls that were on their way at a crash happened or did not, and are never answered.
 *
 * Source: what to model is from Pillai et al., "All file systems are not created equal" (OSDI 2014), and Rebello et al.,
 * "Can applications recover from fsync failures?" (USENIX ATC 2020).
 */

import type { Random, Scheduler } from '../../time/clock.ts';
import { NO_FAULTS, type StorageFaults } from './faults.ts';
import type { Inode } from './inode.ts';

export type Crash = 'kill' | 'power';

export interface SimulatedDiskOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Default: none. */
  readonly faults?: Partial<StorageFaults>;
  /** Default: unbounded. */
  readonly capacityBytes?: number;
}

/** A change of a directory that no sync has made durable. */
interface EntryChange {
  readonly directory: string;
  readonly path: string;
  readonly inode: Inode | undefined;
  /** A rename is one change: the old name goes with it. */
  readonly gone?: string;
}

/** A machine's life between two crashes. */
export interface Incarnation {
  isAlive: boolean;
}

export class SimulatedDisk {
  readonly scheduler: Scheduler;
  readonly random: Random;
  faults: StorageFaults;
  capacityBytes: number;
  /** Calls so far, of all kinds: where a crash may strike. */
  calls = 0;
  /** Crashes so far. */
  crashes = 0;
  /** Paths of lock files and who holds them. */
  readonly locks: Map<string, Incarnation> = new Map();
  #entries = new Map<string, Inode>();
  #durable = new Map<string, Inode>();
  #changes: EntryChange[] = [];
  #incarnation: Incarnation = { isAlive: true };
  #crashAt = Infinity;
  #crash: Crash = 'kill';

  constructor({ scheduler, random, faults, capacityBytes }: SimulatedDiskOptions) {
    this.scheduler = scheduler;
    this.random = random;
    this.faults = { ...NO_FAULTS, ...faults };
    this.capacityBytes = capacityBytes ?? Infinity;
  }

  /** The life that goes on until the next crash. */
  get incarnation(): Incarnation {
    return this.#incarnation;
  }

  /** Ends all processes; `power`: and empties the page cache. */
  crash(how: Crash): void {
    this.#incarnation.isAlive = false;
    this.#incarnation = { isAlive: true };
    this.#crashAt = Infinity;
    this.crashes += 1;
    if (how === 'power') this.#losePower();
  }

  /** Crashes at the call that comes `calls` after this. */
  crashAfter(calls: number, how: Crash): void {
    this.#crashAt = this.calls + calls;
    this.#crash = how;
  }

  /** Counts a call. @returns false when the crash strikes here */
  countCall(): boolean {
    this.calls += 1;
    if (this.calls < this.#crashAt) return true;
    this.crash(this.#crash);
    return false;
  }

  get usedBytes(): number {
    let sum = 0;
    for (const inode of new Set(this.#entries.values())) sum += inode.size;
    return sum;
  }

  /** Paths of all files, sorted. */
  get paths(): string[] {
    return [...this.#entries.keys()].sort();
  }

  inode(path: string): Inode | undefined {
    return this.#entries.get(path);
  }

  link(path: string, inode: Inode): void {
    this.#change({ directory: parent(path), path, inode });
  }

  unlink(path: string): void {
    if (this.#entries.has(path)) this.#change({ directory: parent(path), path, inode: undefined });
  }

  rename(from: string, to: string): void {
    this.#change({ directory: parent(to), path: to, inode: this.#entries.get(from), gone: from });
  }

  syncDirectory(directory: string): void {
    for (const change of this.#changes) if (change.directory === directory) apply(this.#durable, change);
    this.#changes = this.#changes.filter((change) => change.directory !== directory);
  }

  /** Silent damage at a place of a file. */
  flipBit(path: string, position: number, bit = 0): void {
    this.#entries.get(path)?.flipBit(position, bit);
  }

  #change(change: EntryChange): void {
    apply(this.#entries, change);
    this.#changes.push(change);
  }

  #losePower(): void {
    for (const change of this.#changes) if (this.random() < 0.5) apply(this.#durable, change);
    this.#changes = [];
    this.#entries = new Map(this.#durable);
    for (const inode of new Set(this.#entries.values())) inode.losePower(this.random);
  }
}

function apply(entries: Map<string, Inode>, { path, inode, gone }: EntryChange): void {
  if (inode === undefined) entries.delete(path);
  else entries.set(path, inode);
  if (gone !== undefined) entries.delete(gone);
}

export function parent(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
