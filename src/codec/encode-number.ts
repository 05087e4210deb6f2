/**
 * Numbers as JSON text, written as bytes.
 *
 * Invariants
 * - The bytes are those of String(value). A decimal of up to 15 digits is the shortest text of its
 *   double, since no other such decimal has the same double; so an integer r with r / 10^k === value
 *   gives the digits.
 *
 * Why: String() of a double costs about 200 ns, this 10 to 20 (bench/micro/encoder.ts).
 */

/** No number takes more: sign, 17 digits, point, exponent. */
export const MAX_NUMBER_BYTES = 26;

const MAX_EXACT = 1e15;

/** Writes a finite number at `at`; returns the position after it. */
export function writeNumber(out: Uint8Array, at: number, value: number): number {
  if (value < 0) {
    out[at] = 45;
    return writePositive(out, at + 1, -value);
  }
  return writePositive(out, at, value);
}

function writePositive(out: Uint8Array, at: number, value: number): number {
  if (value < MAX_EXACT) {
    const whole = Math.floor(value);
    if (whole === value) return writeInteger(out, at, whole);
    if (value >= 1e-3) {
      const thousandths = Math.round(value * 1000);
      if (thousandths < MAX_EXACT && thousandths / 1000 === value) {
        return writeFraction(out, writeInteger(out, at, whole), thousandths - whole * 1000, 3);
      }
      const millionths = Math.round(value * 1e6);
      if (millionths < MAX_EXACT && millionths / 1e6 === value) {
        return writeFraction(out, writeInteger(out, at, whole), millionths - whole * 1e6, 6);
      }
    }
  }
  const text = String(value);
  for (let i = 0; i < text.length; i++) out[at++] = text.charCodeAt(i);
  return at;
}

/** Eight digits at a time, so that the divisions are of small integers. */
function writeInteger(out: Uint8Array, at: number, value: number): number {
  if (value < 1e8) return writeDigits(out, at, value, digitsOf(value));
  const high = Math.floor(value / 1e8);
  return writeDigits(out, writeDigits(out, at, high, digitsOf(high)), value - high * 1e8, 8);
}

/** `value` / 10^digits without trailing zeros. */
function writeFraction(out: Uint8Array, at: number, value: number, digits: number): number {
  out[at] = 46;
  let end = writeDigits(out, at + 1, value, digits);
  while (out[end - 1] === 48) end -= 1;
  return end;
}

function writeDigits(out: Uint8Array, at: number, value: number, digits: number): number {
  let rest = value | 0;
  for (let i = at + digits - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0;
    out[i] = 48 + rest - tenth * 10;
    rest = tenth;
  }
  return at + digits;
}

function digitsOf(value: number): number {
  if (value < 1e4) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  return value < 1e6 ? (value < 1e5 ? 5 : 6) : value < 1e7 ? 7 : 8;
}
