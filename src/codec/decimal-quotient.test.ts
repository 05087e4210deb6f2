import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decimalQuotient } from './decimal-quotient.ts';

function quotientOf(digits: string, fraction: number): number {
  return decimalQuotient(Number(digits.slice(0, 9)), digits.length - 9, Number(digits.slice(9)), fraction);
}

it('rounds as Number does, or says that it cannot tell', () => {
  let tried = 0;
  let undecided = 0;
  const check = (digits: string, fraction: number): void => {
    tried += 1;
    const value = quotientOf(digits, fraction);
    if (Number.isNaN(value)) undecided += 1;
    else expect(value).toBe(Number(`${digits}e-${fraction}`));
  };
  const digit = fc.integer({ min: 0, max: 9 });
  fc.assert(
    fc.property(
      fc.array(digit, { minLength: 10, maxLength: 18 }),
      fc.integer({ min: 0, max: 18 }),
      (digits, fraction) => {
        check(digits.join(''), fraction);
      },
    ),
    { numRuns: 20_000 },
  );
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 1e8, noNaN: true }), (value) => {
      const [whole = '', rest = ''] = String(value).split('.');
      const digits = whole + rest;
      if (digits.length >= 10 && digits.length <= 18) check(digits, rest.length);
    }),
    { numRuns: 20_000 },
  );
  expect(undecided / tried).toBeLessThan(0.005);
});

it('leaves an exact half undecided or rounds it to even', () => {
  // 2^53 + 1 lies exactly between two doubles.
  const value = quotientOf('9007199254740993', 0);
  expect(Number.isNaN(value) || value === 9_007_199_254_740_992).toBe(true);
});
