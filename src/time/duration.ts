import { isText } from '../errors/declared.ts';
import { ConfigError } from '../errors/errors.ts';

/** Milliseconds as a number, or a number with a unit: `'250us'`, `'10ms'`, `'1.5s'`, `'5m'`, `'2h'`, `'1d'`, `'5 min'`. */
export type Duration = number | string;

const UNIT_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Reads a duration in milliseconds.
 *
 * @param path - where the value stands in the user's declaration, for the error message
 * @throws ConfigError when it is not a finite, non-negative number or `<number><unit>`
 * @example
 * durationMs('1.5s', 'window.size') // 1500
 */
export function durationMs(value: Duration, path: string): number {
  const parsed = typeof value === 'number' ? value : isText(value) ? parse(value) : Number.NaN;
  if (!Number.isFinite(parsed) || parsed < 0) {
    throw new ConfigError(path, 'a duration such as 250, "10ms", "1.5s", "5m" or "2h"', value);
  }
  return parsed;
}

function parse(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/.exec(text);
  const unit = match?.[2] === undefined ? undefined : UNIT_MS[match[2]];
  return unit === undefined ? Number.NaN : Number(match?.[1]) * unit;
}
