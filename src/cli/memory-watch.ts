/**
 * Whether the memory of a flow's thread is about to run out: then another one goes on from a checkpoint of now, and what has leaked
 * is given back with the old one. Beyond the wall there is no checkpoint: the heap's ends the thread, the system's the process.
 *
 * Invariants (memory-watch.test.ts)
 * - Garbage that a collection frees is no reason: memory has to stay above the limit for a while.
 * - A thread that is full soon after it began goes on: what it keeps is as large as that, and would be in the next one too.
 */

/** Of what may be used, per cent: queues have shrunk to nothing by then (buffer/memory-band). */
const SOFT_LIMIT = 85;
/** About eight samples. */
const STAYS_MS = 1000;
const SOON_MS = 10_000;

export class MemoryWatch {
  #successorSince: number | undefined;
  #aboveSince: number | undefined;
  #hasSaid = false;

  /** Another thread has begun. */
  succeeded(nowMs: number): void {
    this.#successorSince = nowMs;
    this.#aboveSince = undefined;
    this.#hasSaid = false;
  }

  /**
   * @param memory - the nearer of two walls, the heap's or the process's, per cent; null where it is not known
   * @returns what to do, once each time it is reached
   */
  observe(memory: number | null, nowMs: number): 'replace' | 'say' | undefined {
    if (memory === null || memory < SOFT_LIMIT) {
      this.#aboveSince = undefined;
      return undefined;
    }
    this.#aboveSince ??= nowMs;
    if (nowMs - this.#aboveSince < STAYS_MS || this.#hasSaid) return undefined;
    this.#hasSaid = true;
    const wasFullSoon = this.#successorSince !== undefined && this.#aboveSince - this.#successorSince < SOON_MS;
    return wasFullSoon ? 'say' : 'replace';
  }
}
