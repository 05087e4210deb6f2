/**
 * Contention for CPU: while the process has none left, more calls in flight would only slow down all others. Those of all
 * stages together stay then as many as they were when it began.
 */

/** Calls that it leaves to each stage on average, however few were in flight as it began. */
const LEAST_CALLS = 16;
/** CPU has to fall so far below the critical value before it is over. */
const HYSTERESIS = 0.05;
/** Weight of the newest sample: contention lasts, bursts do not. */
const NEWEST = 0.1;

export class Contention {
  #cpu: number | undefined;
  /** That stages may share; Infinity while CPU is not short. */
  calls: number = Infinity;

  /**
   * One control period.
   * @param cpuRatio - of what the process may use, 0..1
   * @param critical - from which on CPU is short, 0..1
   * @param inForce - concurrency of each stage
   */
  follow(cpuRatio: number, critical: number, inForce: readonly number[], mayBegin: boolean): void {
    this.#cpu = this.#cpu === undefined ? cpuRatio : this.#cpu + NEWEST * (cpuRatio - this.#cpu);
    if (this.#cpu < critical - HYSTERESIS) this.calls = Infinity;
    if (this.#cpu < critical || this.calls !== Infinity || !mayBegin) return;
    const all = inForce.reduce((sum, calls) => sum + calls, 0);
    this.calls = Math.max(all, LEAST_CALLS * inForce.length);
  }
}
