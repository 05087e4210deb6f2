import { describe, expect, it } from 'vitest';
import { Origin } from './origin.ts';

function originOf(): { origin: Origin; settled: () => number } {
  let settled = 0;
  const origin = new Origin('p', 7, 3, 0, () => (settled += 1));
  return { origin, settled: () => settled };
}

describe('Origin', () => {
  it('settles once, after the last of its parts', () => {
    const { origin, settled } = originOf();
    origin.retain();
    origin.release();
    expect([settled(), origin.isConfirmed]).toEqual([0, false]);
    origin.release();
    expect([settled(), origin.isConfirmed]).toEqual([1, true]);
  });

  it('refuses to be released once too often', () => {
    const { origin } = originOf();
    origin.release();
    expect(() => origin.release()).toThrow('released more often than it was retained');
  });

  it('is never confirmed once a part was rejected, and keeps the first cause', () => {
    const { origin, settled } = originOf();
    origin.retain();
    origin.retain();
    origin.reject('first');
    origin.reject('second');
    origin.release();
    expect([settled(), origin.isConfirmed, origin.rejection?.cause]).toEqual([1, false, 'first']);
  });
});
