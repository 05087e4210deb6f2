/**
 * The records of one commit: encoded straight into one buffer, durable together, and one promise for all of them.
 *
 * **Invariants**
 * - Sequences are consecutive from `first`.
 * - Nothing is allocated per record.
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

/** A group begins with room for about 300 events of 200 bytes. */
const FIRST_BYTES = 64 * 1024;

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
  #used = 0;
  #count = 0;
  readonly #done: Promise<void>;
  #succeed!: () => void;
  #fail!: (error: Error) => void;

  /** @param capacity - bytes; one record that is larger gets a group of its own */
  constructor(first: number, stamp: GroupStamp, capacity: number, buffer?: ByteBuffer) {
    this.first = first;
    this.#stamp = stamp;
    this.#capacity = capacity;
    this.#buffer = buffer ?? byteBuffer(Math.min(FIRST_BYTES, capacity));
    this.#done = new Promise((resolve, reject) => {
      this.#succeed = resolve;
      this.#fail = reject;
    });
    this.#done.catch(() => undefined); // reported to each append that waits for it
  }

  /** Records that are encoded already, under whatever epoch: `commit` stamps them anew. */
  static of(first: number, count: number, bytes: Uint8Array): Group {
    const stamp = { epoch: 0, unsyncedFrom: first };
    const group = new Group(first, stamp, bytes.length, bufferOver(bytes));
    group.#used = bytes.length;
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
    return this.#used;
  }

  get bytes(): Uint8Array {
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
    let at = 0;
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
    this.#buffer = bufferOver(isStillNeeded ? this.bytes.slice() : new Uint8Array());
    return buffer.bytes.length > this.#capacity ? undefined : buffer;
  }

  #grow(needed: number): boolean {
    if (needed > this.#capacity && this.#count > 0) return false;
    const grown = byteBuffer(Math.max(needed, Math.min(this.#capacity, this.#buffer.bytes.length * 2)));
    grown.bytes.set(this.bytes);
    this.#buffer = grown;
    return true;
  }
}
