import { ConfigError } from '../errors/errors.ts';
import { durationMs, type Duration } from '../time/duration.ts';

/** Bounds and default of a whole number in a connector's options. */
export interface IntegerBounds {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** Reads a whole number within bounds. @throws ConfigError */
export function integerOption(value: unknown, path: string, bounds: IntegerBounds): number {
  if (value === undefined) return bounds.default;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < bounds.min || value > bounds.max) {
    throw new ConfigError(path, `a whole number from ${bounds.min} to ${bounds.max}`, value);
  }
  return value;
}

/** Reads a duration of at least `minMs`, in ms. @throws ConfigError */
export function durationOption(value: Duration | undefined, path: string, defaultMs: number, minMs = 0): number {
  if (value === undefined) return defaultMs;
  const ms = durationMs(value, path);
  if (ms < minMs) throw new ConfigError(path, `a duration of at least ${minMs} ms`, value);
  return ms;
}

/** Reads one of a few words. @throws ConfigError */
export function wordOption<W extends string>(value: unknown, path: string, words: readonly W[], otherwise: W): W {
  if (value === undefined) return otherwise;
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw new ConfigError(path, words.map((each) => `'${each}'`).join(' or '), value);
  return word;
}

/** Reads a name that may become a part of a path or of a message. @throws ConfigError */
export function nameOption(name: string | undefined, path: string, otherwise: string): string {
  if (name === undefined) return otherwise;
  if (typeof name === 'string' && /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/.test(name)) return name;
  throw new ConfigError(path, 'up to 64 letters, digits, dots, dashes and underscores, no dot first', name);
}

/** Reads a function. @throws ConfigError */
export function functionOption(value: unknown, path: string, example: string): void {
  if (typeof value !== 'function') throw new ConfigError(path, `a function such as ${example}`, value);
}

/** @throws ConfigError unless it is an array of distinct, non-empty names, or left out */
export function headerOption(header: readonly string[] | undefined, path: string): readonly string[] | undefined {
  if (header === undefined) return undefined;
  const names: readonly unknown[] = Array.isArray(header) ? header : [];
  const areNames = names.length > 0 && names.every((name) => typeof name === 'string' && name !== '');
  if (areNames && new Set(names).size === names.length) return header;
  throw new ConfigError(path, 'column names, each one different', header);
}
