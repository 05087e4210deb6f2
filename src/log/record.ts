/**
 * One record, little-endian:
 *
 * ```
 *  0  u32  checksum of everything that follows, payload included (checksum.ts)
 *  4  u32  length of the payload
 *  8  u32  epoch: which writer wrote it
 * 12  u32  distance: records from `sequence - distance` on were not known durable when this one was written
 * 16  u64  sequence
 * 24       payload
 * ```
 *
 * The distance tells damage from a torn tail. All before `sequence - distance` was durable when the record was written;
 * so a record that is broken, and lies before that, did not fall victim to a crash: it was damaged later.
 */

import { checksum } from './checksum.ts';

export const RECORD_HEADER_BYTES = 24;

/** Where a record has its epoch. */
export const EPOCH = 8;

const LENGTH = 4;
const DISTANCE = 12;
const SEQUENCE = 16;
const HIGH_WORD = 2 ** 32;

/** Bytes, and the view through which numbers are written to them. */
export interface ByteBuffer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export function byteBuffer(length: number): ByteBuffer {
  return bufferOver(new Uint8Array(length));
}

export function bufferOver(bytes: Uint8Array): ByteBuffer {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

export interface Stamp {
  readonly epoch: number;
  readonly sequence: number;
  /** The first sequence that is not known durable when this record is written; at most `sequence`. */
  readonly unsyncedFrom: number;
}

/** Writes header and payload at `at`. The caller has made sure that they fit. */
export function writeRecord(buffer: ByteBuffer, at: number, payload: Uint8Array, stamp: Stamp): void {
  buffer.view.setUint32(at + LENGTH, payload.length, true);
  buffer.bytes.set(payload, at + RECORD_HEADER_BYTES);
  stampRecord(buffer, at, stamp);
}

/** Gives the record at `at`, whose length and payload are there, another epoch and place. */
export function stampRecord({ view }: ByteBuffer, at: number, stamp: Stamp): void {
  view.setUint32(at + EPOCH, stamp.epoch, true);
  view.setUint32(at + DISTANCE, stamp.sequence - stamp.unsyncedFrom, true);
  setUint64(view, at + SEQUENCE, stamp.sequence);
  view.setUint32(at, checksum(view, at + LENGTH, recordEnd(view, at)), true);
}

/** Where the record at `at` ends, as its length says. */
export function recordEnd(view: DataView, at: number): number {
  return at + RECORD_HEADER_BYTES + view.getUint32(at + LENGTH, true);
}

export function sequenceAt(view: DataView, at: number): number {
  return getUint64(view, at + SEQUENCE);
}

export function epochAt(view: DataView, at: number): number {
  return view.getUint32(at + EPOCH, true);
}

/** The first sequence that was not known durable when the record at `at` was written. */
export function unsyncedFromAt(view: DataView, at: number): number {
  return sequenceAt(view, at) - view.getUint32(at + DISTANCE, true);
}

/** Whether the checksum of the record at `at` holds; the whole of it is in the buffer. */
export function isSound({ view }: ByteBuffer, at: number): boolean {
  return view.getUint32(at, true) === checksum(view, at + LENGTH, recordEnd(view, at));
}

export function setUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true); // modulo 2^32
  view.setUint32(at + 4, Math.floor(value / HIGH_WORD), true);
}

export function getUint64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * HIGH_WORD + view.getUint32(at, true);
}
