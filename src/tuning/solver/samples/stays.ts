/**
 * Stays at an operating point: a call belongs to the one in which it began.
 */

import type { StageObservation } from '../../../control/observation.ts';
import type { StageSettings } from '../../../control/settings.ts';
import type { Point } from '../cost-model.ts';
import type { UsableCall } from './calls.ts';

/** Monotonic ms. */
export interface Stay {
  readonly point: Point;
  readonly from: number;
  /** Absent: it goes on. */
  readonly to?: number;
  /** Over, another number of calls was in flight after it. */
  readonly hasOtherCalls?: boolean;
  readonly hasMoreCalls?: boolean;
  /** Calls of it that have been used. */
  readonly used: number;
  /** Durations of the newest that ended in it, of whole batches, ms. */
  readonly recent: readonly number[];
  /** Mean calls in flight while those of them ran that ended in it. */
  readonly inFlight?: number | undefined;
}

/** The slowest calls end many stays after their own. */
const MAX_STAYS = 12;
/** Over the longest that have ended. */
const LONGER = 4;
/** Nothing was seen yet. */
const NEVER = Number.MIN_SAFE_INTEGER;
/** Clocks have so much play, ms. */
const CLOCK_MS = 1e-6;

export function firstStay(settings: StageSettings): Stay {
  return stayAt(pointOf(settings), NEVER);
}

function stayAt(point: Point, from: number): Stay {
  return { point, from, used: 0, recent: [] };
}

export function pointOf({ batchLimit, concurrency }: StageSettings): Point {
  return { batch: batchLimit, inFlight: concurrency };
}

export function isSamePoint(one: Point, other: Point): boolean {
  return one.batch === other.batch && one.inFlight === other.inFlight;
}

/** The same stays, or with another one where the settings have changed. */
export function continued(
  stays: readonly Stay[],
  settings: StageSettings,
  { at, durationMs }: StageObservation,
): readonly Stay[] {
  const point = pointOf(settings);
  const present = stays.at(-1) as Stay;
  const changedAt = at - durationMs;
  if (present.from === NEVER) return [stayAt(point, changedAt)];
  if (isSamePoint(present.point, point)) return stays;
  const hasOtherCalls = present.point.inFlight !== point.inFlight;
  const hasMoreCalls = point.inFlight > present.point.inFlight;
  const left = { ...present, to: changedAt, hasOtherCalls, hasMoreCalls };
  return [...stays.slice(1 - MAX_STAYS, -1), left, stayAt(point, changedAt)];
}

/** Its index; -1: of none that is known. */
export function stayOf({ startedAt }: UsableCall, stays: readonly Stay[]): number {
  return stays.findLastIndex(({ from }) => startedAt >= from - CLOCK_MS);
}

/** What calls of a stay are known to take at most, once every slot has had one: what was expected of a place never seen may be far more. */
export function shownMs({ point, from, to = Infinity }: Stay, ended: readonly UsableCall[]): number {
  const own = ended.filter(({ startedAt }) => startedAt >= from - CLOCK_MS && startedAt < to);
  return own.length < point.inFlight ? Infinity : LONGER * Math.max(...own.map(({ ms }) => ms));
}

/** It ran on into other numbers of calls in flight. */
export function isBeyond({ startedAt, ms }: UsableCall, { to = Infinity, hasOtherCalls }: Stay): boolean {
  return hasOtherCalls === true && startedAt + ms > to;
}
