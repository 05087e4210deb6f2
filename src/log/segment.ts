/**
 * A segment is one file of records. Its name is its first sequence and its epoch; its header, 64 bytes:
 *
 * ```
 *  0  8 bytes  magic
 *  8  u32      version of the format
 * 12  u32      epoch of all its records
 * 16  u64      first sequence
 * 24  u64      follows: the last valid sequence of the segment before
 * 32  u64      followsFirst: the first sequence of the segment before; 0 when there was none
 * 40  u64      bornWith: the last sequence that it was created with; all up to there is durable
 * 48  f64      when it was created, ms since the Unix epoch
 * 56  u32      followsBytes: how many bytes of the segment before are valid
 * 60  u32      checksum of all of the above (checksum.ts)
 * ```
 *
 * **A segment ends where the next one begins**: what it holds beyond the next one's `follows` was never acknowledged,
 * or was written anew. So no file is ever cut, and a file whose sync failed is never touched again.
 *
 * **Between two records may lie a gap**: a large group is written as whole blocks, so that it can go past the page cache. The header,
 * or a group, is then followed by zeros up to a multiple of some power of two from 512 to 4096. What the gap holds says nothing.
 *
 * **Behind the last record may lie anything that is not of its epoch**: zeros that were written ahead, or what the file held
 * when it was another segment (spares.ts). Each segment has an epoch of its own, and each record that of its segment.
 */

import { checksum } from './checksum.ts';
import { bufferOver, byteBuffer, getUint64, setUint64 } from './record.ts';

export const SEGMENT_HEADER_BYTES = 64;
/** A group that begins behind a gap begins at a multiple of the first, and the gap is smaller than the second. */
export const LEAST_BLOCK_BYTES = 512;
export const MOST_BLOCK_BYTES = 4096;

const FORMAT_VERSION = 3;
const MAGIC = Uint8Array.from('DAOFLOWL', (letter) => letter.charCodeAt(0));
const CHECKSUM = 60;

export interface SegmentHeader {
  readonly epoch: number;
  readonly first: number;
  /** Last valid sequence of the segment before; `first - 1`, unless records in between are known to be lost. */
  readonly follows: number;
  readonly followsFirst: number;
  readonly followsBytes: number;
  /** Last sequence that was in it, durably, when it got its name. */
  readonly bornWith: number;
  /** Wall clock, ms. */
  readonly createdAt: number;
}

/** A segment of an open log. */
export interface Segment extends SegmentHeader {
  readonly name: string;
  /** Last sequence that may be read from it; `first - 1` when there is none. */
  last: number;
  /** Where the record after `last` begins or would begin; null when nobody has looked. */
  end: number | null;
  /** Closed by this writer, and nothing it was asked to write has failed: another segment may be written over it. */
  isReusable: boolean;
  /** Places where a reader may begin: sequences, and where they lie; ascending, sparse. */
  readonly index: { readonly sequences: number[]; readonly offsets: number[] };
}

export function newSegment(header: SegmentHeader): Segment {
  return {
    ...header,
    name: segmentName(header),
    last: header.first - 1,
    end: SEGMENT_HEADER_BYTES,
    isReusable: false,
    index: { sequences: [header.first], offsets: [SEGMENT_HEADER_BYTES] },
  };
}

/** Ascending names are ascending sequences; 16 digits hold every safe integer. */
export function segmentName({ first, epoch }: Pick<SegmentHeader, 'first' | 'epoch'>): string {
  return `${String(first).padStart(16, '0')}-${String(epoch).padStart(10, '0')}.segment`;
}

/** What a file is called that is not yet a segment, or no more. */
export function draftName(name: string): string {
  return `${name}.tmp`;
}

/** @returns undefined for the name of anything else */
export function parseSegmentName(name: string): { readonly first: number; readonly epoch: number } | undefined {
  const match = /^(\d{16})-(\d{10})\.segment$/.exec(name);
  return match === null ? undefined : { first: Number(match[1]), epoch: Number(match[2]) };
}

export function encodeHeader(header: SegmentHeader): Uint8Array {
  const { bytes, view } = byteBuffer(SEGMENT_HEADER_BYTES);
  bytes.set(MAGIC);
  view.setUint32(8, FORMAT_VERSION, true);
  view.setUint32(12, header.epoch, true);
  setUint64(view, 16, header.first);
  setUint64(view, 24, header.follows);
  setUint64(view, 32, header.followsFirst);
  setUint64(view, 40, header.bornWith);
  view.setFloat64(48, header.createdAt, true);
  view.setUint32(56, header.followsBytes, true);
  view.setUint32(CHECKSUM, checksum(view, 0, CHECKSUM), true);
  return bytes;
}

/** @returns what is wrong with it, as a string, when it is no header of this format */
export function decodeHeader(bytes: Uint8Array): SegmentHeader | string {
  if (bytes.length < SEGMENT_HEADER_BYTES) return 'the file ends within its header';
  const { view } = bufferOver(bytes);
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) return 'the file does not begin as a segment does';
  const version = view.getUint32(8, true);
  const isSound = view.getUint32(CHECKSUM, true) === checksum(view, 0, CHECKSUM);
  // Version 1 had another checksum; version 2 had no gaps.
  if (!isSound && version !== 1) return 'the checksum of its header does not hold';
  if (version !== FORMAT_VERSION && version !== 2)
    return `its format has version ${version}, this program reads ${FORMAT_VERSION}`;
  return {
    epoch: view.getUint32(12, true),
    first: getUint64(view, 16),
    follows: getUint64(view, 24),
    followsFirst: getUint64(view, 32),
    bornWith: getUint64(view, 40),
    createdAt: view.getFloat64(48, true),
    followsBytes: view.getUint32(56, true),
  };
}
