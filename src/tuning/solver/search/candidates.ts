/** Where the search may look: operating points within bounds, limits and reach, that meet the target by prediction. */

import type { Bound } from '../../../control/goal.ts';
import { behindMs } from '../load/bulk.ts';
import { p95Of, type CostModel, type Point } from '../cost-model.ts';
import { square } from '../model/numbers.ts';

export interface SearchSpace {
  readonly model: CostModel;
  /** p95 that a point may have by prediction, ms. */
  readonly p95Ms: number;
  readonly batch: Bound;
  readonly concurrency: Bound;
  /** Absent: no limit. */
  readonly callsPerMs?: number | undefined;
  /** Events that come together (load/bulk.ts). Absent: 0. */
  readonly bulk?: number;
  /** Events per ms beyond which there is nothing to gain, since what follows takes no more. Absent: no such limit. */
  readonly enough?: number | undefined;
}

export interface Candidate extends Point {
  /** Events per ms, and ms, by prediction. */
  readonly throughput: number;
  readonly p95Ms: number;
  /** Logarithm of the throughput, less what overstepping the target or the limit on calls costs. */
  readonly score: number;
}

/** Growth beyond what has been explored, per move: further off a prediction is a guess. */
const BATCH_REACH = 2.5;
const CONCURRENCY_REACH = 2;
const LEAST_BATCH_REACH = 4;
/** Ratio of neighbours on the coarse grid, and on the fine one. */
const BATCH_STEP = 2 ** (1 / 2);
const CONCURRENCY_STEP = 2 ** (1 / 3);
const FINE_STEP = 2 ** (1 / 12);

/** The space within reach of what has been explored. */
export function withinReach(space: SearchSpace): SearchSpace {
  const { explored } = space.model;
  return {
    ...space,
    batch: upTo(space.batch, Math.max(LEAST_BATCH_REACH, explored.batch * BATCH_REACH)),
    concurrency: upTo(space.concurrency, explored.inFlight * CONCURRENCY_REACH),
  };
}

function upTo({ min, max }: Bound, reach: number): Bound {
  return { min, max: Math.max(min, Math.min(max, reach)) };
}

export function candidateAt(space: SearchSpace, { batch, inFlight }: Point): Candidate {
  // Paced, no more calls are in flight than start while one lasts.
  const full = space.model.predict(batch, inFlight);
  const busy = Math.min(inFlight, Math.max(1, (space.callsPerMs ?? Infinity) * full.ms));
  const cost = busy === inFlight ? full : space.model.predict(batch, busy);
  const throughput = batch * callRate(inFlight / cost.ms, space.callsPerMs);
  const p95Ms = p95Of(cost, busy) + behindMs(space.bulk ?? 0, batch, throughput);
  let score = Math.log(throughput);
  if (space.enough !== undefined && throughput > space.enough)
    score = Math.log(space.enough) + THRIFT * Math.log(throughput / space.enough / inFlight);
  if (p95Ms > space.p95Ms) score -= OVER_TARGET * Math.log(p95Ms / space.p95Ms);
  return { batch, inFlight, throughput, p95Ms, score };
}

/**
 * Calls per ms of slots that could do so many, where the target grants so many: the smaller, and less than either
 * where they are close, since calls that last longer than others make a start wait for a slot.
 */
function callRate(possible: number, granted: number | undefined): number {
  if (granted === undefined) return possible;
  // To the eighth power: with as many slots as starts need on average a twelfth of the starts is missed, with half as many
  // more 1 in 200. By roots and squares, since other powers cost ten times as much.
  return granted / Math.sqrt(Math.sqrt(Math.sqrt(1 + square(square(square(granted / possible))))));
}

/** Where there is enough, cheap events still count a little. */
const THRIFT = 0.05;

/** Twice as late is as bad as this power of half the throughput. */
export const OVER_TARGET = 4;

/** A coarse grid over the whole space, and a fine one around its best point and around the current one. */
export function candidatesIn(space: SearchSpace, current: Point): Candidate[] {
  const coarse = rows(space, steps(space.batch, BATCH_STEP), steps(space.concurrency, CONCURRENCY_STEP));
  const top = coarse.reduce((one, other) => (other.score > one.score ? other : one));
  const found = [...coarse, ...around(space, top)];
  if (!isWithin(space, current)) return found;
  return [...found, ...around(space, current), candidateAt(space, current)];
}

function around(space: SearchSpace, { batch, inFlight }: Point): Candidate[] {
  const near = (at: number, reach: number, { min, max }: Bound): Bound => ({
    min: Math.max(min, Math.min(at - 1, at / reach)),
    max: Math.min(max, Math.max(at + 1, at * reach)),
  });
  const fine = {
    batch: near(batch, BATCH_STEP, space.batch),
    inFlight: near(inFlight, CONCURRENCY_STEP, space.concurrency),
  };
  return rows(space, steps(fine.batch, FINE_STEP), steps(fine.inFlight, FINE_STEP));
}

/** For each concurrency all batches that meet the target, and the one that just does. */
function rows(space: SearchSpace, batches: readonly number[], concurrencies: readonly number[]): Candidate[] {
  const found: Candidate[] = [];
  for (const inFlight of concurrencies) {
    let fits: Candidate | undefined;
    for (const batch of batches) {
      const candidate = candidateAt(space, { batch, inFlight });
      if (candidate.p95Ms > space.p95Ms) {
        found.push(fits === undefined ? candidate : atTarget(space, fits, candidate));
        // Up to there larger ones are quicker.
        if (fits === undefined && batch < (space.bulk ?? 0)) continue;
        break;
      }
      found.push(candidate);
      fits = candidate;
    }
  }
  return found;
}

/** Between one that meets the target and one that does not, on the curve through both. */
function atTarget(space: SearchSpace, fits: Candidate, misses: Candidate): Candidate {
  const share = Math.log(space.p95Ms / fits.p95Ms) / Math.log(misses.p95Ms / fits.p95Ms);
  const batch = Math.max(fits.batch, Math.floor(fits.batch * (misses.batch / fits.batch) ** share));
  return candidateAt(space, { batch, inFlight: fits.inFlight });
}

/** In either coordinate. */
export function isMore(one: Point, other: Point): boolean {
  return one.inFlight > other.inFlight || one.batch > other.batch;
}

export function isWithin({ batch, concurrency }: SearchSpace, point: Point): boolean {
  return (
    point.batch >= batch.min &&
    point.batch <= batch.max &&
    point.inFlight >= concurrency.min &&
    point.inFlight <= concurrency.max
  );
}

/** Whole numbers from min to max, each at least 1 and at most `factor` after the other. */
function steps({ min, max }: Bound, factor: number): number[] {
  const found: number[] = [];
  for (let at = Math.ceil(min); at < max; at = Math.max(at + 1, Math.floor(at * factor))) found.push(at);
  found.push(Math.max(1, Math.floor(max)));
  return found;
}
