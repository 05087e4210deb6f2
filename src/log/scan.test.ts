import { expect, test } from 'vitest';
import type { OpenFile } from './file-system.ts';
import { byteBuffer, writeRecord } from './record.ts';
import { findRecord } from './scan.ts';

const KB = 1024;
const PAYLOAD = Uint8Array.from({ length: 40 }, (_, i) => i);
const RECORD = 24 + PAYLOAD.length;

/** A file of nothing but `filler`, and one record of the epoch in it. */
function fileWith(length: number, filler: number, record: { readonly at: number; readonly epoch: number }): OpenFile {
  const buffer = byteBuffer(length);
  buffer.bytes.fill(filler);
  writeRecord(buffer, record.at, PAYLOAD, { epoch: record.epoch, sequence: 9, unsyncedFrom: 9 });
  const absent = (): never => {
    throw new Error('it is only read');
  };
  return {
    read: (into, position) => {
      const part = buffer.bytes.subarray(position, position + into.length);
      into.set(part);
      return Promise.resolve(part.length);
    },
    size: () => Promise.resolve(length),
    write: absent,
    sync: absent,
    close: absent,
  };
}

test.each([
  { epoch: 0x22, filler: 0x22 },
  { epoch: 7, filler: 0 },
  { epoch: 0x2200, filler: 0x22 },
  { epoch: 0x41_00_00_00, filler: 0x41 },
  { epoch: 0xff_ff_ff_ff, filler: 0xfe },
])('the next record is found at any byte (epoch $epoch among bytes of $filler)', async ({ epoch, filler }) => {
  for (let at = 1; at <= 20; at += 1) {
    const file = fileWith(at + RECORD, filler, { at, epoch });
    expect(await findRecord(file, 0, { after: 8, epoch })).toEqual({ offset: at, sequence: 9 });
    expect(await findRecord(file, 0, { after: 9, epoch })).toBeUndefined();
    expect(await findRecord(file, at, { after: 8, epoch })).toBeUndefined();
    expect(await findRecord(file, 0, { after: 8, epoch: epoch - 1 })).toBeUndefined();
  }
});

test('a record that two reads of a search share is found', async () => {
  for (let at = 256 * KB - RECORD; at <= 256 * KB + 2; at += 7) {
    const file = fileWith(512 * KB, 0, { at, epoch: 3 });
    expect(await findRecord(file, 0, { after: 8, epoch: 3 })).toEqual({ offset: at, sequence: 9 });
  }
});
