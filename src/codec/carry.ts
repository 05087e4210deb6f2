/**
 * The bytes of a channel that wait for their newline.
 *
 * Invariants
 * - At most one record's worth of bytes, and never more than the decoder appends: it checks first.
 * - Behind the last byte there is a zero, which no JSON line contains, and room for a scanner's slack:
 *   a scanner stops there as it would on any other byte that it does not expect.
 * - Of a record that is too long only the beginning is kept; `rawBytes` counts all of it.
 */
import { asBuffer, type Bytes } from './strict-utf8.ts';

const FIRST_CAPACITY = 4096;
/** A larger array is given back after use: there is one per channel, and long records are rare. */
const KEPT_CAPACITY = 262_144;

export class Carry {
  bytes: Bytes;
  view: DataView;
  length = 0;
  /** Length of the record so far, kept or not. */
  rawBytes = 0;
  /** Position of the first byte in the channel. */
  offset = 0;

  constructor() {
    this.bytes = asBuffer(new Uint8Array(FIRST_CAPACITY));
    this.view = viewOf(this.bytes);
  }

  get isEmpty(): boolean {
    return this.rawBytes === 0;
  }

  /** Begins anew with `chunk` from `from` on. */
  start(chunk: Bytes, from: number, offset: number, slack: number): void {
    this.clear();
    this.offset = offset;
    this.append(from === 0 ? chunk : (chunk.subarray(from) as Bytes), chunk.length - from, slack);
  }

  append(chunk: Bytes, count: number, slack: number): void {
    if (this.length + count + slack >= this.bytes.length) this.#resize(this.length + count + slack + 1);
    chunk.copy(this.bytes, this.length, 0, count);
    this.length += count;
    this.rawBytes += count;
    this.bytes[this.length] = 0;
  }

  /** Counts `count` more bytes of a record that is too long, and keeps what fits into `keep`. */
  appendRaw(chunk: Bytes, count: number, keep: number): void {
    const kept = Math.max(0, Math.min(count, keep - this.length));
    const rawBytes = this.rawBytes + count;
    this.append(chunk, kept, 0);
    this.cut(keep);
    this.rawBytes = rawBytes;
  }

  /** Forgets all but the first `keep` bytes of what is now known to be too long. */
  cut(keep: number): void {
    this.length = Math.min(this.length, keep);
  }

  /** Drops the first `count` bytes. */
  drop(count: number): void {
    if (count === 0) return;
    this.bytes.copyWithin(0, count, this.length);
    this.length -= count;
    this.rawBytes = this.length;
    this.offset += count;
    this.bytes[this.length] = 0;
  }

  clear(): void {
    this.length = 0;
    this.rawBytes = 0;
    if (this.bytes.length > KEPT_CAPACITY) this.#resize(FIRST_CAPACITY);
  }

  /** At least twice as large as before when growing, so that a record costs O(length) however it is cut. */
  #resize(capacity: number): void {
    const isGrowing = capacity > this.bytes.length;
    const grown = asBuffer(new Uint8Array(isGrowing ? Math.max(capacity, this.bytes.length * 2) : capacity));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    this.view = viewOf(grown);
  }
}

function viewOf(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
