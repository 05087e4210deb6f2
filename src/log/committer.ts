/**
 * Makes groups durable, one at a time and in order, whatever the disk does.
 *
 * **Invariants**
 * - A group is durable when `commit` resolves in fsync mode, written when it resolves in interval mode.
 * - After any error of a sync or a write but a full disk, the file is never written to again: what was not durable is
 *   written anew, under a new epoch, into a new segment (after a failed sync the kernel marks pages clean that never reached the
 *   disk; Rebello et al., "Can applications recover from fsync failures?", USENIX ATC 2020).
 * - A full disk is no failure: spares and the reserve are given back, and then it waits. Nothing is dropped.
 * - One commit at a time. In fsync mode it is one call that writes and syncs, or several at the same time for its parts.
 */

import type { Scheduler } from '../time/clock.ts';
import { LogError } from './errors.ts';
import { isNoDescriptor, isNoSpace, writeAll, type FileSystem } from './file-system.ts';
import type { Group, GroupStamp } from './group.ts';
import type { PauseReason } from './log-event.ts';
import type { OpenedFiles } from './open.ts';
import type { LogSettings } from './options.ts';
import { createSegment, type ActiveSegment } from './segment-file.ts';
import { SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment.ts';
import { ThroughWriter } from './through-writer.ts';

/** New segments in a row that may fail before the log gives up: one bad block is survived, a dead disk is not. */
const ATTEMPTS = 3;

/** Groups up to this are written over zeros. */
const SMALL_GROUP_BYTES = 128 * 1024;
const AHEAD_BYTES = 1024 * 1024;

export interface CommitterParts {
  readonly directory: string;
  readonly fileSystem: FileSystem;
  readonly settings: LogSettings;
  readonly files: OpenedFiles;
  readonly scheduler: Scheduler;
  /** Called when the disk is full and nothing is left to give back; resolves when it is worth another try. */
  readonly waitForRoom: (reason: PauseReason) => Promise<void>;
}

export class Committer {
  readonly #parts: CommitterParts;
  #epoch: number;
  #durable: number;
  #active: ActiveSegment | undefined;
  /** Written, or being written, and not synced; in interval mode several. */
  readonly #unsynced: Group[] = [];
  #unsyncedBytes = 0;
  readonly #through: ThroughWriter;

  constructor(parts: CommitterParts) {
    this.#parts = parts;
    this.#epoch = parts.files.epoch;
    this.#durable = parts.files.durable;
    this.#through = new ThroughWriter(parts.fileSystem, parts.scheduler);
  }

  get #isWriteThrough(): boolean {
    return this.#parts.settings.intervalMs === null;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Last sequence that is known durable. */
  get durable(): number {
    return this.#durable;
  }

  /** Whether there is a segment that is written to. */
  get isWriting(): boolean {
    return this.#active !== undefined;
  }

  get unsyncedBytes(): number {
    return this.#unsyncedBytes;
  }

  /**
   * How to stamp a group that begins at `first` and is committed behind one of `bytesAhead`. The epoch is a guess: that it
   * is as large as the one ahead. A wrong one costs `commit` another pass over its records.
   */
  stampFor(first: number, bytesAhead: number): GroupStamp {
    return { epoch: this.#epochBehind(bytesAhead), unsyncedFrom: this.#unsyncedFrom(first) };
  }

  #epochBehind(bytes: number): number {
    const { segmentBytes } = this.#parts.settings;
    const active = this.#active;
    const isRoom = active !== undefined && active.end + bytes <= segmentBytes;
    const end = (isRoom ? active.end : SEGMENT_HEADER_BYTES) + bytes;
    return this.#epoch + (isRoom ? 0 : 1) + (end + bytes <= segmentBytes ? 0 : 1);
  }

  #unsyncedFrom(first: number): number {
    return this.#isWriteThrough ? first : this.#durable + 1;
  }

  async commit(group: Group): Promise<void> {
    const active = this.#active;
    const isRoom = active !== undefined && active.end + group.byteLength <= this.#parts.settings.segmentBytes;
    if (!isRoom) await this.seal();
    this.#unsynced.push(group);
    this.#unsyncedBytes += group.byteLength;
    await this.#write(group);
  }

  /** Resolves when all that was committed is durable. */
  async sync(): Promise<void> {
    if (this.#unsynced.length === 0 || this.#active === undefined) return;
    try {
      await this.#active.file.sync();
      this.#allDurable();
    } catch (error) {
      await this.#abandon(error);
    }
  }

  /** Ends the active segment, so that it can be removed; the next group begins another. */
  async seal(): Promise<void> {
    await this.sync();
    const active = this.#active;
    if (active === undefined) return;
    this.#active = undefined;
    await active.file.close();
    active.segment.isReusable = true;
  }

  async #write(group: Group): Promise<void> {
    const active = this.#active;
    if (active === undefined) return this.#begin();
    group.restamp(this.#stamp(group));
    const bytes = group.bytesAt(active.end);
    for (let zeros = this.#zerosBehind(active, group); ;) {
      try {
        await this.#writeTo(active, followedByZeros(bytes, zeros), group.isLarge);
        active.allocated = Math.max(active.allocated, active.end + bytes.length + zeros);
        this.#written(active, group, bytes.length);
        return;
      } catch (error) {
        if (!isNoSpace(error)) return this.#abandon(error);
        if (zeros > 0) zeros = 0;
        else await this.#makeRoom();
      }
    }
  }

  #writeTo({ file, end }: ActiveSegment, bytes: Uint8Array, isLarge: boolean): Promise<void> {
    if (!this.#isWriteThrough) return writeAll(file, bytes, end);
    return this.#through.write(file, bytes, end, isLarge);
  }

  /**
   * Zeros are written ahead of small groups: overwriting takes a third of the time of a sync that makes a file longer, and
   * far less while others sync too. Large groups gain nothing that writing twice as much would not cost.
   */
  #zerosBehind({ end, allocated }: ActiveSegment, { byteLength, isLarge }: Group): number {
    const after = end + byteLength;
    if (isLarge || byteLength > SMALL_GROUP_BYTES || after <= allocated) return 0;
    return Math.max(0, Math.min(this.#parts.settings.segmentBytes - after, AHEAD_BYTES));
  }

  #written(active: ActiveSegment, group: Group, byteLength: number): void {
    this.#parts.files.segments.written(active.segment, group.first, active.end);
    active.end += byteLength;
    active.segment.last = group.last;
    active.segment.end = active.end;
    if (this.#isWriteThrough) this.#allDurable();
  }

  /** The segment failed: leaves it as it is. */
  async #abandon(cause: unknown): Promise<void> {
    const active = this.#active;
    this.#active = undefined;
    if (active !== undefined) {
      active.segment.last = this.#durable;
      active.segment.end = active.durableEnd;
      this.#parts.settings.onEvent({ kind: 'segment-abandoned', segment: active.segment.name, cause });
      await active.file.close().catch(() => undefined);
    }
    await this.#begin();
  }

  /** A new segment with all that is not durable; it is once this resolves. */
  async #begin(): Promise<void> {
    for (let failures = 0; ;) {
      try {
        await this.#checkLock();
        this.#active = await this.#create(failures === 0 ? this.#parts.files.spares.take() : undefined);
        this.#allDurable();
        return;
      } catch (error) {
        if (error instanceof LogError) throw error;
        if (isNoSpace(error)) await this.#makeRoom();
        else if (isNoDescriptor(error)) await this.#parts.waitForRoom('too-many-files');
        else if (++failures >= ATTEMPTS) throw this.#failure('its files cannot be written', error);
      }
    }
  }

  async #checkLock(): Promise<void> {
    if (!(await this.#parts.files.lock.isHeld())) throw this.#failure('another process has taken the lock');
  }

  async #create(spare: string | undefined): Promise<ActiveSegment> {
    const { fileSystem, directory, files } = this.#parts;
    this.#nextEpoch();
    const active = await createSegment(fileSystem, directory, {
      header: this.#header(),
      groups: this.#unsynced,
      through: this.#isWriteThrough ? this.#through : undefined,
      spare,
    });
    active.segment.end = active.end;
    active.segment.last = this.#unsynced.at(-1)?.last ?? active.segment.last;
    files.segments.add(active.segment);
    return active;
  }

  /** Each segment has an epoch of its own: whatever is left of a failed try can then never be taken for part of it. */
  #nextEpoch(): void {
    this.#epoch += 1;
    for (const group of this.#unsynced) group.restamp(this.#stamp(group));
  }

  #stamp({ first }: Group): GroupStamp {
    return { epoch: this.#epoch, unsyncedFrom: this.#unsyncedFrom(first) };
  }

  #header(): SegmentHeader {
    const before = this.#parts.files.segments.newestWithRecords;
    return {
      epoch: this.#epoch,
      first: this.#unsynced[0]?.first ?? this.#durable + 1,
      follows: before?.last ?? this.#parts.files.segments.floor,
      followsFirst: before?.first ?? 0,
      followsBytes: before?.end ?? 0,
      bornWith: this.#unsynced.at(-1)?.last ?? this.#durable,
      createdAt: this.#parts.scheduler.wall(),
    };
  }

  #allDurable(): void {
    this.#durable = this.#unsynced.at(-1)?.last ?? this.#durable;
    if (this.#active !== undefined) this.#active.durableEnd = this.#active.end;
    this.#unsynced.length = 0;
    this.#unsyncedBytes = 0;
  }

  async #makeRoom(): Promise<void> {
    const { spares, reserve } = this.#parts.files;
    if ((await spares.release()) || (await reserve.release())) return;
    await this.#parts.waitForRoom('disk-full');
  }

  #failure(problem: string, cause?: unknown): LogError {
    return new LogError(this.#parts.directory, problem, cause);
  }

  /** Where the durable records end, for the ledger. */
  get position(): { readonly segmentFirst: number; readonly segmentEpoch: number; readonly offset: number } {
    const last = this.#parts.files.segments.at(-1);
    const offset = this.#active?.durableEnd ?? last?.end ?? 0;
    return { segmentFirst: last?.first ?? 0, segmentEpoch: last?.epoch ?? 0, offset };
  }

  async close(): Promise<void> {
    await this.#active?.file.close();
    this.#active = undefined;
  }
}

function followedByZeros(bytes: Uint8Array, zeros: number): Uint8Array {
  if (zeros === 0) return bytes;
  const all = new Uint8Array(bytes.length + zeros);
  all.set(bytes);
  return all;
}
