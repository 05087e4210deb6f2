import { writeAll, type FileSystem, type OpenFile } from './file-system.ts';
import { encodeHeader, newSegment, SEGMENT_HEADER_BYTES, type Segment, type SegmentHeader } from './segment.ts';

/** The segment that is written to. */
export interface ActiveSegment {
  readonly segment: Segment;
  readonly file: OpenFile;
  /** Where the next record goes. */
  end: number;
  /** Up to here it is durable. */
  durableEnd: number;
  /** Up to here the file has blocks: to overwrite zeros, the file system's journal need not be synced. */
  allocated: number;
}

/**
 * Creates a segment that holds records from the start. It gets its name only once header and records are durable,
 * so that a segment is never seen without a header, and never says where the one before it ends without being able
 * to stand in for it.
 */
export async function createSegment(
  fileSystem: FileSystem,
  directory: string,
  header: SegmentHeader,
  content: readonly Uint8Array[],
): Promise<ActiveSegment> {
  const segment = newSegment(header);
  const draft = `${directory}/${segment.name}.tmp`;
  await fileSystem.remove(draft);
  const file = await fileSystem.open(draft, 'create');
  try {
    await writeAll(file, encodeHeader(header), 0);
    let end = SEGMENT_HEADER_BYTES;
    for (const bytes of content) {
      await writeAll(file, bytes, end);
      end += bytes.length;
    }
    await file.sync();
    await fileSystem.rename(draft, `${directory}/${segment.name}`);
    await fileSystem.syncDirectory(directory);
    return { segment, file, end, durableEnd: end, allocated: end };
  } catch (error) {
    await file.close().catch(() => undefined);
    await fileSystem.remove(draft).catch(() => undefined);
    throw error;
  }
}
