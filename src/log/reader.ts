/** Reads records in order, from any that is still there, and on to those that are yet to come. */

import { checkSegment } from './check.ts';
import type { Damage } from './damage.ts';
import { LogDamagedError, LogError } from './errors.ts';
import { isNoDescriptor, type FileSystem, type OpenFile } from './file-system.ts';
import type { RecordBatch } from './record-batch.ts';
import { RecordScanner } from './scan.ts';
import type { Segment } from './segment.ts';
import { placeBefore, type SegmentList } from './segment-list.ts';
import type { Signal } from './signal.ts';

export interface ReadOptions {
  /** First sequence wanted. Default: the one after what is acknowledged. */
  readonly from?: number;
  /** Wait for what is appended later, until the log is closed. Default true. */
  readonly follow?: boolean;
}

/** What a reader sees of an open log. */
export interface ReadableLog {
  readonly directory: string;
  readonly fileSystem: FileSystem;
  readonly segments: SegmentList;
  readonly losses: readonly Damage[];
  readonly progress: Progress;
  /** Waits a while, for a file to read from when too many are open. None: that is an error. */
  readonly pause?: () => Promise<void>;
}

/** How far the writer is. */
export interface Progress {
  /** Last sequence that may be read. */
  readonly committed: number;
  /** Notified when any of this changes. */
  readonly changed: Signal;
  readonly isClosed: boolean;
  /** Why it can write no more. */
  readonly failure: Error | undefined;
}

export async function* readRecords(log: ReadableLog, from: number, isFollowing: boolean): AsyncGenerator<RecordBatch> {
  const { progress } = log;
  let next = from;
  let cursor: Cursor | undefined;
  try {
    for (;;) {
      const segment = next <= progress.committed ? log.segments.find(next) : undefined;
      if (segment === undefined) {
        const lost = lostAt(log.losses, next);
        if (lost !== undefined) {
          next = lost.last + 1;
          continue;
        }
        if (progress.failure !== undefined) throw progress.failure;
        if (progress.isClosed || (!isFollowing && next > progress.committed)) return;
        await progress.changed.wait();
        continue;
      }
      if (next <= log.segments.floor) throw removed(log, next, log.segments.floor);
      if (cursor?.segment !== segment) {
        await cursor?.file.close();
        cursor = undefined;
        cursor = await cursorAt(log, segment, next);
        if (cursor === undefined) continue;
      }
      const batch = await nextBatch(log, cursor);
      if (batch !== undefined && batch.last >= next) yield batch.from(Math.max(next, batch.first));
      next = Math.max(next, cursor.scanner.sequence);
    }
  } finally {
    await cursor?.file.close();
  }
}

/** The accepted loss of whatever held a sequence, when nothing in that file follows it. */
function lostAt(losses: readonly Damage[], sequence: number): Damage | undefined {
  return losses.find(({ first, last, resumesAt }) => resumesAt === null && first <= sequence && sequence <= last);
}

interface Cursor {
  readonly segment: Segment;
  readonly file: OpenFile;
  readonly scanner: RecordScanner;
}

/** @returns undefined when it is to be tried again */
async function cursorAt(log: ReadableLog, segment: Segment, wanted: number): Promise<Cursor | undefined> {
  const from = Math.max(wanted, segment.first); // what lies between two segments is known to be lost
  try {
    const file = await log.fileSystem.open(`${log.directory}/${segment.name}`, 'read');
    const scanner = new RecordScanner(file, { ...placeBefore(segment, from), epoch: segment.epoch });
    return { segment, file, scanner };
  } catch (error) {
    if (wanted <= log.segments.floor) throw removed(log, wanted, log.segments.floor);
    if (!isNoDescriptor(error) || log.pause === undefined || log.progress.isClosed) throw error;
    await log.pause();
    return undefined;
  }
}

/** @returns undefined when it has passed over an accepted loss */
async function nextBatch(log: ReadableLog, { segment, file, scanner }: Cursor): Promise<RecordBatch | undefined> {
  const last = Math.min(segment.last, log.progress.committed);
  const from = { offset: scanner.offset, sequence: scanner.sequence };
  const scanned = await scanner.next(last, segment.end ?? Infinity);
  if (scanned.kind === 'records') return scanned.batch;
  const loss = log.losses.find((one) => one.segment === segment.name && one.first === from.sequence);
  if (loss !== undefined && loss.resumesAt !== null) {
    scanner.moveTo({ offset: loss.resumesAt, sequence: loss.last + 1 });
    return undefined;
  }
  const { holes } = await checkSegment(file, segment, { from, last });
  if (!(await isThere(log, segment))) throw removed(log, from.sequence, segment.last);
  throw new LogDamagedError(log.directory, holes);
}

/** Whether the file is still this segment's: once it has lost its name, another one may be written over it. */
async function isThere({ fileSystem, directory }: ReadableLog, { name }: Segment): Promise<boolean> {
  return (await fileSystem.list(directory)).includes(name);
}

function removed({ directory }: ReadableLog, first: number, last: number): LogError {
  return new LogError(directory, `records ${first} to ${last} were removed before they were read`);
}
