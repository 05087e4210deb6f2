/**
 * Decimals of 16 to 18 digits, correctly rounded: what a computed double looks like in JSON.
 *
 * Invariants
 * - The result is the double nearest to the quotient, or NaN where rounding is too close to call.
 *
 * The integer M = mantissa * 10^count + tail does not fit a double, but two: M = high + low, exactly.
 * The quotient's error is taken from the exact remainder (Dekker 1971, "A floating-point technique for
 * extending the available precision"), which leaves about 100 bits to decide on 53.
 * Cost: about 40 floating-point operations; Number() of the text takes ten times as long.
 */
import { POWERS_OF_TEN } from './powers-of-ten.ts';

/** 2^27 + 1: splits a double into two halves of 26 bits. */
const SPLITTER = 134_217_729;
/** Far more than the relative error of the correction, far less than what decides in practice. */
const DOUBT = 2 ** -45;

/**
 * (mantissa * 10^count + tail) / 10^fraction.
 * @param mantissa - the first digits, at most nine
 * @param count - digits in `tail`, at most nine
 * @param fraction - at most 22
 */
export function decimalQuotient(mantissa: number, count: number, tail: number, fraction: number): number {
  const scale = POWERS_OF_TEN[count] as number;
  const divisor = POWERS_OF_TEN[fraction] as number;
  const upper = (mantissa >> 15) * scale * 32_768;
  const lower = (mantissa & 32_767) * scale + tail;
  const high = upper + lower;
  const low = lower - (high - upper);
  const quotient = high / divisor;
  // quotient * divisor = product + error, exactly.
  const product = quotient * divisor;
  const q = SPLITTER * quotient;
  const qHigh = q - (q - quotient);
  const qLow = quotient - qHigh;
  const d = SPLITTER * divisor;
  const dHigh = d - (d - divisor);
  const dLow = divisor - dHigh;
  const error = qHigh * dHigh - product + qHigh * dLow + qLow * dHigh + qLow * dLow;
  const correction = (high - product - error + low) / divisor;
  const doubt = correction * DOUBT;
  const rounded = quotient + (correction - doubt);
  return rounded === quotient + (correction + doubt) ? rounded : NaN;
}
