/** Reads a segment from one end to the other, and says which of its records cannot be read. */

import type { Damage } from './damage.ts';
import type { OpenFile } from './file-system.ts';
import type { ByteBuffer } from './record.ts';
import { findRecord, RecordScanner } from './scan.ts';
import { SEGMENT_HEADER_BYTES, type Segment } from './segment.ts';

export interface CheckFrom {
  readonly offset: number;
  readonly sequence: number;
}

export type Visit = (buffer: ByteBuffer, starts: readonly number[], at: CheckFrom) => void;

export const START_OF_SEGMENT = (segment: Segment): CheckFrom => ({
  offset: SEGMENT_HEADER_BYTES,
  sequence: segment.first,
});

export interface Checked {
  /** In order. `last` of the final one is Infinity when nothing sound follows it in the file. */
  readonly holes: readonly Damage[];
  /** Behind the last sound record. */
  readonly end: CheckFrom;
}

/**
 * @param last - the last record that should be there; Infinity: read until the file ends
 * @param visit - called with the sound records, in order
 */
export async function checkSegment(
  file: OpenFile,
  segment: Segment,
  { from, last, visit }: { readonly from: CheckFrom; readonly last: number; readonly visit?: Visit },
): Promise<Checked> {
  const scanner = new RecordScanner(file, { ...from, epoch: segment.epoch });
  const holes: Damage[] = [];
  let end = from;
  while (scanner.sequence <= last) {
    const at = { offset: scanner.offset, sequence: scanner.sequence };
    const scanned = await scanner.next(last);
    if (scanned.kind === 'records') {
      visit?.(scanned.buffer, scanned.starts, at);
      end = { offset: scanner.offset, sequence: scanner.sequence };
      continue;
    }
    if (scanned.kind === 'end' && last === Infinity) break;
    const reason = scanned.kind === 'end' ? 'the file ends before this record' : scanned.reason;
    const next = await findRecord(file, at.offset, { after: at.sequence, epoch: segment.epoch });
    const isRoom = next === undefined && scanned.kind === 'damage' && !scanned.isOurs;
    if (isRoom && last === Infinity) break;
    const found = next === undefined || next.sequence > last ? undefined : next;
    const lost = {
      segment: segment.name,
      offset: at.offset,
      first: at.sequence,
      resumesAt: found?.offset ?? null,
      reason,
    };
    if (found === undefined) {
      holes.push({ ...lost, last });
      break;
    }
    holes.push({ ...lost, last: found.sequence - 1 });
    scanner.moveTo(found);
  }
  return { holes, end };
}
