/** Looks at a log without opening it: takes no lock, changes nothing, and may run beside its writer. */

import type { Damage } from './damage.ts';
import type { FileSystem } from './file-system.ts';
import { readRecords } from './reader.ts';
import type { RecordBatch } from './record-batch.ts';
import { checkNewest, checkSealed, type TornTail } from './recover.ts';
import { SegmentList } from './segment-list.ts';
import type { Segment } from './segment.ts';
import { Signal } from './signal.ts';
import { clip, survey, type Survey } from './survey.ts';

export interface LogInspection {
  readonly segments: readonly Segment[];
  /** Bytes of each file, by its name. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Oldest record and newest; `last` is `first - 1` when there is none. */
  readonly first: number;
  readonly last: number;
  readonly acknowledged: number;
  /** What cannot be read and nobody has accepted. */
  readonly damages: readonly Damage[];
  /** What somebody has accepted to be lost. */
  readonly losses: readonly Damage[];
  /** What a crash, or a write that goes on now, has left at the end. */
  readonly torn: TornTail | undefined;
  /** Files of a writer that had lost its lock. */
  readonly stale: readonly string[];
  readonly isLedgerLost: boolean;
  /** Records in order, to the last one. @throws LogDamagedError where one cannot be read */
  read(from: number): AsyncGenerator<RecordBatch>;
}

/**
 * @param isThorough - reads every record and checks it (about 0.5 s per GB and core); else headers and the end only
 * @returns undefined when the directory holds no log
 */
export async function inspectLog(
  fileSystem: FileSystem,
  directory: string,
  isThorough: boolean,
): Promise<LogInspection | undefined> {
  const found = await survey(fileSystem, directory);
  if (found.sizes.size === 0 && found.ledger.state === 'new') return undefined;
  const newest = await checkNewest(fileSystem, directory, found, isThorough);
  const sealed = await checkSealed(fileSystem, directory, found, isThorough);
  const damages = await stillThere(fileSystem, directory, found, [...found.damages, ...sealed, ...newest.damages]);
  const last = newest.tail === undefined ? newest.durable : newest.tail.first + newest.tail.count - 1;
  const segment = found.segments.at(-1);
  if (segment !== undefined) {
    segment.last = last;
    clip(segment, [...found.losses, ...damages]);
  }
  const segments = new SegmentList(found.segments, found.segments[0]?.follows ?? last);
  const progress = { committed: last, changed: new Signal(), isClosed: true, failure: undefined };
  return {
    segments: found.segments,
    sizes: found.sizes,
    first: segments.floor + 1,
    last,
    acknowledged: Math.max(found.ledger.entry.acknowledged, segments.floor),
    damages,
    losses: found.losses,
    torn: newest.torn,
    stale: found.stale.map(({ name }) => name),
    isLedgerLost: found.ledger.state === 'lost',
    read: (from) => readRecords({ directory, fileSystem, segments, losses: found.losses, progress }, from, false),
  };
}

/** Without those of files that the writer has removed meanwhile: it may have written another segment over them. */
async function stillThere(
  fileSystem: FileSystem,
  directory: string,
  { sizes }: Survey,
  damages: readonly Damage[],
): Promise<readonly Damage[]> {
  if (damages.length === 0) return damages;
  const now = await fileSystem.list(directory);
  return damages.filter(({ segment }) => !sizes.has(segment) || now.includes(segment));
}
