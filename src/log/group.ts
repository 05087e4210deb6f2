/**
 * The records of one commit: encoded straight into one buffer, durable together, and one promise for all of them.
 *
 * **Invariants**
 * - Sequences are consecutive from `first`.
 * - Nothing is allocated per record.
 * - In front of the records there is room for the header of a segment that begins with them: both are one write, and no copy.
 */

import type { FileSystem } from './file-system.ts';
import {
  bufferOver,
  byteBuffer,
  RECORD_HEADER_BYTES,
  recordEnd,
  stampRecord,
  writeRecord,
  type ByteBuffer,
} from './record.ts';
import { MOST_BLOCK_BYTES } from './segment.ts';

/** A group begins with room for about 300 events of 200 bytes. */
const FIRST_BYTES = 64 * 1024;

/** Where the records begin: a block, with room for the header in the one before. */
const START = MOST_BLOCK_BYTES;
/** And behind them room for the end of the last block. */
const AROUND = START + MOST_BLOCK_BYTES;

export interface GroupStamp {
  readonly epoch: number;
  /** First sequence that will not be known durable when this group is written. */
  readonly unsyncedFrom: number;
}

/** Where a group's memory comes from: once it is large, from where it can be written as blocks. */
export type GroupMemory = Pick<FileSystem, 'directBytes' | 'blockBytes' | 'blockMemory'>;

/** Without `isWriteThrough` no group is large: nothing goes past the page cache then. */
export function groupMemory(fileSystem: FileSystem, isWriteThrough: boolean): GroupMemory {
  return isWriteThrough ? fileSystem : { ...fileSystem, directBytes: Infinity };
}

export interface GroupOptions {
  /** Bytes; one record that is larger gets a group of its own. */
  readonly capacity: number;
  readonly memory: GroupMemory;
}

export class Group {
  readonly first: number;
  readonly #capacity: number;
  readonly #memory: GroupMemory;
  #stamp: GroupStamp;
  #buffer: ByteBuffer;
  #used = START;
  #count = 0;
  readonly #done: Promise<void>;
  #succeed!: () => void;
  #fail!: (error: Error) => void;

  constructor(first: number, stamp: GroupStamp, { capacity, memory }: GroupOptions, buffer?: ByteBuffer) {
    this.first = first;
    this.#stamp = stamp;
    this.#capacity = capacity;
    this.#memory = memory;
    this.#buffer = buffer ?? byteBuffer(AROUND + Math.min(FIRST_BYTES, capacity));
    this.#done = new Promise((resolve, reject) => {
      this.#succeed = resolve;
      this.#fail = reject;
    });
    this.#done.catch(() => undefined); // reported to each append that waits for it
  }

  /** Records that are encoded already, under whatever epoch: `commit` stamps them anew. */
  static of(first: number, count: number, bytes: Uint8Array, memory: GroupMemory): Group {
    const stamp = { epoch: 0, unsyncedFrom: first };
    const options = { capacity: bytes.length, memory };
    const group = new Group(first, stamp, options, bufferOver(memory.blockMemory(AROUND + bytes.length)));
    group.#buffer.bytes.set(bytes, START);
    group.#used = START + bytes.length;
    group.#count = count;
    return group;
  }

  get count(): number {
    return this.#count;
  }

  get last(): number {
    return this.first + this.#count - 1;
  }

  get byteLength(): number {
    return this.#used - START;
  }

  /** Large enough to be written as whole blocks. */
  get isLarge(): boolean {
    return this.byteLength >= this.#memory.directBytes;
  }

  /** What is written at `offset`: the records and, behind a large group, zeros to the end of a block. */
  bytesAt(offset: number): Uint8Array {
    return this.#buffer.bytes.subarray(START, this.#endAt(offset));
  }

  /** The header of a segment and, behind it, the records: those of a large group from the next block on. */
  behind(header: Uint8Array): Uint8Array {
    const { bytes } = this.#buffer;
    const offset = this.isLarge ? this.#memory.blockBytes : header.length;
    bytes.fill(0, START - offset, START);
    bytes.set(header, START - offset);
    return bytes.subarray(START - offset, this.#endAt(offset));
  }

  #endAt(offset: number): number {
    const { blockBytes } = this.#memory;
    const over = this.isLarge ? (offset + this.byteLength) % blockBytes : 0;
    const end = over === 0 ? this.#used : this.#used + blockBytes - over;
    this.#buffer.bytes.fill(0, this.#used, end);
    return end;
  }

  get done(): Promise<void> {
    return this.#done;
  }

  /** @returns false when there is no room for it in this group */
  add(payload: Uint8Array): boolean {
    const needed = this.#used + RECORD_HEADER_BYTES + payload.length;
    if (needed + MOST_BLOCK_BYTES > this.#buffer.bytes.length && !this.#grow(needed)) return false;
    writeRecord(this.#buffer, this.#used, payload, {
      epoch: this.#stamp.epoch,
      sequence: this.first + this.#count,
      unsyncedFrom: this.#stamp.unsyncedFrom,
    });
    this.#used = needed;
    this.#count += 1;
    return true;
  }

  /** Gives all of its records another epoch: they go into another segment. */
  restamp(stamp: GroupStamp): void {
    if (stamp.epoch === this.#stamp.epoch) return;
    this.#stamp = stamp;
    let at = START;
    for (let sequence = this.first; at < this.#used; sequence += 1) {
      stampRecord(this.#buffer, at, { ...stamp, sequence });
      at = recordEnd(this.#buffer.view, at);
    }
  }

  /** All appends that wait for it are answered. */
  settle(error?: Error): void {
    if (error === undefined) this.#succeed();
    else this.#fail(error);
  }

  /**
   * The buffer, for another group. What this one still needs of it is copied.
   * @returns undefined when it is larger than groups are
   */
  giveBuffer(isStillNeeded: boolean): ByteBuffer | undefined {
    const buffer = this.#buffer;
    this.#buffer = isStillNeeded ? this.#copied(this.#used + MOST_BLOCK_BYTES) : byteBuffer(START);
    return buffer.bytes.length > AROUND + this.#capacity ? undefined : buffer;
  }

  #grow(needed: number): boolean {
    const most = AROUND + this.#capacity;
    const least = needed + MOST_BLOCK_BYTES;
    if (least > most && this.#count > 0) return false;
    const isLarge = needed - START >= this.#memory.directBytes;
    this.#buffer = this.#copied(Math.max(least, isLarge ? most : Math.min(most, this.#buffer.bytes.length * 2)));
    return true;
  }

  /** Large buffers are of the size that all of them have, so that they can be used again. */
  #copied(byteLength: number): ByteBuffer {
    const isLarge = byteLength - AROUND >= this.#memory.directBytes;
    const copy = isLarge ? bufferOver(this.#memory.blockMemory(byteLength)) : byteBuffer(byteLength);
    copy.bytes.set(this.#buffer.bytes.subarray(0, this.#used));
    return copy;
  }
}
