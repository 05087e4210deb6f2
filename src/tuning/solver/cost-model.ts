/** What the solver knows of a stage's calls: the seam between learning and choosing. */

/** A call as the model expects it. */
export interface Cost {
  /** Mean duration, ms. */
  readonly ms: number;
  /** p95 of the duration over its mean: below 1 where fewer calls than that last so long that the mean is theirs. */
  readonly tail: number;
}

/** A batch size and a concurrency. Real numbers: what is chosen is rounded at the very end. */
export interface Point {
  readonly batch: number;
  readonly inFlight: number;
}

export interface CostModel {
  /** Cost of a call of `batch` events with `inFlight` calls in flight, itself included; any real numbers >= 1. */
  predict(batch: number, inFlight: number): Cost;
  /** Standard deviation of the logarithm of that duration: 0.05 is "within 5 % or so". */
  doubt(batch: number, inFlight: number): number;
  /** The largest batch and concurrency of which there is evidence, apart from each other. */
  readonly explored: Point;
  /** False until calls have been seen: predictions mean nothing. */
  readonly isInformed: boolean;
}

/**
 * p95 of acceptance to confirmation, ms, in a saturated stage whose edge holds one batch: the call itself,
 * and before it the wait for the next free slot, which is one call's duration shared by all slots.
 */
export function p95Of({ ms, tail }: Cost, inFlight: number): number {
  return ms * (tail + 1 / inFlight);
}

/** Events per ms, by Little's law. */
export function throughputOf({ ms }: Cost, { batch, inFlight }: Point): number {
  return (batch * inFlight) / ms;
}
