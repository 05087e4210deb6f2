/**
 * Calls that fail for want of room: a target that is asked for too much at once does not say so, it lets calls run into
 * their time limit. The slots that they take give nothing, and each of them is tried again.
 *
 * Calls also fail at random, and then twice the slots give twice as much. So there are too many only where far fewer in a
 * hundred are of use than of a smaller number (slot-use.ts). Then as many are granted as were of use; after a wait some
 * more, and ever more for as long as those are of use too.
 */

import type { StageObservation } from '../../../control/observation.ts';
import {
  smallerUses,
  timeOf,
  usefulIn,
  usefulShare,
  useOf,
  wastedIn,
  withUse,
  type SlotUse,
  type SlotUses,
} from './slot-use.ts';

/** Plain data. */
export interface Congestion {
  readonly uses: SlotUses;
  /** Time of calls that ended well and of those that failed, of late, ms. */
  readonly okMs: number;
  readonly failedMs: number;
  /** Slots granted, and since when, monotonic ms. */
  readonly slots: number;
  readonly since: number;
  /** Most calls in flight. Absent: any. */
  readonly bound?: number;
  /** Before the bound was raised, while that is judged: what it was, and the slots that were of use. */
  readonly former?: { readonly bound: number; readonly useful: number };
  /** When it may be raised, or is judged, monotonic ms. */
  readonly nextAt: number;
  readonly waitMs: number;
}

/** Calls that run into a time limit end late and together. */
const MEMORY_MS = 2_000;
/** What it takes to judge by the use of slots, ms. */
const LEAST_MS = 400;
/** Share of the time of calls that went to those that failed: below it there is little to win. */
const WASTEFUL = 0.15;
/** Slots that are taken for nothing: fewer are the failures of a stage with little to do. */
const LEAST_WASTED = 1;
/** Too many slots are of less use each, by this factor. */
const CONGESTED = 0.5;
/** By how much the bound is raised, how long that is tried, and the share of what it should give that it must. */
const RAISE = 1.25;
const TRY_MS = 1_200;
const WORTH = 0.5;
const FIRST_WAIT_MS = 3_000;
const MAX_WAIT_MS = 120_000;

export const NO_CONGESTION: Congestion = {
  uses: [],
  okMs: 0,
  failedMs: 0,
  slots: 0,
  since: 0,
  nextAt: 0,
  waitMs: FIRST_WAIT_MS,
};

/** Far fewer of the slots in a hundred are of use than of a smaller number. */
export function isCongested({ uses, slots }: Congestion): boolean {
  const use = useOf(uses, slots);
  return use !== undefined && usefulShare(use) <= CONGESTED * bestShare(smallerUses(uses, slots));
}

/** @param slots - calls that may be in flight in this period */
export function nextCongestion(before: Congestion, observation: StageObservation, slots: number): Congestion {
  const now = withPeriod(before, observation, slots);
  const use = useOf(now.uses, slots);
  if (use === undefined || use.forMs < LEAST_MS) return now;
  return now.bound === undefined ? bounded(now, use, observation.at) : moved(now, now.bound, use, observation);
}

function withPeriod(before: Congestion, observation: StageObservation, slots: number): Congestion {
  const { at, durationMs } = observation;
  const keep = Math.max(0, 1 - durationMs / MEMORY_MS);
  const since = slots === before.slots ? before.since : at - durationMs;
  return {
    ...before,
    uses: withUse(before.uses, observation, slots, since),
    okMs: keep * before.okMs + timeOf(observation, 'ok'),
    failedMs: keep * before.failedMs + timeOf(observation, 'failed'),
    slots,
    since,
  };
}

function bounded(now: Congestion, use: SlotUse, at: number): Congestion {
  const isWasteful = now.failedMs > WASTEFUL * (now.okMs + now.failedMs) && wastedIn(use) >= LEAST_WASTED;
  if (!isWasteful || !isCongested(now)) return now;
  const smaller = smallerUses(now.uses, now.slots);
  const useful = Math.max(usefulIn(use), ...smaller.map(usefulIn));
  // Some fail at random as well: so many slots more than are of use.
  return { ...now, bound: Math.max(1, Math.round(useful / bestShare(smaller))), nextAt: at + now.waitMs };
}

function bestShare(uses: readonly SlotUse[]): number {
  return Math.max(0, ...uses.map(usefulShare));
}

/** Tries more slots, and returns to fewer where that gave nothing. */
function moved(now: Congestion, bound: number, use: SlotUse, { at, inFlight }: StageObservation): Congestion {
  if (at < now.nextAt) return now;
  const { former, ...rest } = now;
  const useful = usefulIn(use);
  if (former !== undefined && useful < former.useful * (1 + WORTH * (bound / former.bound - 1))) {
    const waitMs = Math.min(MAX_WAIT_MS, 2 * now.waitMs);
    return { ...rest, bound: former.bound, nextAt: at + now.waitMs, waitMs };
  }
  if (inFlight < bound) return rest;
  const raised = Math.max(bound + 1, Math.round(RAISE * bound));
  return { ...now, uses: [], former: { bound, useful }, bound: raised, nextAt: at + TRY_MS };
}
