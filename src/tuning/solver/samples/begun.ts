/**
 * Calls by when they began. Those that end are the quick ones, and most of those in flight are slow ones; of those that began together
 * none is missing, so they tell odd calls (odd-calls.ts) from a target of which all calls have become slow, and before any of these has ended.
 */

import type { StageObservation } from '../../../control/observation.ts';
import { ODD } from './odd-calls.ts';
import { startOf } from './calls.ts';

/** Those of one period; plain data. */
export interface Begun {
  /** Begin of the period, and its end, monotonic ms. */
  readonly from: number;
  readonly to: number;
  readonly calls: number;
  /** Of them, those that ended within `oddMs`. */
  readonly inTime: number;
  /** Longer ones are odd by what was expected. */
  readonly oddMs: number;
}

/** Periods. */
const MOST = 64;
/** So many calls tell, if fewer than this share of them were in time. Where one in five is odd, five in a row are once in 3,000 times. */
const TELLING = 5;
const SHARE = 0.2;

/**
 * @param inFlight - when the period began
 * @param expectedMs - what most calls take at the place in force; 0 = not known
 */
export function withBegun(
  before: readonly Begun[],
  observation: StageObservation,
  inFlight: number,
  expectedMs: number,
): readonly Begun[] {
  const { at, durationMs, calls, samples } = observation;
  const begun = expectedMs === 0 ? 0 : Math.max(0, calls + observation.inFlight - inFlight);
  const periods = [
    ...before.slice(1 - MOST),
    { from: at - durationMs, to: at, calls: begun, inTime: 0, oddMs: ODD * expectedMs },
  ];
  // Of many calls only the newest are told one by one.
  const each = calls / Math.max(1, samples.length);
  for (const sample of samples) {
    const index = periods.findLastIndex(({ from }) => startOf(sample) >= from);
    const period = periods[index];
    if (period === undefined || sample.durationMs > period.oddMs) continue;
    periods[index] = { ...period, inTime: period.inTime + each };
  }
  return periods;
}

/** Most calls that began lately, long enough ago, are odd. */
export function areSlow(begun: readonly Begun[], at: number): boolean {
  let [calls, inTime] = [0, 0];
  for (const period of begun.toReversed()) {
    const beganAt = (period.from + period.to) / 2;
    if (at < beganAt + period.oddMs) continue;
    calls += period.calls;
    inTime += Math.min(period.calls, period.inTime);
    if (calls >= TELLING) return inTime < SHARE * calls;
  }
  return false;
}
