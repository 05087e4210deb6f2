import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checksum } from './checksum.ts';

test.each([
  ['', 0x02cc5d05],
  ['a', 0x550d7456],
  ['abc', 0x32d153ff],
  ['Nobody inspects the spammish repetition', 0xe2293b2f],
])('the sum of %j is the one that is published', (text, expected) => {
  expect(checksum(viewOf(new TextEncoder().encode(text)))).toBe(expected);
});

test('sums are those of the specification, for any part of any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), fc.nat(300), (bytes, a, b) => {
      const [from, to] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
      expect(checksum(viewOf(bytes), from, to)).toBe(specified(bytes.subarray(from, to)));
    }),
  );
});

test('every change within one word changes the sum', () => {
  const words = fc.tuple(fc.nat(70), fc.integer({ min: 1, max: 0xffffffff }));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 300 }), words, (bytes, [word, change]) => {
      const view = viewOf(bytes);
      const before = checksum(view);
      const at = 4 * (word % Math.floor(bytes.length / 4));
      view.setUint32(at, view.getUint32(at) ^ change);
      expect(checksum(view)).not.toBe(before);
    }),
  );
});

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The specification, word by word, in numbers that do not overflow. */
function specified(bytes: Uint8Array): number {
  const [p1, p2, p3, p4, p5] = [2654435761n, 2246822519n, 3266489917n, 668265263n, 374761393n];
  const u32 = (n: bigint): bigint => BigInt.asUintN(32, n);
  const rotl = (n: bigint, bits: bigint): bigint => u32(n << bits) | (u32(n) >> (32n - bits));
  const byte = (at: number): bigint => BigInt(bytes[at] as number);
  const word = (at: number): bigint => byte(at) | (byte(at + 1) << 8n) | (byte(at + 2) << 16n) | (byte(at + 3) << 24n);
  const lanes = [u32(p1 + p2), p2, 0n, u32(-p1)];
  let at = 0;
  for (; at + 16 <= bytes.length; at += 16) {
    for (const [i, lane] of lanes.entries()) lanes[i] = u32(rotl(lane + word(at + 4 * i) * p2, 13n) * p1);
  }
  const turns = [1n, 7n, 12n, 18n];
  let sum = at === 0 ? p5 : lanes.reduce((all, lane, i) => u32(all + rotl(lane, turns[i] as bigint)), 0n);
  sum = u32(sum + BigInt(bytes.length));
  for (; at + 4 <= bytes.length; at += 4) sum = u32(rotl(u32(sum + word(at) * p3), 17n) * p4);
  for (; at < bytes.length; at += 1) sum = u32(rotl(u32(sum + byte(at) * p5), 11n) * p1);
  sum = u32((sum ^ (sum >> 15n)) * p2);
  sum = u32((sum ^ (sum >> 13n)) * p3);
  return Number(sum ^ (sum >> 16n));
}
