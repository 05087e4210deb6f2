/** The one loop that writes: commits what has arrived, syncs, trims, waits for room; one thing at a time. */

import type { Scheduler, Timer } from '../time/clock.ts';
import { Appender } from './appender.ts';
import { Committer } from './committer.ts';
import { LogError } from './errors.ts';
import { isNoSpace, type FileSystem } from './file-system.ts';
import { groupMemory } from './group.ts';
import { removeSegments, type OpenedFiles } from './open.ts';
import type { PauseReason } from './log-event.ts';
import type { LogSettings } from './options.ts';
import type { Progress } from './reader.ts';
import { Signal } from './signal.ts';
import type { LogStats } from './stats.ts';
import { Upkeep } from './upkeep.ts';

/** How often a full disk is looked at again. */
const ROOM_CHECK_MS = 1000;
/** Acknowledgements and durable positions are written to the ledger at most this late. */
const LEDGER_MS = 1000;
/**
 * New bytes after which the ledger notes what is durable. Opening reads at most about twice that, some 50 ms; each note
 * is a sync beside those of the commits.
 */
const LEDGER_BYTES = 16 * 1024 * 1024;
/** In interval mode: what may wait for its sync in memory. */
const UNSYNCED_BYTES = 8 * 1024 * 1024;

export class Writer implements Progress {
  readonly changed: Signal = new Signal();
  readonly #directory: string;
  readonly #settings: LogSettings;
  readonly #files: OpenedFiles;
  readonly #fileSystem: FileSystem;
  readonly #scheduler: Scheduler;
  readonly #committer: Committer;
  readonly #upkeep: Upkeep;
  readonly #appender: Appender;
  /** There is something to do. */
  readonly #work = new Signal();
  /** There may be room again. */
  readonly #room = new Signal();
  readonly #alarms = new Set<Timer>();
  #paused = false;
  #committed: number;
  #bytesSinceLedger = 0;
  #isLedgerArmed = false;
  #isSyncArmed = false;
  #isSyncDue = false;
  #isExpiryDue = false;
  #isClosing = false;
  #isClosed = false;
  #failure: Error | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(
    directory: string,
    settings: LogSettings,
    files: OpenedFiles,
    { fileSystem, scheduler }: { readonly fileSystem: FileSystem; readonly scheduler: Scheduler },
  ) {
    this.#directory = directory;
    this.#settings = settings;
    this.#files = files;
    this.#fileSystem = fileSystem;
    this.#scheduler = scheduler;
    const wall = (): number => scheduler.wall();
    this.#committer = new Committer({
      directory,
      settings,
      fileSystem,
      files,
      scheduler,
      waitForRoom: (reason) => this.#waitForRoom(reason),
    });
    this.#upkeep = new Upkeep({ directory, fileSystem, settings, files, committer: this.#committer, wall });
    this.#committed = files.tail?.last ?? files.durable;
    this.#appender = new Appender(this.#committed + 1, {
      groupBytes: settings.groupBytes,
      memory: groupMemory(fileSystem, settings.intervalMs === null),
      stampFor: (first, bytesAhead) => this.#committer.stampFor(first, bytesAhead),
    });
  }

  get committed(): number {
    return this.#committed;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  get stats(): LogStats {
    const { segments } = this.#files;
    return {
      state: this.#failure !== undefined ? 'failed' : this.#isClosing ? 'closed' : this.#paused ? 'paused' : 'open',
      first: segments.floor + 1,
      last: this.#committed,
      durable: this.#committer.durable,
      acknowledged: this.#upkeep.acknowledged,
      segments: segments.length,
      bytes: segments.byteLength,
      expiredUnacknowledged: this.#upkeep.expiredUnacknowledged,
    };
  }

  /** Brings the files in order and begins to work. */
  async start(): Promise<void> {
    try {
      const { tail, remains, losses } = this.#files;
      if (tail !== undefined) await this.#committer.commit(tail);
      // What the ledger that was found says may not be durable, and a file must not be missing without its word.
      if (await this.#saveFirstLedger()) {
        await removeSegments(this.#fileSystem, this.#directory, remains, losses);
      }
    } catch (error) {
      await this.#files.lock.release();
      throw error;
    }
    this.#armExpiry();
    this.#ended = this.#run();
  }

  /**
   * It syncs the directory too: a kill may have left a segment whose name a power loss would still take.
   * @returns false on a full disk: it comes later, a ledger may be late
   */
  async #saveFirstLedger(): Promise<boolean> {
    try {
      await this.#upkeep.saveLedger();
      return true;
    } catch (cause) {
      if (!isNoSpace(cause)) throw cause;
      await this.#fileSystem.syncDirectory(this.#directory);
      this.#settings.onEvent({ kind: 'upkeep-failed', cause });
      return false;
    }
  }

  append(payloads: readonly Uint8Array[]): Promise<number> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#isClosing) return Promise.reject(new LogError(this.#directory, 'it is closed'));
    const appended = this.#appender.append(payloads);
    this.#work.notify();
    return appended;
  }

  acknowledge(sequence: number): void {
    this.#upkeep.acknowledge(sequence);
    this.#armLedger();
    if (this.#upkeep.isTrimDue) this.#work.notify();
    this.#room.notify();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#work.notify();
    this.#room.notify();
    await this.#ended;
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        if (this.#appender.hasWork) await this.#commitNext();
        if (this.#isSyncDue) await this.#sync();
        if (this.#upkeep.isTrimDue || this.#isExpiryDue) await this.#tidy();
        if (this.#appender.hasWork) continue;
        if (this.#isClosing) break;
        await this.#work.wait();
      }
      await this.#committer.sync();
      await this.#upkeep.saveLedger();
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#appender.fail(this.#failure);
    }
    await this.#end();
  }

  async #commitNext(): Promise<void> {
    await this.#admit();
    const group = this.#appender.take();
    const committing = this.#committer.commit(group);
    this.#appender.admit(); // while the disk works: encoding takes as long as it
    try {
      await committing;
    } catch (error) {
      group.settle(error as Error);
      throw error;
    }
    this.#resume();
    const isSynced = this.#settings.intervalMs === null;
    this.#bytesSinceLedger += group.byteLength;
    this.#committed = group.last;
    this.#appender.recycle(group.giveBuffer(!isSynced));
    group.settle();
    this.changed.notify();
    if (!isSynced) this.#armSync();
    if (this.#bytesSinceLedger >= LEDGER_BYTES) this.#noteInLedger();
    else this.#armLedger();
  }

  /** Waits until there is room for another group, on the disk and in the log. */
  async #admit(): Promise<void> {
    const { reserve, spares } = this.#files;
    while (!(await reserve.hold())) if (!(await spares.release())) await this.#waitForRoom('disk-full');
    while (!(await this.#upkeep.makeRoom())) await this.#waitForRoom('log-full');
    this.#resume();
  }

  /** There is room: whoever looks at the state before appending must not be the one who is waited for. */
  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#settings.onEvent({ kind: 'resumed' });
  }

  async #waitForRoom(reason: PauseReason): Promise<void> {
    if (this.#isClosing) {
      throw new LogError(
        this.#directory,
        `it was closed while appends waited for room (${reason}): they were not written`,
      );
    }
    if (!this.#paused) this.#settings.onEvent({ kind: 'paused', reason });
    this.#paused = true;
    const alarm = this.#after(ROOM_CHECK_MS, () => this.#room.notify());
    await this.#room.wait();
    alarm.cancel();
    if (this.#upkeep.isTrimDue) await this.#trim();
  }

  async #sync(): Promise<void> {
    this.#isSyncDue = false;
    await this.#committer.sync();
  }

  async #tidy(): Promise<void> {
    if (this.#isExpiryDue) await this.#upkept(this.#upkeep.expire());
    this.#isExpiryDue = false;
    await this.#trim();
  }

  /** Leaves the segment that is written to as it is: it may be in the middle of a commit. */
  #trim(): Promise<void> {
    return this.#upkept(this.#upkeep.trim());
  }

  async #upkept(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (cause) {
      this.#settings.onEvent({ kind: 'upkeep-failed', cause });
    }
  }

  async #end(): Promise<void> {
    for (const alarm of this.#alarms) alarm.cancel();
    this.#isClosed = true;
    this.changed.notify();
    await this.#committer.close().catch(() => undefined);
    await this.#files.ledger.close().catch(() => undefined);
    await this.#files.spares.release().catch(() => undefined);
    await this.#files.lock.release();
  }

  #armSync(): void {
    if (this.#committer.unsyncedBytes >= UNSYNCED_BYTES) this.#isSyncDue = true;
    if (this.#isSyncArmed) return;
    this.#isSyncArmed = true;
    this.#after(this.#settings.intervalMs ?? 0, () => {
      this.#isSyncArmed = false;
      this.#isSyncDue = true;
      this.#work.notify();
    });
  }

  #armLedger(): void {
    if (this.#isLedgerArmed) return;
    this.#isLedgerArmed = true;
    this.#after(LEDGER_MS, () => {
      this.#isLedgerArmed = false;
      this.#noteInLedger();
    });
  }

  /** Beside the commits: what the entry says is true already. */
  #noteInLedger(): void {
    this.#bytesSinceLedger = 0;
    this.#upkeep.saveLedger().catch((cause: unknown) => this.#settings.onEvent({ kind: 'upkeep-failed', cause }));
  }

  #armExpiry(): void {
    const { maxAgeMs } = this.#settings;
    if (maxAgeMs === Infinity) return;
    this.#after(maxAgeMs / 4, () => {
      this.#isExpiryDue = true;
      this.#work.notify();
      this.#armExpiry();
    });
  }

  #after(delayMs: number, task: () => void): Timer {
    const alarm = this.#scheduler.after(delayMs, () => {
      this.#alarms.delete(alarm);
      if (!this.#isClosed) task();
    });
    this.#alarms.add(alarm);
    return alarm;
  }
}
