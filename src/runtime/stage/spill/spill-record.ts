/**
 * Events of a slice as records of a log: u32 number of events, little-endian, then what the codec makes of them and of
 * where they came from. The highest bit says that it is a copy: of events that the stage has got already, and may have to get again.
 */

import type { Slice } from '../../../event/batch.ts';
import { checkPlain } from '../../../state/stored.ts';
import type { SpillStore } from './spill-store.ts';

/** What comes back. */
export interface Kept {
  readonly partition: string;
  readonly endOffset: number;
  /** Epoch ms. */
  readonly acceptedAt: number;
  readonly events: readonly unknown[];
}

/** Fewer events per record cost more records, more are read back at once. */
const RECORD_EVENTS = 256;
const COUNT_BYTES = 4;
const COPY = 0x8000_0000;

/** @throws StateError for an event that would not come back as it was, or what the codec throws */
export function recordsOf(
  { events, start, end, origin }: Slice,
  acceptedAt: number,
  stage: string,
  { encode }: Pick<SpillStore, 'encode'>,
  kind: 'first' | 'copy' = 'first',
): Uint8Array[] {
  const records: Uint8Array[] = [];
  const { partition, endOffset } = origin;
  for (let from = start; from < end; from += RECORD_EVENTS) {
    const own = events.slice(from, Math.min(end, from + RECORD_EVENTS));
    for (const event of own) checkStorable(event, stage);
    const kept: Kept = { partition, endOffset, acceptedAt, events: own };
    records.push(recordOf(kind === 'copy' ? own.length + COPY : own.length, encode(kept)));
  }
  return records;
}

export function keptIn(record: Uint8Array, { decode }: Pick<SpillStore, 'decode'>): Kept {
  return decode(record.subarray(COUNT_BYTES)) as Kept;
}

/** Events in a record, without reading the rest. */
export function eventsIn(record: Uint8Array): number {
  return viewOf(record).getUint32(0, true) % COPY;
}

/** Such a record counts only where a checkpoint says so. */
export function isCopy(record: Uint8Array): boolean {
  return viewOf(record).getUint32(0, true) >= COPY;
}

/** @throws StateError */
export function checkStorable(event: unknown, stage: string): void {
  checkPlain(event, `${stage}, which spills,`);
}

function recordOf(count: number, body: Uint8Array): Uint8Array {
  const record = new Uint8Array(COUNT_BYTES + body.length);
  viewOf(record).setUint32(0, count, true);
  record.set(body, COUNT_BYTES);
  return record;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
