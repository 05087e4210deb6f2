import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../event/dead-letter.ts';
import { Origin } from '../../event/origin.ts';
import { DeadLetters, KEPT_DEAD_LETTER_BYTES, KEPT_DEAD_LETTERS } from './dead-letters.ts';

const letter = (offset: number, what: Partial<DeadLetter> = {}): DeadLetter => ({
  flow: 'f',
  at: 'decode',
  reason: 'bad',
  time: 0,
  partition: 'p',
  offset,
  ...what,
});

function added(letters: readonly DeadLetter[]): DeadLetters {
  const all = new DeadLetters(() => undefined);
  for (const each of letters) all.add(each, new Origin('p', 1, 1, 0, () => undefined));
  return all;
}

const offsets = (letters: DeadLetters): number[] => letters.newest().map(({ offset }) => offset);

describe('the newest dead letters', () => {
  it('are so many, in order of arrival, and all are counted', () => {
    const letters = added(Array.from({ length: KEPT_DEAD_LETTERS + 5 }, (_, i) => letter(i)));
    expect(letters.count).toBe(KEPT_DEAD_LETTERS + 5);
    expect(offsets(letters)).toEqual(Array.from({ length: KEPT_DEAD_LETTERS }, (_, i) => i + 5));
  });

  it('are bounded in bytes, of what came in and of events alike', () => {
    const third = KEPT_DEAD_LETTER_BYTES / 3;
    expect(offsets(added([0, 1, 2, 3].map((i) => letter(i, { raw: new Uint8Array(third) }))))).toEqual([2, 3]);
    expect(offsets(added([0, 1, 2, 3].map((i) => letter(i, { event: { text: 'x'.repeat(third) } }))))).toEqual([2, 3]);
  });

  it('hold the newest, however large, and small ones again after it', () => {
    const large = letter(1, { raw: new Uint8Array(KEPT_DEAD_LETTER_BYTES * 2) });
    expect(offsets(added([letter(0), large]))).toEqual([1]);
    expect(offsets(added([large, letter(2), letter(3)]))).toEqual([2, 3]);
  });

  it('take an event whose own getter throws', () => {
    const event = Object.defineProperty({}, 'x', { enumerable: true, get: () => expect.unreachable() });
    expect(offsets(added([letter(0, { event })]))).toEqual([0]);
  });
});
