import { describe, expect, it } from 'vitest';
import { paymentBytes } from './load.ts';

describe('the demo load', () => {
  it('hands out whole lines in order, also around the end', () => {
    const bytes = paymentBytes();
    const ids = (first: number, count: number): number[] =>
      Buffer.from(bytes.take(first, count))
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: number }).id);
    expect(ids(0, 3)).toEqual([0, 1, 2]);
    expect(ids(16_383, 2)).toEqual([16_383, 0]);
    expect(ids(1_000_000, 1024)).toHaveLength(1024);
  });
});
