/**
 * What a stage does by itself when it can take more than comes: a free slot takes everything queued, so batches grow
 * until calls are just quick enough. Fewer slots make larger batches: cheaper per event, and later.
 */

import { p95Of, type CostModel, type Point } from '../cost-model.ts';

/** A concurrency with the batch that comes about by itself. */
export interface Natural extends Point {
  readonly p95Ms: number;
  readonly meanMs: number;
}

export interface Carrying {
  readonly model: CostModel;
  /** Events per ms that come. */
  readonly rate: number;
  /** Most events per call. */
  readonly batchLimit: number;
  /** Most calls per ms; Infinity where the target limits none. */
  readonly callsPerMs: number;
}

/** Capacity over the rate that a concurrency must have at its largest batch. */
const HEADROOM = 1.15;
/** A batch size is found to within a few percent. */
const BISECTIONS = 10;

/** Events per ms that so many slots take with batches of that size. */
export function capacityOf({ model, callsPerMs }: Carrying, { batch, inFlight }: Point): number {
  return batch * Math.min(inFlight / model.predict(batch, inFlight).ms, callsPerMs);
}

/** Undefined where so many slots cannot carry the load. */
export function naturalAt(load: Carrying, inFlight: number): Natural | undefined {
  const { rate } = load;
  const most = mostUsefulBatch(load, inFlight, HEADROOM * rate);
  if (most === undefined) return undefined;
  if (capacityOf(load, { batch: 1, inFlight }) >= rate) return unbatched(load, inFlight);
  let [low, high] = [1, most];
  for (let i = 0; i < BISECTIONS; i += 1) {
    const middle = Math.sqrt(low * high);
    if (capacityOf(load, { batch: middle, inFlight }) < rate) low = middle;
    else high = middle;
  }
  const cost = load.model.predict(high, inFlight);
  // Paced, an event waits for the next start instead of for the next free slot.
  const waitMs = Math.max(cost.ms / inFlight, 1 / load.callsPerMs);
  return { batch: high, inFlight, p95Ms: cost.ms * cost.tail + waitMs, meanMs: cost.ms + waitMs / 2 };
}

/** The largest batch, in halves of the limit, that carries so much: costs that grow faster than batches make the limit too large. */
function mostUsefulBatch(load: Carrying, inFlight: number, rate: number): number | undefined {
  for (let batch = load.batchLimit; batch >= 1; batch /= 2) {
    if (capacityOf(load, { batch, inFlight }) >= rate) return batch;
  }
  return undefined;
}

/**
 * Most events find a free slot. Those that do not wait as in a queue with so many servers (Sakasegawa's
 * approximation, 1977); twice its mean wait stands for the share that makes p95.
 */
function unbatched({ model, rate, callsPerMs }: Carrying, inFlight: number): Natural {
  const busy = Math.min(inFlight, Math.max(1, rate * model.predict(1, 1).ms));
  const { ms, tail } = model.predict(1, busy);
  const used = Math.min(0.99, Math.max((rate * ms) / inFlight, rate / callsPerMs));
  const waitMs = (2 * ms * used ** (Math.sqrt(2 * (inFlight + 1)) - 1)) / (inFlight * (1 - used));
  return { batch: 1, inFlight, p95Ms: ms * tail + waitMs, meanMs: ms + waitMs / 2 };
}

/** The largest batch whose p95 is within `p95Ms`, at most `batchLimit`. */
export function batchWithin({ model, batchLimit }: Carrying, inFlight: number, p95Ms: number): number {
  const isWithin = (batch: number): boolean => p95Of(model.predict(batch, inFlight), inFlight) <= p95Ms;
  if (isWithin(batchLimit)) return batchLimit;
  let [low, high] = [1, batchLimit];
  for (let i = 0; i < BISECTIONS; i += 1) {
    const middle = Math.sqrt(low * high);
    if (isWithin(middle)) low = middle;
    else high = middle;
  }
  return low;
}
