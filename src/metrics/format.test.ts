import { describe, expect, it } from 'vitest';

import { formatBytes, formatCount, formatMs, formatRate, formatRatio } from './format.ts';

describe('numbers for people', () => {
  it.each([
    [0, '0/s'],
    [0.4, '0/s'],
    [412, '412/s'],
    [999.4, '999/s'],
    [999.6, '1.0K/s'],
    [12_400, '12.4K/s'],
    [99_949, '99.9K/s'],
    [99_960, '100K/s'],
    [999_499, '999K/s'],
    [999_500, '1.0M/s'],
    [1_234_567, '1.2M/s'],
    [2.5e9, '2.5G/s'],
    [7e12, '7000G/s'],
  ])('write a rate of %d as %s', (value, text) => expect(formatRate(value)).toBe(text));

  it.each([
    [0, '0 us'],
    [0.412, '412 us'],
    [0.9996, '1.0 ms'],
    [8.4, '8.4 ms'],
    [123.4, '123 ms'],
    [999.7, '1.0 s'],
    [1500, '1.5 s'],
    [59_960, '1.0 min'],
    [90_000, '1.5 min'],
    [11_520_000, '3.2 h'],
  ])('write %d ms as %s', (value, text) => expect(formatMs(value)).toBe(text));

  it.each([
    [0, '0 B'],
    [812, '812 B'],
    [1_300_000_000, '1.3 GB'],
    [536_870_912, '537 MB'],
    [16_384, '16.4 KB'],
    [3e15, '3000 TB'],
  ])('write %d bytes as %s', (value, text) => expect(formatBytes(value)).toBe(text));

  it.each([
    [0, '0 %'],
    [0.004, '0.4 %'],
    [0.0994, '9.9 %'],
    [0.0996, '10 %'],
    [0.97, '97 %'],
    [1, '100 %'],
  ])('write a ratio of %d as %s', (value, text) => expect(formatRatio(value)).toBe(text));

  it.each([
    [0, '0'],
    [999, '999'],
    [12_400, '12,400'],
    [1_234_567.4, '1,234,567'],
  ])('write a count of %d as %s', (value, text) => expect(formatCount(value)).toBe(text));

  it.each([null, Number.NaN, Infinity])('write %s as unknown', (value) => {
    for (const format of [formatRate, formatMs, formatBytes, formatRatio, formatCount]) {
      expect(format(value)).toBe('-');
    }
  });
});
