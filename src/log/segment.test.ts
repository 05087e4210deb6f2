import { expect, test } from 'vitest';
import { checksum } from './checksum.ts';
import { bufferOver } from './record.ts';
import { decodeHeader, encodeHeader, type SegmentHeader } from './segment.ts';

const header: SegmentHeader = {
  epoch: 7,
  first: 2 ** 40 + 1,
  follows: 2 ** 40,
  followsFirst: 3,
  followsBytes: 4096,
  bornWith: 2 ** 40 + 9,
  createdAt: 1_700_000_000_000.5,
};

test('a header is read as it was written', () => {
  expect(decodeHeader(encodeHeader(header))).toEqual(header);
});

test('every flipped bit of a header is noticed', () => {
  for (let bit = 0; bit < 64 * 8; bit += 1) {
    const bytes = encodeHeader(header);
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(typeof decodeHeader(bytes)).toBe('string');
  }
});

test('a header of version 1, whose checksum is another one, is refused by its version', () => {
  const bytes = encodeHeader(header);
  bufferOver(bytes).view.setUint32(8, 1, true);
  expect(decodeHeader(bytes)).toBe('its format has version 1, this program reads 3');
});

test('a segment of version 2, which has no gaps, is read', () => {
  const { bytes, view } = bufferOver(encodeHeader(header));
  view.setUint32(8, 2, true);
  view.setUint32(60, checksum(view, 0, 60), true);
  expect(decodeHeader(bytes)).toEqual(header);
});
