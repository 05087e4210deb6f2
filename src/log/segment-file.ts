import { writeAll, type FileSystem, type OpenFile, type OpenMode } from './file-system.ts';
import type { Group } from './group.ts';
import { draftName, encodeHeader, newSegment, type Segment, type SegmentHeader } from './segment.ts';
import type { ThroughWriter } from './through-writer.ts';

/** The segment that is written to. */
export interface ActiveSegment {
  readonly segment: Segment;
  readonly file: OpenFile;
  /** Where the next record goes. */
  end: number;
  /** Up to here it is durable. */
  durableEnd: number;
  /** Up to here the file has blocks: to overwrite them, the file system's journal need not be synced. */
  allocated: number;
}

export interface NewSegment {
  readonly header: SegmentHeader;
  /** Its first records. */
  readonly groups: readonly Group[];
  /** Writes it so that it is durable at once, and what comes later too; else that is durable once it is synced. */
  readonly through: ThroughWriter | undefined;
  /** A file to write it over, by its name. */
  readonly spare?: string | undefined;
}

/**
 * Creates a segment that holds records from the start. It gets its name only once header and records are durable,
 * so that a segment is never seen without a header, and never says where the one before it ends without being able
 * to stand in for it.
 */
export async function createSegment(
  fileSystem: FileSystem,
  directory: string,
  { header, groups, through, spare }: NewSegment,
): Promise<ActiveSegment> {
  const segment = newSegment(header);
  const name = `${directory}/${segment.name}`;
  const draft = `${directory}/${spare ?? draftName(segment.name)}`;
  let file: OpenFile | undefined;
  try {
    if (spare === undefined) await fileSystem.remove(draft);
    file = await fileSystem.open(draft, openMode(through !== undefined, spare !== undefined));
    const bytes = contentOf(header, groups);
    if (through === undefined) {
      await writeAll(file, bytes, 0);
      await file.sync();
    } else await through.write(file, bytes, 0, groups.length === 1 && groups[0]?.isLarge === true);
    const allocated = await file.size();
    await fileSystem.rename(draft, name);
    await fileSystem.syncDirectory(directory);
    return { segment, file, end: bytes.length, durableEnd: bytes.length, allocated };
  } catch (error) {
    await file?.close().catch(() => undefined);
    // It may have its name already: tried again and again, such files would fill the disk.
    for (const path of [draft, name]) await fileSystem.remove(path).catch(() => undefined);
    throw error;
  }
}

function openMode(isWriteThrough: boolean, isThere: boolean): OpenMode {
  if (isThere) return isWriteThrough ? 'update-through' : 'update';
  return isWriteThrough ? 'create-through' : 'create';
}

/** One write, and so one sync, for all of it. */
function contentOf(header: SegmentHeader, [first, ...others]: readonly Group[]): Uint8Array {
  const start = first === undefined ? encodeHeader(header) : first.behind(encodeHeader(header));
  return others.reduce((before, group) => joined(before, group.bytesAt(before.length)), start);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
