import type { Key, TimeDomain } from '../operator.ts';

/** Largest time of a JavaScript Date: beyond it window bounds would no longer be exact. */
const MAX_TIME_MS = 8.64e15;

/** @throws RangeError when window bounds could not be exact for this time */
export function checkTime(timeMs: number): void {
  if (!(Math.abs(timeMs) <= MAX_TIME_MS))
    throw new RangeError(`event time ${timeMs} is not a time that a Date can hold`);
}

/** In processing time an event happens now, so a wall clock that steps back makes nothing late. */
export function timeIn(time: TimeDomain, timeMs: number): number {
  const { watermark } = time;
  return time.kind === 'processing' && timeMs < watermark && watermark < Infinity ? watermark : timeMs;
}

/** A `Collector.push` argument list, for what is kept of an event on slow paths. */
export interface Arrival {
  readonly event: unknown;
  readonly key: Key | undefined;
  readonly keyId: number;
}
