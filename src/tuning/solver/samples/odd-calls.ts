/**
 * Calls that last far longer than most of their stay: those of a second, slower speed (a cache that misses, a slow shard), or accidents.
 * What a place costs is learned from the others, which are many and alike; how many are odd, and by how much, from the calls of
 * all places together (model/tail.ts), since few calls of one place are rarely of both.
 */

import type { Point } from '../cost-model.ts';

/** What most calls take is known from so many. */
export const HEARD = 3;
/** Over what most take. Of exponential durations it is one in eleven, of log-normal ones with a sigma of .4 one in a thousand. */
export const ODD = 3.5;
/** A target that has become slower is told from odd calls by the newest ones: more of them would hear of it later. */
export const NEWEST = 7;

/** All calls over what most of them take. */
export interface Mix {
  /** Mean. */
  readonly mean: number;
  /** Standard deviation over the mean. */
  readonly spread: number;
}

/** What a call would have lasted with whole batches, ms: while the edge is not full, calls of a stay are of many sizes. */
export function wholeMs(
  call: Point & { readonly ms: number },
  stay: Point,
  expectedMs: (point: Point) => number | undefined,
): number {
  if (call.batch === stay.batch) return call.ms;
  return call.ms * ((expectedMs(stay) ?? 1) / (expectedMs(call) ?? 1));
}

/** Over the one in the middle of the newest calls of its stay; what was expected counts like two of them. */
export function oddnessOf(ms: number, recent: readonly number[], expectedMs: number): number {
  const all = expectedMs > 0 ? [...recent, expectedMs, expectedMs] : [...recent];
  return ms / (all.sort((one, other) => one - other)[(all.length - 1) >> 1] ?? ms);
}
