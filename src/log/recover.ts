/**
 * Opens what the last writer left, whatever ended it: a close, a kill, a power loss, a failing disk.
 *
 * **Invariants**
 * - Every record that was acknowledged is in the result, or is named by a `Damage`.
 * - What is not proven durable is handed back as `tail`, to be written anew: the pages of a file whose sync failed
 *   look sound until the machine restarts.
 * - Records of a torn tail were never acknowledged, and are the only ones that go without a word.
 */

import { checkSegment, START_OF_SEGMENT, type CheckFrom } from './check.ts';
import type { Damage } from './damage.ts';
import { readBytes, type FileSystem, type OpenFile } from './file-system.ts';
import { unsyncedFromAt } from './record.ts';
import type { Segment } from './segment.ts';
import { isAccepted, type Survey } from './survey.ts';

/**
 * Sound records of the newest segment that are not proven durable. Without a gap: a commit that is written as whole blocks proves
 * the one before, so they are of one commit; and without whole blocks there are no gaps.
 */
export interface Tail {
  readonly first: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

export interface TornTail {
  readonly segment: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface Newest {
  /** Last sequence that is durable in its place, or lost. */
  readonly durable: number;
  /** Where record `durable + 1` begins. */
  readonly end: number;
  readonly tail: Tail | undefined;
  readonly torn: TornTail | undefined;
  readonly damages: readonly Damage[];
}

/** Damage of the segments but the newest. `isThorough`: reads all of them; else only those that are too short. */
export async function checkSealed(
  fileSystem: FileSystem,
  directory: string,
  { segments, sizes, losses }: Survey,
  isThorough: boolean,
): Promise<Damage[]> {
  const damages: Damage[] = [];
  for (const segment of segments.slice(0, -1)) {
    const isTooShort = segment.end !== null && (sizes.get(segment.name) ?? 0) < segment.end;
    if (!isThorough && !isTooShort) continue;
    const { holes } = await opened(fileSystem, `${directory}/${segment.name}`, (file) =>
      checkSegment(file, segment, { from: START_OF_SEGMENT(segment), last: segment.last }),
    );
    damages.push(...holes.filter((hole) => !isAccepted(hole, losses)));
  }
  return damages;
}

/** The end of the log. Reads from where the ledger knows it durable, or all of the segment. */
export async function checkNewest(
  fileSystem: FileSystem,
  directory: string,
  { segments, losses, sizes, ledger }: Survey,
  isThorough: boolean,
): Promise<Newest> {
  const segment = segments.at(-1);
  const { durable, offset, segmentFirst, segmentEpoch } = ledger.entry;
  if (segment === undefined) return { durable, end: 0, tail: undefined, torn: undefined, damages: [] };
  const isKnown = segmentFirst === segment.first && segmentEpoch === segment.epoch;
  const isWhole = offset <= (sizes.get(segment.name) ?? 0);
  const from = isKnown && isWhole && !isThorough ? { offset, sequence: durable + 1 } : START_OF_SEGMENT(segment);
  const newest = await opened(fileSystem, `${directory}/${segment.name}`, (file) =>
    judge(file, segment, from, Math.max(durable, segment.bornWith)),
  );
  return { ...newest, damages: newest.damages.filter((damage) => !isAccepted(damage, losses)) };
}

/** @param known - the last sequence that is known durable before any record was looked at */
async function judge(file: OpenFile, segment: Segment, from: CheckFrom, known: number): Promise<Newest> {
  let unproven: Place[] = [];
  let proven = known;
  const { holes, end } = await checkSegment(file, segment, {
    from,
    last: Infinity,
    visit: ({ view }, starts, at) => {
      proven = Math.max(proven, unsyncedFromAt(view, starts.at(-1) as number) - 1);
      unproven = [...unproven, { at, starts }].filter((place) => place.at.sequence + place.starts.length - 1 > proven);
    },
  });
  const damages = holes
    .filter(({ first }) => first <= proven)
    .map((hole) => (hole.last === Infinity ? { ...hole, last: proven } : hole));
  if (end.sequence <= proven && damages.at(-1)?.last !== proven) damages.push(endsEarly(segment, end, proven));
  const durable = Math.max(proven, damages.at(-1)?.last ?? 0);
  const torn = holes.find(({ first }) => first > proven);
  const stop = torn === undefined ? end : { offset: torn.offset, sequence: torn.first };
  const tailStart = offsetOf(durable + 1, unproven);
  return {
    durable,
    end: tailStart ?? stop.offset,
    tail: tailStart === undefined ? undefined : await tailOf(file, { first: durable + 1, from: tailStart, stop }),
    torn: torn === undefined ? undefined : await tornAt(file, segment, torn.offset),
    damages,
  };
}

/** Where sound records lie: the first one's place, and how far behind it each begins. */
interface Place {
  readonly at: CheckFrom;
  readonly starts: readonly number[];
}

function offsetOf(sequence: number, places: readonly Place[]): number | undefined {
  for (const { at, starts } of places) {
    const start = starts[sequence - at.sequence];
    if (start !== undefined) return at.offset + start;
  }
  return undefined;
}

function endsEarly(segment: Segment, { offset, sequence }: CheckFrom, last: number): Damage {
  const reason = 'its records end before this one';
  return { segment: segment.name, offset, first: sequence, last, resumesAt: null, reason };
}

async function tailOf(
  file: OpenFile,
  { first, from, stop }: { readonly first: number; readonly from: number; readonly stop: CheckFrom },
): Promise<Tail | undefined> {
  const count = stop.sequence - first;
  return count <= 0 ? undefined : { first, count, bytes: await readBytes(file, from, stop.offset) };
}

async function tornAt(file: OpenFile, segment: Segment, offset: number): Promise<TornTail> {
  return { segment: segment.name, offset, bytes: (await file.size()) - offset };
}

async function opened<T>(fileSystem: FileSystem, path: string, use: (file: OpenFile) => Promise<T>): Promise<T> {
  const file = await fileSystem.open(path, 'read');
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
