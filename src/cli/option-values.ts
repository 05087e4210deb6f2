/** Values of command-line options. A wrong one is a usage error with an example. */

import { InvalidArgumentError } from 'commander';
import { durationMs } from '../time/duration.ts';

/** `30` is seconds, as people type it; with a unit it is what it says: `500ms`, `2m`. */
export function secondsOption(value: string): number {
  const text = /^\s*\d+(\.\d+)?\s*$/.test(value) ? `${value.trim()}s` : value;
  try {
    const ms = durationMs(text, 'option');
    if (ms > 0 && ms <= MOST_MS) return ms;
  } catch {
    // Falls through to our own words.
  }
  throw new InvalidArgumentError('Expected a time above 0, such as 30 (seconds), 500ms or 2m.');
}

/** What a timer can hold. */
const MOST_MS = 2 ** 31 - 1;

/** Events per second: `250000`, `250k`, `1.5M`. */
export function rateOption(value: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kKmM]?)\s*$/.exec(value);
  const factor = { k: 1e3, m: 1e6 }[match?.[2]?.toLowerCase() ?? ''] ?? 1;
  const rate = Number(match?.[1] ?? Number.NaN) * factor;
  if (rate >= 1 && rate <= 1e8) return rate;
  throw new InvalidArgumentError('Expected events per second, such as 250000, 250k or 1.5M.');
}

/** The number of a record in a log: `1` or more. */
export function sequenceOption(value: string): number {
  const sequence = /^\s*\d+\s*$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(sequence) && sequence >= 1) return sequence;
  throw new InvalidArgumentError('Expected the sequence of a record, a whole number from 1 on.');
}
