/**
 * What lies in the directory of a log, from the headers alone: cheap (one small read per segment), changes nothing.
 */

import type { Damage } from './damage.ts';
import { readBytes, type FileSystem, type OpenFile } from './file-system.ts';
import { readLedger, type LedgerFound } from './ledger.ts';
import { readLosses } from './losses.ts';
import { decodeHeader, newSegment, parseSegmentName, SEGMENT_HEADER_BYTES, type Segment } from './segment.ts';
import { RecordScanner } from './scan.ts';

export interface Survey {
  /** Oldest first. `last` and `end` of all but the newest are known; those of the newest are not looked for. */
  readonly segments: readonly Segment[];
  readonly sizes: ReadonlyMap<string, number>;
  /** Written by a writer that had lost its lock. */
  readonly stale: readonly Segment[];
  /** All of what they held was written anew elsewhere, or is done with. */
  readonly superseded: readonly Segment[];
  /** Without a readable header or first record, also where their loss was accepted. */
  readonly unreadable: readonly string[];
  /** Drafts that a crash has left. */
  readonly leftovers: readonly string[];
  /** Segments that are missing or have no readable header. */
  readonly damages: readonly Damage[];
  readonly losses: readonly Damage[];
  readonly ledger: LedgerFound;
}

export async function survey(fileSystem: FileSystem, directory: string): Promise<Survey> {
  const names = (await fileSystem.list(directory)).sort();
  const ledger = await readLedger(fileSystem, directory);
  const losses = await readLosses(fileSystem, directory);
  const files = await readHeaders(fileSystem, directory, names);
  const { current, stale } = splitByEpoch(files.flatMap(({ segment }) => segment ?? []));
  const { segments: linked, superseded } = endWhereNextBegins(current);
  const done = linked.slice(0, -1).filter(({ last }) => last <= ledger.entry.trimmed);
  const segments = linked.filter((segment) => !done.includes(segment));
  const unreadable = files.filter(({ segment }) => segment === undefined);
  const damages = [
    ...unreadable.map((file) => unreadableDamage(file, segments, ledger.entry.durable)),
    ...missing(segments, ledger),
  ].filter((damage) => !isAccepted(damage, losses));
  for (const segment of segments) clip(segment, [...losses, ...damages]);
  return {
    segments,
    sizes: new Map(files.map(({ name, bytes }) => [name, bytes])),
    stale,
    superseded: [...superseded, ...done],
    unreadable: unreadable.map(({ name }) => name),
    leftovers: names.filter((name) => name.endsWith('.tmp')),
    damages,
    losses,
    // A log that has segments had a ledger once.
    ledger: ledger.state === 'new' && files.length > 0 ? { ...ledger, state: 'lost' } : ledger,
  };
}

/** Files open at a time. */
const READ_AT_ONCE = 16;

interface SegmentFile {
  readonly name: string;
  readonly bytes: number;
  /** Undefined when the header cannot be read. */
  readonly segment: Segment | undefined;
  readonly reason: string;
}

async function readHeaders(
  fileSystem: FileSystem,
  directory: string,
  names: readonly string[],
): Promise<SegmentFile[]> {
  const files: SegmentFile[] = [];
  const segments = names.filter((name) => parseSegmentName(name) !== undefined);
  for (let i = 0; i < segments.length; i += READ_AT_ONCE) {
    const some = segments.slice(i, i + READ_AT_ONCE);
    files.push(...(await Promise.all(some.map((name) => readSegmentFile(fileSystem, directory, name)))));
  }
  return files;
}

async function readSegmentFile(fileSystem: FileSystem, directory: string, name: string): Promise<SegmentFile> {
  const file = await fileSystem.open(`${directory}/${name}`, 'read');
  try {
    return await readSegmentHeader(file, name, parseSegmentName(name) ?? { first: 0, epoch: 0 });
  } finally {
    await file.close();
  }
}

async function readSegmentHeader(
  file: OpenFile,
  name: string,
  named: { readonly first: number; readonly epoch: number },
): Promise<SegmentFile> {
  const bytes = await file.size();
  const header = decodeHeader(await readBytes(file, 0, SEGMENT_HEADER_BYTES));
  if (typeof header === 'string') {
    const isReadable = await beginsWithRecord(file, named);
    return { name, bytes, segment: isReadable ? headless(named) : undefined, reason: header };
  }
  const isNamedSo = header.first === named.first && header.epoch === named.epoch;
  return {
    name,
    bytes,
    segment: isNamedSo ? newSegment(header) : undefined,
    reason: 'its header belongs to another name',
  };
}

async function beginsWithRecord(file: OpenFile, { first, epoch }: { first: number; epoch: number }): Promise<boolean> {
  const scanner = new RecordScanner(file, { offset: SEGMENT_HEADER_BYTES, sequence: first, epoch });
  return (await scanner.next(first)).kind === 'records';
}

/** The name says all that is needed to read a segment whose header is damaged and whose records are not. */
function headless({ first, epoch }: { readonly first: number; readonly epoch: number }): Segment {
  return newSegment({
    first,
    epoch,
    follows: first - 1,
    followsFirst: NaN,
    followsBytes: 0,
    bornWith: first - 1,
    createdAt: NaN,
  });
}

/** By sequence, and epochs never fall: one that does was written by somebody who was no longer the writer. */
function splitByEpoch(segments: readonly Segment[]): { current: Segment[]; stale: Segment[] } {
  const current: Segment[] = [];
  const stale: Segment[] = [];
  let epoch = 0;
  for (const segment of segments) {
    if (segment.epoch < epoch) stale.push(segment);
    else current.push(segment);
    epoch = Math.max(epoch, segment.epoch);
  }
  return { current, stale };
}

function endWhereNextBegins(current: readonly Segment[]): { segments: Segment[]; superseded: Segment[] } {
  const segments: Segment[] = [];
  const superseded: Segment[] = [];
  for (const segment of current.toReversed()) {
    const next = segments[0];
    if (next !== undefined && next.follows < segment.first) {
      superseded.push(segment);
      continue;
    }
    if (next !== undefined) {
      segment.last = next.follows;
      segment.end = next.followsBytes;
    }
    segments.unshift(segment);
  }
  return { segments, superseded };
}

function unreadableDamage({ name, reason }: SegmentFile, segments: readonly Segment[], durable: number): Damage {
  const first = parseSegmentName(name)?.first ?? 0;
  const next = segments.find((segment) => segment.first > first);
  return {
    segment: name,
    offset: 0,
    first,
    last: Math.max(first, next?.follows ?? durable),
    resumesAt: null,
    reason,
  };
}

/** Each segment names the one before it, and the ledger knows where the first one begins. */
function missing(segments: readonly Segment[], { entry, state }: LedgerFound): Damage[] {
  const damages: Damage[] = [];
  const floor = segments[0]?.follows ?? entry.durable;
  if (state === 'read' && floor > entry.trimmed) damages.push(missingDamage(entry.trimmed + 1, floor));
  for (const [i, segment] of segments.entries()) {
    const before = segments[i - 1];
    if (before === undefined || Number.isNaN(segment.followsFirst) || segment.followsFirst <= before.first) continue;
    damages.push(missingDamage(segment.followsFirst, segment.follows));
  }
  return damages;
}

function missingDamage(first: number, last: number): Damage {
  const segment = `${String(first).padStart(16, '0')}-*.segment`;
  return { segment, offset: 0, first, last, resumesAt: null, reason: 'the segment is missing' };
}

/** What was accepted once is not damage again. */
export function isAccepted(damage: Damage, losses: readonly Damage[]): boolean {
  return losses.some(({ first, last }) => first <= damage.first && damage.last <= last);
}

/** Records at the end of a segment whose loss was accepted are not looked for. */
export function clip(segment: Segment, losses: readonly Damage[]): void {
  const loss = losses.find(({ first, last }) => first <= segment.last && segment.last <= last);
  if (loss === undefined || segment.last < segment.first) return;
  segment.last = Math.max(segment.first - 1, loss.first - 1);
  segment.end = null;
}
