import { describe, expect, it } from 'vitest';
import { againstLimit, memoryBand, sizeFactor } from './memory-band.ts';

describe('the bands of memory', () => {
  it.each([
    [null, 'free'],
    [0.3, 'free'],
    [0.6, 'hold'],
    [0.75, 'shrink'],
    [0.85, 'admitNone'],
    [0.9, 'emergency'],
    [1, 'emergency'],
  ] as const)('at a use of %s is %s', (ratio, band) => expect(memoryBand(ratio)).toBe(band));

  it('rise at once and fall only five points below their edge', () => {
    expect(memoryBand(0.91, 'free')).toBe('emergency');
    expect(memoryBand(0.86, 'emergency')).toBe('emergency');
    expect(memoryBand(0.84, 'emergency')).toBe('admitNone');
    expect(memoryBand(0.56, 'hold')).toBe('hold');
    expect(memoryBand(0.54, 'hold')).toBe('free');
    expect(memoryBand(0.2, 'emergency')).toBe('free');
  });

  it('shrink in proportion between 75 and 85 %, and leave nothing above', () => {
    expect(sizeFactor(0.7, 'hold')).toBe(1);
    expect(sizeFactor(0.72, 'shrink')).toBe(1); // still in the band by hysteresis
    expect(sizeFactor(0.8, 'shrink')).toBeCloseTo(0.5);
    expect(sizeFactor(0.86, 'admitNone')).toBe(0);
    expect(sizeFactor(null, 'shrink')).toBe(1);
  });

  it('move down with a limit below the guide, never up', () => {
    expect(againstLimit(0.4, 0.5)).toBeCloseTo(0.6);
    expect(againstLimit(0.8, 0.9)).toBeCloseTo(0.8);
    expect(againstLimit(null, 0.5)).toBeNull();
  });
});
