import { expect, test } from 'vitest';
import type { OpenFile } from './file-system.ts';
import { byteBuffer, writeRecord } from './record.ts';
import { findRecord, RecordScanner } from './scan.ts';

const KB = 1024;
const PAYLOAD = Uint8Array.from({ length: 40 }, (_, i) => i);
const RECORD = 24 + PAYLOAD.length;

interface Placed {
  readonly at: number;
  readonly epoch: number;
  /** Default 9. */
  readonly sequence?: number;
}

/** A file of nothing but `filler`, and these records in it. */
function fileWith(length: number, filler: number, ...records: readonly Placed[]): OpenFile {
  const buffer = byteBuffer(length);
  buffer.bytes.fill(filler);
  for (const { at, epoch, sequence = 9 } of records) {
    writeRecord(buffer, at, PAYLOAD, { epoch, sequence, unsyncedFrom: sequence });
  }
  return fileOf(buffer.bytes);
}

function fileOf(bytes: Uint8Array): OpenFile {
  const absent = (): never => {
    throw new Error('it is only read');
  };
  return {
    read: (into, position) => {
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      return Promise.resolve(part.length);
    },
    size: () => Promise.resolve(bytes.length),
    write: absent,
    writeBlocks: absent,
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

/** Where each record begins that a scan from the start of the file comes to, and how it ends. */
async function scanned(file: OpenFile, sequence: number): Promise<{ readonly ends: number[]; readonly stop: unknown }> {
  const scanner = new RecordScanner(file, { offset: 0, sequence, epoch: 3 });
  const ends: number[] = [];
  for (;;) {
    const next = await scanner.next(Infinity);
    if (next.kind !== 'records') return { ends, stop: next };
    ends.push(scanner.offset);
  }
}

test.each([
  { block: 512, filler: 0 },
  { block: 4096, filler: 0 },
  { block: 4096, filler: 3 },
])('a record behind a gap of up to $block bytes of $filler is found', async ({ block, filler }) => {
  for (let i = 1; i < 70; i += 3) {
    const first = 256 * KB - i * RECORD; // so that the gap lies at the end of a read, too
    const records = [
      { at: 0, epoch: 3, sequence: 1 },
      { at: RECORD, epoch: 3, sequence: 2 },
      { at: block, epoch: 3, sequence: 3 },
      { at: block + RECORD, epoch: 3, sequence: 4 },
    ];
    const { ends } = await scanned(fileWith(2 * block + first, filler, ...records), 1);
    expect(ends).toEqual([block + 2 * RECORD]);
  }
});

test('a gap that a read ends in is read again', async () => {
  const records = Array.from({ length: 4095 }, (_, i) => ({ at: i * RECORD, epoch: 3, sequence: i + 1 }));
  const behind = { at: 256 * KB, epoch: 3, sequence: 4096 };
  const { ends } = await scanned(fileWith(260 * KB, 0, ...records, behind), 1);
  expect(ends).toEqual([4095 * RECORD, 256 * KB + RECORD]);
});

test.each([
  { what: 'of another epoch', record: { at: 512, epoch: 2, sequence: 2 } },
  { what: 'of another sequence', record: { at: 512, epoch: 3, sequence: 3 } },
  { what: 'at no block', record: { at: 500, epoch: 3, sequence: 2 } },
  { what: 'further off than a gap may be', record: { at: 4096 + 512, epoch: 3, sequence: 2 } },
])('a record $what is not the next one', async ({ record }) => {
  const { ends, stop } = await scanned(fileWith(8 * KB, 0, { at: 0, epoch: 3, sequence: 1 }, record), 1);
  expect(ends).toEqual([RECORD]);
  expect(stop).toMatchObject({ kind: 'damage', isOurs: false });
});

test('a gap that is shorter than a header, behind which a length passes for the epoch, is a gap', async () => {
  for (let gap = 1; gap < 24; gap += 1) {
    const buffer = byteBuffer(2048);
    for (const [at, sequence, length] of [
      [0, 1, 512 - 24 - gap],
      [512, 2, 3],
      [512 + 24 + 3, 3, 3],
    ] as const) {
      writeRecord(buffer, at, new Uint8Array(length), { epoch: 3, sequence, unsyncedFrom: sequence });
    }
    const { ends } = await scanned(fileOf(buffer.bytes), 1);
    expect(ends).toEqual([512 + 2 * 27]);
  }
});

test('a broken record behind a gap is damage, of this segment', async () => {
  const file = fileWith(8 * KB, 0, { at: 0, epoch: 3, sequence: 1 }, { at: 512, epoch: 3, sequence: 2 });
  const broken: OpenFile = {
    ...file,
    read: async (into, position) => {
      const length = await file.read(into, position);
      const place = 512 + 30 - position;
      if (place >= 0 && place < length) into[place] = 99;
      return length;
    },
  };
  const { stop } = await scanned(broken, 1);
  expect(stop).toEqual({ kind: 'damage', reason: 'the checksum does not hold', isOurs: true });
});
