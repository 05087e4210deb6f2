/**
 * Cold start: first the batch grows at the smallest concurrency while throughput rises and the target holds, then the
 * concurrency at a moderate batch. Each axis alone, because a model of both needs points that differ in one.
 */

import { throughputOf, p95Of, type CostModel, type Point } from '../cost-model.ts';
import type { SearchSpace } from './candidates.ts';

export interface SweepState {
  readonly axis: 'batch' | 'concurrency';
  /** Most events per ms so far, and the batch that gave them. */
  readonly best: number;
  readonly bestBatch: number;
  /** What the last doubling of the calls multiplied the throughput by. */
  readonly gained?: number;
}

export interface SweepStep {
  /** Undefined: the sweep is over. */
  readonly state: SweepState | undefined;
  readonly next: Point;
  /** Calls that did not disturb each other suddenly did. */
  readonly isWall?: boolean;
}

export const FIRST_SWEEP: SweepState = { axis: 'batch', best: 0, bestBatch: 1 };

/** The largest one that meets the target by prediction. */
const BATCH_FACTORS = [4, 2, 1.5];
const CONCURRENCY_FACTOR = 2;
/** A batch must keep so much of the best throughput, a concurrency so much, to go on. */
const BATCH_KEEPS = 0.85;
const CONCURRENCY_KEEPS = 0.93;
/** Share of the target that the batch may take at the start of the second axis: concurrency will add to it. */
const MODERATE = 0.4;
const NEAR = 0.85;
/** What twice as many calls give where they do not disturb each other, and beyond a wall. */
const FREE = 1.5;
const BLOCKED = 1.1;
/** Over what the smallest calls take. */
const ALLOWED = 1.25;
/** Over the limit: no more calls are waited for. */
const HOPELESS = 1.5;

/** From a point at which calls do not end in time: the sweep is over, at what came before it. */
export function retreat({ batch, inFlight }: Point): SweepStep {
  return { state: undefined, next: { batch, inFlight: Math.max(1, Math.floor(inFlight / CONCURRENCY_FACTOR)) } };
}

/** Calls last far too long for this concurrency to be of any use. */
export function isHopeless({ axis }: SweepState, space: SearchSpace, current: Point): boolean {
  return axis === 'concurrency' && latencyAt(space.model, current) > HOPELESS * limitMs(space);
}

export function sweep(state: SweepState, space: SearchSpace, current: Point): SweepStep {
  const cost = space.model.predict(current.batch, current.inFlight);
  const throughput = throughputOf(cost, current);
  return state.axis === 'batch'
    ? sweepBatch(state, space, current, throughput)
    : sweepConcurrency(state, space, current, throughput);
}

function sweepBatch(state: SweepState, space: SearchSpace, current: Point, throughput: number): SweepStep {
  const isBest = throughput >= state.best;
  const known: SweepState = isBest ? { ...state, best: throughput, bestBatch: current.batch } : state;
  if (throughput > BATCH_KEEPS * known.best) {
    const next = BATCH_FACTORS.map((factor) => ({ ...current, batch: grown(current.batch, factor, space) })).find(
      (point) => point.batch > current.batch && latencyAt(space.model, point) <= limitMs(space),
    );
    if (next !== undefined) return { state: known, next };
  }
  const batch = Math.min(known.bestBatch, moderateBatch(space, current));
  const inFlight = Math.min(space.concurrency.max, current.inFlight * CONCURRENCY_FACTOR);
  if (inFlight === current.inFlight) return { state: undefined, next: { batch, inFlight } };
  return { state: { axis: 'concurrency', best: 0, bestBatch: batch }, next: { batch, inFlight } };
}

function sweepConcurrency(state: SweepState, space: SearchSpace, current: Point, throughput: number): SweepStep {
  const best = Math.max(state.best, throughput);
  const gained = state.best === 0 ? 0 : throughput / state.best;
  const inFlight = Math.min(space.concurrency.max, current.inFlight * CONCURRENCY_FACTOR);
  const next = { batch: current.batch, inFlight };
  const grows = inFlight > current.inFlight && throughput > CONCURRENCY_KEEPS * best && !isPaced(space, current);
  if (grows && latencyAt(space.model, current) <= NEAR * limitMs(space))
    return { state: { ...state, best, gained }, next };
  return { state: undefined, next: current, isWall: (state.gained ?? 0) >= FREE && gained <= BLOCKED };
}

/** The target; where even the smallest calls miss it, a little more than they take, since what larger ones cost must be known. */
function limitMs({ model, p95Ms, batch }: SearchSpace): number {
  return Math.max(p95Ms, ALLOWED * latencyAt(model, { batch: batch.min, inFlight: 1 }));
}

function grown(batch: number, factor: number, { batch: { max } }: SearchSpace): number {
  return Math.min(max, Math.max(batch + 1, Math.round(batch * factor)));
}

/** More calls could not start: more slots would stay empty, and nothing be learned of them. */
function isPaced({ model, callsPerMs }: SearchSpace, { batch, inFlight }: Point): boolean {
  return callsPerMs !== undefined && inFlight / model.predict(batch, inFlight).ms >= callsPerMs;
}

/** The largest batch, in steps down, that leaves room for concurrency; where not even one event does, as quick as that. */
function moderateBatch({ model, p95Ms, batch }: SearchSpace, { batch: most, inFlight }: Point): number {
  const limitMs = Math.max(MODERATE * p95Ms, ALLOWED * latencyAt(model, { batch: batch.min, inFlight }));
  let size = most;
  while (size > batch.min && latencyAt(model, { batch: size, inFlight }) > limitMs) size /= 1.5;
  return Math.max(batch.min, size);
}

function latencyAt(model: CostModel, { batch, inFlight }: Point): number {
  return p95Of(model.predict(batch, inFlight), inFlight);
}
