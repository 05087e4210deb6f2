/**
 * How a stage meets a target that refuses everything: stop, probe, and come back step by step.
 * A rule of the data path: it acts within one call, before any controller has seen anything.
 *
 * Invariants (gate.test.ts)
 * - Closes only when nothing is in flight that might still be accepted, and nothing was for REFUSED_MS: a
 *   target that refuses above a ceiling, or fails now and then, never closes it.
 * - Closed: one call at a time, `probeMs` apart, doubling to MAX_PROBE_MS: a target that is back is noticed
 *   within that time, and one that is away is not stormed.
 * - Opening: calls in flight grow by one with each accepted call, so they double with each round trip. One that is refused halves
 *   them; one that fails does not, or a target of which every other call fails would never be open again.
 */

import type { GateState } from '../../control/observation.ts';

/** Calls refused in a row, none accepted between them and none left in flight: the target is away. */
const REFUSALS_TO_CLOSE = 5;
/** And for so long: a limit per second that was reached a little early is no outage. */
const REFUSED_MS = 100;
const FIRST_PROBE_MS = 50;
const MAX_PROBE_MS = 250;

export class Gate {
  #state: GateState = 'open';
  #refusals = 0;
  /** When the first of them came. */
  #refusedSince = 0;
  #allowed = 0;
  #probeMs = 0;
  /** Nothing starts before this: the next probe, or what the target asked for. */
  #notBefore = Number.NEGATIVE_INFINITY;

  get state(): GateState {
    return this.#state;
  }

  /** False while a call must ask `waitMs` first. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Ms until a call may start beside `inFlight` others; Infinity = once one of them has ended. */
  waitMs(inFlight: number, now: number): number {
    switch (this.#state) {
      case 'open':
        return 0;
      case 'closed':
        return inFlight > 0 ? Infinity : Math.max(0, this.#notBefore - now);
      case 'opening':
        return inFlight >= this.#allowed ? Infinity : 0;
    }
  }

  /**
   * The target took a call.
   * @returns true when it had been away: whatever waits may be tried now
   */
  accepted(concurrency: number): boolean {
    this.#refusals = 0;
    if (this.#state === 'open') return false;
    const wasClosed = this.#state === 'closed';
    this.#allowed = wasClosed ? 2 : this.#allowed + 1;
    this.#state = this.#allowed >= concurrency ? 'open' : 'opening';
    return wasClosed;
  }

  /**
   * The target asked for less.
   * @param inFlight - calls that may still be accepted
   * @param retryAfterMs - how long the target asked to be left alone
   */
  refused(inFlight: number, now: number, retryAfterMs = 0): void {
    if (this.#state === 'opening') this.#allowed = Math.max(1, Math.floor(this.#allowed / 2));
    this.failed(inFlight, now, retryAfterMs);
  }

  /** A call failed, or the target could not be reached. By itself it is no reason for fewer calls. */
  failed(inFlight: number, now: number, retryAfterMs = 0): void {
    if (this.#refusals === 0) this.#refusedSince = now;
    this.#refusals += 1;
    if (this.#state !== 'closed') {
      if (inFlight > 0 || this.#refusals < REFUSALS_TO_CLOSE || now - this.#refusedSince < REFUSED_MS) return;
      this.#state = 'closed';
      this.#probeMs = FIRST_PROBE_MS;
    } else {
      this.#probeMs = Math.min(MAX_PROBE_MS, this.#probeMs * 2);
    }
    this.#notBefore = now + Math.max(this.#probeMs, retryAfterMs);
  }
}
