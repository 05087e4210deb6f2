import type { Protection } from './failure/protection.ts';
import type { TroubleNotices } from './failure/trouble-notices.ts';
import type { Place } from './place.ts';
import type { CallOutcome, StageMeter } from './stage-meter.ts';

/** Calls that are timed in a period, about: where there are suddenly more than in the last one, every second of them, and so on. */
const TIMED_PER_PERIOD = 64;

/**
 * What becomes known of the calls of a stage that makes one per event. Every n-th is timed, all are counted, and meter and
 * protection learn of them together: a few ns per call, one clock reading per turn of the event loop.
 *
 * Invariants (call-book.test.ts)
 * - What is timed is chosen as a call begins: of those that last long, fail or hang as large a share is told as of the others.
 * - While the breaker is not closed, every success is told at once.
 */
export class CallBook {
  readonly #meter: StageMeter;
  readonly #protection: Protection | undefined;
  readonly #notices: TroubleNotices;
  /** Of so many calls one is timed. */
  #stride = 1;
  #untilTimed = 1;
  #timed = 0;
  /** Of the next sample, 0 to 1 (#isTold). */
  #share = 0;
  /** Calls of former periods. */
  #before = 0;
  // Not told yet.
  #begun = 0;
  #succeeded = 0;
  #failed = 0;

  constructor(meter: StageMeter, protection: Protection | undefined, notices: TroubleNotices) {
    this.#meter = meter;
    this.#protection = protection;
    this.#notices = notices;
  }

  begin(place: Place): void {
    this.#untilTimed -= 1;
    if (this.#untilTimed > 0) this.#begun += 1;
    else this.#time(place);
    this.#protection?.started(place);
  }

  /** @returns true when the target had been given up: whatever waits may be tried now */
  succeeded(place: Place): boolean {
    this.#protection?.worked(place);
    if (place.stride > 0) return this.#endTimed(place, 'ok');
    this.#succeeded += 1;
    return this.#protection?.breaker.isClosed === false && this.tell();
  }

  failed(place: Place, outcome: CallOutcome): void {
    if (place.stride > 0) this.#endTimed(place, outcome);
    else this.#failed += 1;
  }

  /** At the end of a turn, and before anything of meter or protection is asked. @returns as `succeeded` */
  tell(): boolean {
    const succeeded = this.#succeeded;
    this.#meter.count(this.#begun);
    this.#meter.read();
    this.#meter.count(-succeeded - this.#failed);
    this.#begun = this.#succeeded = this.#failed = 0;
    return succeeded > 0 && this.#protection?.succeeded(this.#meter.readAt, succeeded) === true;
  }

  /** A period ends. */
  observed(): void {
    this.tell();
    const { calls } = this.#meter;
    this.#stride = Math.max(1, Math.ceil((calls - this.#before) / TIMED_PER_PERIOD));
    this.#untilTimed = Math.min(this.#untilTimed, this.#stride);
    this.#timed = 0;
    this.#before = calls;
  }

  #time(place: Place): void {
    this.tell();
    this.#timed += 1;
    if (this.#timed > 2 * TIMED_PER_PERIOD) {
      this.#timed -= TIMED_PER_PERIOD;
      this.#stride *= 2;
    }
    this.#untilTimed = place.stride = this.#stride;
    place.timed = this.#meter.begin(1, 1);
  }

  #endTimed(place: Place, outcome: CallOutcome): boolean {
    const { timed: call, stride } = place;
    place.timed = undefined;
    place.stride = 0;
    if (call === undefined) return false;
    this.tell();
    if (this.#isTold(stride)) this.#meter.end(call, outcome);
    else this.#meter.count(-1);
    if (outcome !== 'ok') return false;
    this.#protection?.ended(this.#meter.readAt - call.startedAt);
    this.#notices.worked(call.startedAt);
    return this.#protection?.succeeded(this.#meter.readAt) === true;
  }

  /** Of calls that began when more of them were timed, no more are told than of those that did since. */
  #isTold(stride: number): boolean {
    this.#share += Math.min(1, stride / this.#stride);
    if (this.#share < 1) return false;
    this.#share -= 1;
    return true;
  }
}
