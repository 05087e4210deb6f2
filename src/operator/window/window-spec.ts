/**
 * How a stream is cut into windows. All times are whole milliseconds since the epoch; a window
 * holds `start <= time < end`.
 */

import { objectOfOptions } from '../../errors/declared.ts';
import { ConfigError } from '../../errors/errors.ts';
import { type Duration, durationMs } from '../../time/duration.ts';

export type WindowSpec =
  | { readonly kind: 'tumbling'; readonly sizeMs: number; readonly offsetMs: number }
  | { readonly kind: 'sliding'; readonly sizeMs: number; readonly everyMs: number; readonly offsetMs: number }
  | { readonly kind: 'session'; readonly gapMs: number }
  | { readonly kind: 'global' };

/** Windows per event of a sliding window that cannot share panes; and panes per window of one that can. */
const MAX_OVERLAP = 10_000;

/** Windows of one size, one after the other: `[n * size + offset, (n + 1) * size + offset)`. */
export function tumbling(size: Duration, options: { readonly offset?: Duration } = {}): WindowSpec {
  objectOfOptions(options, 'tumbling.options');
  const sizeMs = wholeMs(size, 'tumbling.size', 1);
  return { kind: 'tumbling', sizeMs, offsetMs: offsetOf(options.offset, sizeMs, 'tumbling.offset') };
}

/**
 * A window of `size` at every multiple of `every`, so an event is in size / every of them.
 *
 * Cost: one update per event, and per close a merge of size / gcd(size, every) panes; with an
 * aggregate that cannot merge, and for the events themselves, size / every updates per event.
 *
 * @throws ConfigError when `every` exceeds `size` (events between windows would be lost) or when a
 *   window would have more than 10,000 panes
 */
export function sliding(options: {
  readonly size: Duration;
  readonly every: Duration;
  readonly offset?: Duration;
}): WindowSpec {
  objectOfOptions(options, 'sliding');
  const sizeMs = wholeMs(options.size, 'sliding.size', 1);
  const everyMs = wholeMs(options.every, 'sliding.every', 1);
  if (everyMs > sizeMs) {
    throw new ConfigError(
      'sliding.every',
      `at most the size, ${sizeMs} ms`,
      options.every,
      'Filter before the window.',
    );
  }
  if (sizeMs / greatestCommonDivisor(sizeMs, everyMs) > MAX_OVERLAP) {
    throw new ConfigError(
      'sliding.every',
      `a size of at most ${MAX_OVERLAP} common divisors of size and every`,
      options.every,
      'Round size or every.',
    );
  }
  return { kind: 'sliding', sizeMs, everyMs, offsetMs: offsetOf(options.offset, everyMs, 'sliding.offset') };
}

/** Per key, events less than `gap` apart: from the first one to the last one plus `gap`. */
export function session(options: { readonly gap: Duration }): WindowSpec {
  objectOfOptions(options, 'session');
  return { kind: 'session', gapMs: wholeMs(options.gap, 'session.gap', 1) };
}

/**
 * The whole input: closes at its end only. `start` is the smallest event time, `end` one
 * millisecond after the largest.
 */
export function global(): WindowSpec {
  return { kind: 'global' };
}

export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Whole, so that window bounds are exact whatever the time; and below 10,000 years. */
export function wholeMs(value: Duration, path: string, least: number): number {
  const ms = durationMs(value, path);
  if (!Number.isInteger(ms) || ms < least || ms > 3.2e14) {
    throw new ConfigError(path, `a whole number of milliseconds, at least ${least}`, value);
  }
  return ms;
}

/** May be negative: time zones are. */
function offsetOf(value: Duration | undefined, periodMs: number, path: string): number {
  if (value === undefined) return 0;
  const ms = typeof value === 'number' ? value : durationMs(value, path);
  if (!Number.isInteger(ms)) throw new ConfigError(path, 'a whole number of milliseconds', value);
  return ((ms % periodMs) + periodMs) % periodMs;
}
