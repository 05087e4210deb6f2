/**
 * What has been measured, place by place: the mean duration of calls at a batch size and a concurrency, each kept
 * by a Kalman filter of its own in the logarithm.
 *
 * Invariants (cells.test.ts)
 * - At most MAX_CELLS; where they run out, the two nearest become one.
 * - A place keeps its exact mean coordinates: the edge of a page or of a cliff is not blurred by a grid.
 */

import type { Point } from '../cost-model.ts';
import { clamp, columnOf, square } from './numbers.ts';
import { isByOneOf } from './odd.ts';

export interface Cell {
  readonly batch: number;
  readonly inFlight: number;
  /** Logarithm of the mean duration in ms, without the common level. */
  readonly logMs: number;
  /** Of logMs, as of `at`. */
  readonly variance: number;
  /** Periods in which it was seen. */
  readonly visits: number;
  /** What the last of them was off by, where that was more than likely; else 0. */
  readonly surprise: number;
  /** Monotonic ms of the last of them. */
  readonly at: number;
}

export const MAX_CELLS = 48;

/** Places within 1 % of each other are one. */
const SAME_PLACE = 0.01;
/** Standard deviation by which a place's own cost wanders in a second, apart from the common level. */
const WANDER_PER_SECOND = 0.003;
/**
 * An innovation of more standard deviations than this is a surprise. Where it is more than a single odd call explains, or a
 * second of the same sign follows, the place has changed: old evidence counts less.
 */
const SURPRISE = 3;

/** A place's evidence, seen from a later time. */
export function varianceAt({ variance, at }: Cell, now: number): number {
  return variance + (Math.max(0, now - at) / 1000) * square(WANDER_PER_SECOND);
}

/**
 * How well this place is known from settled ones, as a standard deviation; undefined where none is all but the same. Only
 * what is settled can tell a change of level from a place's own cost: what a prediction from further off has wrong is the
 * same in every period, and would look like drift.
 */
export function settledDoubt(
  cells: readonly Cell[],
  { batch, inFlight }: Pick<Cell, 'batch' | 'inFlight'>,
): number | undefined {
  let nearest = Infinity;
  for (const cell of cells) {
    if (!isSettled(cell)) continue;
    const calls = CALLS_APART * Math.abs(Math.log(cell.inFlight / inFlight));
    nearest = Math.min(nearest, Math.abs(Math.log(cell.batch / batch)) + calls);
  }
  if (nearest > NEAR) return undefined;
  return nearest < SAME_PLACE ? 0 : nearest * DOUBT_BY_DISTANCE;
}

const SETTLED = 0.05;
const SETTLED_VISITS = 3;
export function isSettled({ visits, variance }: Cell): boolean {
  return visits >= SETTLED_VISITS && variance <= square(SETTLED);
}

/** Logarithmic distance up to which a place counts as known, and what it adds to the doubt. */
const NEAR = 0.06;
const DOUBT_BY_DISTANCE = 0.2;
/** Calls in flight disturb each other suddenly, batches rarely. */
const CALLS_APART = 4;

/** What a period saw of a place. */
export interface Seen extends Cell {
  /** It rests on so many calls. */
  readonly calls: number;
}

/** Takes in what one period saw, place by place. */
export function withEvidence(before: readonly Cell[], seen: readonly Seen[]): readonly Cell[] {
  const cells = before.slice();
  for (const each of seen) {
    const index = indexOfPlace(cells, each);
    if (index >= 0) cells[index] = updated(cells[index] as Cell, each);
    else cells.push(cellOf(each));
    if (cells.length > MAX_CELLS) mergeNearest(cells, each.at);
  }
  return cells;
}

function indexOfPlace(cells: readonly Cell[], seen: Cell): number {
  for (let i = 0; i < cells.length; i += 1) if (isSamePlace(cells[i] as Cell, seen)) return i;
  return -1;
}

/** What is seen of one is seen of the other. */
export function isSamePlace(one: Point, other: Point): boolean {
  return isNear(one.batch / other.batch) && isNear(one.inFlight / other.inFlight);
}

/** Most are far off, and a logarithm costs more than a comparison. */
function isNear(ratio: number): boolean {
  return Math.abs(ratio - 1) < 2 * SAME_PLACE && Math.abs(Math.log(ratio)) < SAME_PLACE;
}

function cellOf({ batch, inFlight, logMs, variance, visits, surprise, at }: Seen): Cell {
  return { batch, inFlight, logMs, variance, visits, surprise, at };
}

function updated(cell: Cell, seen: Seen): Cell {
  const innovation = seen.logMs - cell.logMs;
  const known = varianceAt(cell, seen.at);
  const likely = SURPRISE * Math.sqrt(known + seen.variance);
  const isSurprise = Math.abs(innovation) > likely;
  const hasChanged = isSurprise && (innovation * cell.surprise > 0 || !isByOneOf(seen.calls, innovation));
  const variance = hasChanged ? known + square(innovation) : known;
  const gain = variance / (variance + seen.variance);
  return {
    ...between(cell, seen, gain),
    logMs: cell.logMs + gain * (hasChanged ? innovation : clamp(innovation, -likely, likely)),
    variance: (1 - gain) * variance,
    visits: cell.visits + seen.visits,
    surprise: isSurprise && !hasChanged ? innovation : 0,
    at: seen.at,
  };
}

function between(one: Cell, other: Cell, share: number): Pick<Cell, 'batch' | 'inFlight'> {
  const mix = (from: number, to: number): number => from * (to / from) ** share;
  return { batch: mix(one.batch, other.batch), inFlight: mix(one.inFlight, other.inFlight) };
}

/** The two nearest become one, unless one says next to nothing: then that goes. */
function mergeNearest(cells: Cell[], now: number): void {
  let [first, second] = [0, 1];
  let least = Infinity;
  const batches = columnOf(cells, ({ batch }) => Math.log(batch));
  const inFlights = columnOf(cells, ({ inFlight }) => Math.log(inFlight));
  for (let i = 0; i < batches.length; i += 1) {
    const batch = batches[i] as number;
    const inFlight = inFlights[i] as number;
    for (let j = i + 1; j < batches.length; j += 1) {
      const inBatch = Math.abs(batch - (batches[j] as number));
      // Most are too far off in batch alone.
      if (inBatch >= least) continue;
      const distance = inBatch + 2 * Math.abs(inFlight - (inFlights[j] as number));
      if (distance >= least) continue;
      first = i;
      second = j;
      least = distance;
    }
  }
  const one = cells[first] as Cell;
  const other = cells[second] as Cell;
  const weights = [1 / varianceAt(one, now), 1 / varianceAt(other, now)] as const;
  const share = weights[1] / (weights[0] + weights[1]);
  const recent = one.at > other.at ? one : other;
  cells[first] = {
    ...between(one, other, share),
    logMs: one.logMs + share * (other.logMs - one.logMs),
    variance: 1 / (weights[0] + weights[1]) + square(least / 4),
    visits: Math.max(one.visits, other.visits),
    surprise: 0,
    at: recent.at,
  };
  cells.splice(second, 1);
}
