/**
 * Calls in the order in which they started, which is the order in which the target decided on them. Three
 * kinds of refusals look alike in counts and differ in this order: a ceiling refuses above a number of calls
 * in flight and never below; a limit of calls per second takes and refuses by turns at the same number; a
 * target that is away takes nothing.
 */

import type { CallSample, StageObservation } from '../../../control/observation.ts';
import { startOf } from '../samples/calls.ts';

/** One call as the target met it. */
export interface Dispatch {
  /** Monotonic ms at which it started. */
  readonly at: number;
  /** Calls in flight then, itself included; of one that was let in at least so many of them had been let in too. */
  readonly inFlight: number;
  /** Pushed back. A call that failed otherwise was let in. */
  readonly isRefused: boolean;
}

/** Evidence is forgotten after this time: fixed windows of a second show their turns well within it. */
const MEMORY_MS = 3_000;
/** Kept of one period and kind, evenly spread: enough to see turns, and a bound. */
const KEPT_PER_PERIOD = 12;

export function dispatchesOf({ samples, calls }: StageObservation): Dispatch[] {
  const refused = samples.filter(({ outcome }) => outcome === 'rejected');
  // Of many calls only some are told one by one: of others, fewer than that lie between two of them.
  const each = samples.length === 0 ? 1 : calls / samples.length;
  const untold = refused.length === 0 ? 0 : each - 1;
  return samples.map((sample) => {
    const isRefused = sample.outcome === 'rejected';
    // What is being refused is still in flight here, and not there.
    const beside = isRefused ? 0 : each * refused.filter((other) => isBefore(other, sample)).length + untold;
    return { at: startOf(sample), inFlight: Math.max(1, sample.inFlightAtStart - beside), isRefused };
  });
}

/** In flight as the other started. */
function isBefore(one: CallSample, other: CallSample): boolean {
  const [from, at] = [startOf(one), startOf(other)];
  return at < one.endedAt && (from < at || (from === at && one.inFlightAtStart < other.inFlightAtStart));
}

/**
 * What is worth remembering: nothing while nothing is refused. Calls end in another order than they
 * started, so those of a period may belong before those of the last one.
 */
export function remembered(former: readonly Dispatch[], news: readonly Dispatch[], now: number): readonly Dispatch[] {
  if (former.length === 0 && !news.some(({ isRefused }) => isRefused)) return former;
  const kept = [...former, ...thinned(news, true), ...thinned(news, false)].filter(({ at }) => now - at <= MEMORY_MS);
  return kept.some(({ isRefused }) => isRefused) ? kept.sort((one, other) => one.at - other.at) : [];
}

/**
 * How often the target refused a call, then took one beside as many others, and then refused one at fewer in flight
 * than it had just taken: no ceiling does that, not even one that moves. (At one in flight as many will do; elsewhere
 * one fewer, since a call that has ended here may still be counted there. That is rare: of four as many, one is a turn.)
 */
export function turnsIn(dispatches: readonly Dispatch[]): number {
  let turns = 0;
  let leastRefused = Infinity;
  let taken = 0;
  let isTaken = false;
  for (const { inFlight, isRefused } of dispatches) {
    if (!isRefused) {
      if (inFlight < leastRefused) continue;
      taken = Math.max(taken, inFlight);
      isTaken = true;
    } else if (inFlight < taken || (inFlight === 1 && taken === 1)) {
      turns += 1;
      taken = 0;
      leastRefused = inFlight;
      isTaken = false;
    } else {
      if (inFlight === taken && isTaken) turns += AS_MANY;
      leastRefused = Math.min(leastRefused, inFlight);
      isTaken = false;
    }
  }
  return Math.floor(turns);
}

/** Of a turn. */
const AS_MANY = 1 / 4;

function thinned(news: readonly Dispatch[], isRefused: boolean): Dispatch[] {
  const those = news.filter((each) => each.isRefused === isRefused);
  const step = Math.max(1, those.length / KEPT_PER_PERIOD);
  return Array.from(
    { length: Math.min(those.length, KEPT_PER_PERIOD) },
    (_, i) => those[Math.floor(i * step)] as Dispatch,
  );
}
