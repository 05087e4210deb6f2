/**
 * How little is known of a place because nothing near it was measured: of the measured places the one that says most
 * about it, by its own doubt and by the distance. The model's own doubt is what it thinks of its smooth curves; this is what
 * they may hide between two places: a page, a cliff, a convoy from so many calls on.
 */

import type { Point } from '../cost-model.ts';
import type { Measured } from './bracket.ts';

/** Standard deviation of log ms per logarithm of distance: calls in flight disturb each other suddenly, batches rarely. */
const PER_BATCH = 0.2;
const PER_IN_FLIGHT = 0.8;
/** And of another number of calls, however near: a pool, a lock or a limit begins at one of them. */
const OTHER_IN_FLIGHT = 0.1;

/** Calls in flight vary by so much around one number. */
const SAME_CALLS = 0.5;

/** As a standard deviation of log ms; 0 where nothing was measured at all, so that there is nothing to compare with. */
export function noveltyOf({ batch, inFlight }: Point, measured: readonly Measured[]): number {
  if (measured.length === 0) return 0;
  let least = Infinity;
  for (const place of measured) {
    const inBatch = PER_BATCH * Math.log(batch / place.batch);
    const inCalls = PER_IN_FLIGHT * Math.log(inFlight / place.inFlight);
    const other = Math.abs(inFlight - place.inFlight) < SAME_CALLS ? 0 : OTHER_IN_FLIGHT;
    least = Math.min(least, place.doubt ** 2 + inBatch ** 2 + inCalls ** 2 + other ** 2);
  }
  return Math.sqrt(least);
}
