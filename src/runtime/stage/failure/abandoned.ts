/**
 * Calls that were given up and have not ended: each may still hold a connection and its events. A bulkhead: no further call
 * begins while there are too many, until one of them ends.
 */

/** One whose signal is heeded ends at once. Twelve or so are left of an event in a batch of 64 that never ends. */
const MOST_ABANDONED = 256;
/** An outage leaves all that were in flight as it begins, and those of the attempts until its breaker opens. */
const ROUNDS = 4;

export class Abandoned {
  #count = 0;
  #most = MOST_ABANDONED;

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count >= this.#most;
  }

  /**
   * A call is given up.
   * @param inFlight - with this one. @returns true when that were enough
   */
  left(inFlight: number): boolean {
    this.#count += 1;
    this.#most = Math.max(this.#most, MOST_ABANDONED + ROUNDS * inFlight);
    return this.#count === this.#most;
  }

  /** @returns true when calls may begin again */
  ended(): boolean {
    this.#count -= 1;
    return this.#count === this.#most - 1;
  }
}
