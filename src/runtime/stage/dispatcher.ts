/**
 * The rules by which a stage starts its next call. All numbers come from settings, read at each dispatch.
 *
 * Natural batching itself needs no rule: whoever may start a call takes everything queued, up to the batch
 * limit, at once. What is decided here is only *when*.
 *
 * Invariants (dispatcher.test.ts)
 * - Slots held <= concurrency, or burstConcurrency while the oldest queued event is older than burstAgeMs.
 * - With linger and pacing off and the gate open (the usual case) no clock is read while slots are free.
 * - Starts are minGapMs apart on average: one that is late by at most CATCH_UP_MS does not move those after it.
 */

import type { StageSettings } from '../../control/settings.ts';
import type { Clock } from '../../time/clock.ts';
import { Gate } from './gate.ts';

/** What waits in front of the stage. */
export interface Queued {
  readonly events: number;
  /** Monotonic ms; undefined when nothing is queued. */
  readonly oldestAcceptedAt: number | undefined;
}

/** Timers fire up to this late; without catching up, a limit of 1,000 calls a second would be kept at half. */
const CATCH_UP_MS = 5;

export class Dispatcher {
  readonly gate: Gate = new Gate();
  readonly #clock: Clock;
  readonly #settings: () => StageSettings;
  /** When pacing lets the next call start. */
  #nextStart = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, settings: () => StageSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /**
   * Ms until a new call may start: 0 = now, Infinity = not before a call has ended.
   * @param held - slots taken: calls in flight and calls that wait to be tried again
   * @param inFlight - calls in flight
   * @param mayLinger - more events may still come
   */
  waitMs(queued: Queued, held: number, inFlight: number, mayLinger: boolean): number {
    const settings = this.#settings();
    const slotMs = held < settings.concurrency ? 0 : this.#burstWaitMs(queued, held, settings);
    if (slotMs > 0) return slotMs;
    return Math.max(this.againWaitMs(inFlight), mayLinger ? this.#lingerMs(queued, settings) : 0);
  }

  /** The same for a call that has a slot already and is to be tried again. */
  againWaitMs(inFlight: number): number {
    const { minGapMs } = this.#settings();
    const gateMs = this.gate.isOpen ? 0 : this.gate.waitMs(inFlight, this.#clock.now());
    return minGapMs > 0 ? Math.max(gateMs, this.#nextStart - this.#clock.now(), 0) : gateMs;
  }

  started(at: number): void {
    const { minGapMs } = this.#settings();
    if (minGapMs > 0) this.#nextStart = (at - this.#nextStart <= CATCH_UP_MS ? this.#nextStart : at) + minGapMs;
  }

  #burstWaitMs(queued: Queued, held: number, { burstConcurrency, burstAgeMs }: StageSettings): number {
    if (held >= burstConcurrency || queued.oldestAcceptedAt === undefined) return Infinity;
    return Math.max(0, queued.oldestAcceptedAt + burstAgeMs - this.#clock.now());
  }

  #lingerMs(queued: Queued, { lingerMs, batchLimit }: StageSettings): number {
    if (lingerMs === 0 || queued.events >= batchLimit) return 0;
    return Math.max(0, (queued.oldestAcceptedAt ?? 0) + lingerMs - this.#clock.now());
  }
}
