/** Reads the records of one segment, in order, and says exactly where they stop being sound. */

import { readBytes, type OpenFile } from './file-system.ts';
import {
  bufferOver,
  EPOCH,
  epochAt,
  isSound,
  RECORD_HEADER_BYTES,
  recordEnd,
  sequenceAt,
  type ByteBuffer,
} from './record.ts';
import { RecordBatch } from './record-batch.ts';
import { LEAST_BLOCK_BYTES, MOST_BLOCK_BYTES } from './segment.ts';

/** Bytes of one read: large enough that calls do not count, small enough to keep many readers in the cache. */
const CHUNK_BYTES = 256 * 1024;

export interface ScanStart {
  readonly offset: number;
  /** Of the record at `offset`. */
  readonly sequence: number;
  readonly epoch: number;
}

export type Scanned =
  | {
      readonly kind: 'records';
      readonly batch: RecordBatch;
      readonly buffer: ByteBuffer;
      readonly starts: readonly number[];
    }
  /** The file ends here, and no byte is left over. */
  | { readonly kind: 'end' }
  /** `isOurs`: it has the epoch of this segment, so a record was written here; else it may be what lay here before. */
  | { readonly kind: 'damage'; readonly reason: string; readonly isOurs: boolean };

/** A place in a segment that moves over sound records only. */
export class RecordScanner {
  readonly #file: OpenFile;
  readonly #epoch: number;
  #offset: number;
  #sequence: number;

  constructor(file: OpenFile, { offset, sequence, epoch }: ScanStart) {
    this.#file = file;
    this.#epoch = epoch;
    this.#offset = offset;
    this.#sequence = sequence;
  }

  /** Where the next record begins. */
  get offset(): number {
    return this.#offset;
  }

  /** Sequence of the next record. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Goes on elsewhere: behind damage. */
  moveTo({ offset, sequence }: Pick<ScanStart, 'offset' | 'sequence'>): void {
    this.#offset = offset;
    this.#sequence = sequence;
  }

  /**
   * @param last - sequence of the last record wanted; asked for only while `sequence <= last`
   * @param end - where it ends, if that is known: a reader that follows the log then reads what is new, not a whole chunk
   */
  async next(last: number, end: number = Infinity): Promise<Scanned> {
    let wanted = end > this.#offset ? Math.min(CHUNK_BYTES, end - this.#offset) : CHUNK_BYTES;
    for (;;) {
      const buffer = bufferOver(await readBytes(this.#file, this.#offset, this.#offset + wanted));
      const { starts, at, stop } = parse(buffer, this.#place, last);
      if (starts.length > 0) return this.#taken(buffer, starts);
      if (stop !== 'short') return this.#damaged(buffer, at, stop);
      if (buffer.bytes.length === 0) return { kind: 'end' };
      if (buffer.bytes.length < wanted) return this.#damaged(buffer, at, 'the file ends within a record');
      wanted = recordEnd(buffer.view, at); // the record is longer than a chunk, unless its length is damaged
      if (this.#offset + wanted > (await this.#file.size())) {
        return this.#damaged(buffer, at, 'a record that is longer than the rest of the file');
      }
    }
  }

  get #place(): ScanStart {
    return { offset: this.#offset, sequence: this.#sequence, epoch: this.#epoch };
  }

  #damaged({ bytes, view }: ByteBuffer, at: number, reason: string): Scanned {
    const isOurs = bytes.length >= at + EPOCH + 4 && epochAt(view, at) === this.#epoch;
    return { kind: 'damage', reason, isOurs };
  }

  #taken(buffer: ByteBuffer, starts: readonly number[]): Scanned {
    const batch = new RecordBatch(this.#sequence, buffer.bytes, buffer.view, starts);
    this.#offset += recordEnd(buffer.view, starts.at(-1) as number);
    this.#sequence += starts.length;
    return { kind: 'records', batch, buffer, starts };
  }
}

interface Parsed {
  readonly starts: readonly number[];
  /** Where it went no further. */
  readonly at: number;
  /** Why it went no further: `short`, the bytes end; `last`, all that was wanted; else what is wrong. */
  readonly stop: string;
}

function parse(buffer: ByteBuffer, { offset, sequence, epoch }: ScanStart, last: number): Parsed {
  const starts: number[] = [];
  let at = 0;
  for (let expected = sequence; expected <= last; expected += 1) {
    let stop = faultAt(buffer, at, expected, epoch);
    if (stop === ANOTHER_EPOCH || stop === ANOTHER_SEQUENCE) {
      const beyond = beyondGap(buffer, { offset: offset + at, sequence: expected, epoch }, at);
      if (beyond !== undefined) stop = faultAt(buffer, (at = beyond), expected, epoch);
    }
    if (stop !== '') return { starts, at, stop };
    starts.push(at);
    at = recordEnd(buffer.view, at);
  }
  return { starts, at, stop: 'last' };
}

/** Where the record that is expected at `at`, which is `offset` in the file, begins behind a gap; undefined: nowhere near. */
function beyondGap(
  { bytes, view }: ByteBuffer,
  { offset, sequence, epoch }: ScanStart,
  at: number,
): number | undefined {
  const end = Math.min(at + MOST_BLOCK_BYTES, bytes.length - RECORD_HEADER_BYTES + 1);
  for (let next = at + LEAST_BLOCK_BYTES - (offset % LEAST_BLOCK_BYTES); next < end; next += LEAST_BLOCK_BYTES) {
    if (epochAt(view, next) === epoch && sequenceAt(view, next) === sequence) return next;
  }
  return undefined;
}

/** What a gap looks like. In one shorter than a header the next record is part of that: its length may pass for the epoch. */
const ANOTHER_EPOCH = 'a record of another epoch';
const ANOTHER_SEQUENCE = 'a record of another sequence';

/** @returns '' for a sound record, `short` when the bytes end within it */
function faultAt(buffer: ByteBuffer, at: number, sequence: number, epoch: number): string {
  const { bytes, view } = buffer;
  if (at + RECORD_HEADER_BYTES > bytes.length) return 'short';
  if (epochAt(view, at) !== epoch) return ANOTHER_EPOCH;
  if (sequenceAt(view, at) !== sequence) return ANOTHER_SEQUENCE;
  if (recordEnd(view, at) > bytes.length) return 'short';
  return isSound(buffer, at) ? '' : 'the checksum does not hold';
}

/**
 * The first sound record of this epoch behind a damaged one, at any byte: damage may have hit a length.
 *
 * Cost: reads the rest of the segment, about 1 ns per byte, whatever is in it. Damage comes here, and opening after a crash
 * what was written over another segment.
 * @param after - sequence of the damaged record
 */
export async function findRecord(
  file: OpenFile,
  from: number,
  { after, epoch }: { readonly after: number; readonly epoch: number },
): Promise<Pick<ScanStart, 'offset' | 'sequence'> | undefined> {
  const size = await file.size();
  const highest = after + Math.ceil((size - from) / RECORD_HEADER_BYTES);
  const chunk = bufferOver(new Uint8Array(Math.min(CHUNK_BYTES, size)));
  for (let start = from + 1; start + RECORD_HEADER_BYTES <= size;) {
    const length = await file.read(chunk.bytes, start);
    const buffer = length === chunk.bytes.length ? chunk : bufferOver(chunk.bytes.subarray(0, length));
    const { bytes, view } = buffer;
    const beyond = bytes.length - RECORD_HEADER_BYTES + 1;
    if (beyond <= 0) return undefined; // it has become shorter
    for (let at = nextEpoch(buffer, epoch, 0); at !== -1; at = nextEpoch(buffer, epoch, at + 1)) {
      const sequence = sequenceAt(view, at);
      const end = recordEnd(view, at);
      if (sequence <= after || sequence > highest || start + end > size) continue;
      const isWhole = end <= bytes.length;
      const record = isWhole ? buffer : bufferOver(await readBytes(file, start + at, start + end));
      if (isSound(record, isWhole ? at : 0)) return { offset: start + at, sequence };
    }
    start += beyond;
  }
  return undefined;
}

/** The next place from `at` on with the epoch where a record has it, and room for the rest of its header; -1: none. */
function nextEpoch({ bytes, view }: ByteBuffer, epoch: number, at: number): number {
  // Zeros are many: what is looked for is the lowest byte of it that is none.
  let shift = 0;
  while (shift < 24 && ((epoch >>> shift) & 255) === 0) shift += 8;
  const ahead = EPOCH + shift / 8;
  const fourTimes = Math.imul((epoch >>> shift) & 255, 0x01010101);
  for (let start = at; start + RECORD_HEADER_BYTES <= bytes.length;) {
    if (!hasZeroByte(view.getInt32(start + ahead, true) ^ fourTimes)) start += 4;
    else if (epochAt(view, start) === epoch) return start;
    else start += 1;
  }
  return -1;
}

/** Source: Warren, "Hacker's Delight", 6-1. */
function hasZeroByte(word: number): boolean {
  return ((word - 0x01010101) & ~word & 0x80808080) !== 0;
}
