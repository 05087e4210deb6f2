import { describe, expect, it } from 'vitest';
import { rateOption, secondsOption } from './option-values.ts';

describe('values of options', () => {
  it.each([
    ['30', 30_000],
    ['0.5', 500],
    ['500ms', 500],
    ['2m', 120_000],
  ])('reads the time %s as %d ms', (text, ms) => expect(secondsOption(text)).toBe(ms));

  it.each(['', '0', '-1', 'soon', '1e9', '9999999999'])('refuses the time %j', (text) => {
    expect(() => secondsOption(text)).toThrow(/Expected a time above 0/);
  });

  it.each([
    ['250000', 250_000],
    ['250k', 250_000],
    ['1.5M', 1_500_000],
  ])('reads the rate %s as %d', (text, rate) => expect(rateOption(text)).toBe(rate));

  it.each(['', '0', 'fast', '1G', '-5', '999M'])('refuses the rate %j', (text) => {
    expect(() => rateOption(text)).toThrow(/Expected events per second/);
  });
});
