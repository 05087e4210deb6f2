/**
 * The records of one commit: encoded straight into one buffer, durable together, and one promise for all of them.
 *
 * **Invariants**
 * - Sequences are consecutive from `first`.
 * - Nothing is allocated per record.
 * - In front of the records there is room for the header of a segment that begins with them: both are one write, and no copy.
 */

import {
  bufferOver,
  byteBuffer,
  RECORD_HEADER_BYTES,
  recordEnd,
  stampRecord,
  writeRecord,
  type ByteBuffer,
} from './record.ts';
import { SEGMENT_HEADER_BYTES } from './segment.ts';

/** A group begins with room for about 300 events of 200 bytes. */
const FIRST_BYTES = 64 * 1024;

const START = SEGMENT_HEADER_BYTES;

export interface GroupStamp {
  readonly epoch: number;
  /** First sequence that will not be known durable when this group is written. */
  readonly unsyncedFrom: number;
}

export class Group {
  readonly first: number;
  readonly #capacity: number;
  #stamp: GroupStamp;
  #buffer: ByteBuffer;
  #used = START;
  #count = 0;
  readonly #done: Promise<void>;
  #succeed!: () => void;
  #fail!: (error: Error) => void;

  /** @param capacity - bytes; one record that is larger gets a group of its own */
  constructor(first: number, stamp: GroupStamp, capacity: number, buffer?: ByteBuffer) {
    this.first = first;
    this.#stamp = stamp;
    this.#capacity = capacity;
    this.#buffer = buffer ?? byteBuffer(START + Math.min(FIRST_BYTES, capacity));
    this.#done = new Promise((resolve, reject) => {
      this.#succeed = resolve;
      this.#fail = reject;
    });
    this.#done.catch(() => undefined); // reported to each append that waits for it
  }

  /** Records that are encoded already, under whatever epoch: `commit` stamps them anew. */
  static of(first: number, count: number, bytes: Uint8Array): Group {
    const stamp = { epoch: 0, unsyncedFrom: first };
    const group = new Group(first, stamp, bytes.length, byteBuffer(START + bytes.length));
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

  get bytes(): Uint8Array {
    return this.#buffer.bytes.subarray(START, this.#used);
  }

  /** The header of a segment and, behind it, the records. */
  behind(header: Uint8Array): Uint8Array {
    this.#buffer.bytes.set(header);
    return this.#buffer.bytes.subarray(0, this.#used);
  }

  get done(): Promise<void> {
    return this.#done;
  }

  /** @returns false when there is no room for it in this group */
  add(payload: Uint8Array): boolean {
    const needed = this.#used + RECORD_HEADER_BYTES + payload.length;
    if (needed > this.#buffer.bytes.length && !this.#grow(needed)) return false;
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
    this.#buffer = bufferOver(isStillNeeded ? buffer.bytes.slice(0, this.#used) : new Uint8Array(START));
    return buffer.bytes.length > START + this.#capacity ? undefined : buffer;
  }

  #grow(needed: number): boolean {
    const most = START + this.#capacity;
    if (needed > most && this.#count > 0) return false;
    const grown = byteBuffer(Math.max(needed, Math.min(most, this.#buffer.bytes.length * 2)));
    grown.bytes.set(this.#buffer.bytes.subarray(0, this.#used));
    this.#buffer = grown;
    return true;
  }
}
