import { describe, expect, it } from 'vitest';
import { MemoryWatch } from './memory-watch.ts';

/** Samples every 125 ms. @returns at which of them something was to be done, and what */
function observed(watch: MemoryWatch, fromMs: number, memory: readonly (number | null)[]): [number, string][] {
  return memory.flatMap((each, i) => {
    const answer = watch.observe(each, fromMs + i * 125);
    return answer === undefined ? [] : [[i, answer] as [number, string]];
  });
}

const times = (count: number, memory: number): number[] => new Array<number>(count).fill(memory);

describe('a thread whose memory', () => {
  it('stays above the limit for a second is to be replaced, once', () => {
    expect(observed(new MemoryWatch(), 0, [...times(20, 84.9), ...times(40, 85)])).toEqual([[28, 'replace']]);
  });

  it('falls again with each collection is not', () => {
    const saw = [86, 90, 94, 97, 99, 60];
    expect(observed(new MemoryWatch(), 0, [...saw, ...saw, ...saw, ...saw])).toEqual([]);
  });

  it('is not known is not', () => {
    expect(observed(new MemoryWatch(), 0, [null, null])).toEqual([]);
  });

  it('is full soon after its predecessor was replaced goes on, and later ones may be replaced again', () => {
    const watch = new MemoryWatch();
    watch.succeeded(0);
    expect(observed(watch, 5_000, times(200, 95))).toEqual([[8, 'say']]);
    watch.succeeded(60_000);
    expect(observed(watch, 71_000, times(20, 95))).toEqual([[8, 'replace']]);
  });
});
