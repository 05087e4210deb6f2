import type { Protection } from './failure/protection.ts';
import type { TroubleNotices } from './failure/trouble-notices.ts';
import type { Place } from './place.ts';
import type { CallOutcome, OpenCall, StageMeter } from './stage-meter.ts';

/**
 * What becomes known of the calls of a stage that makes one per event. One at a time is timed, the others are counted, and
 * meter and protection learn of them together: a few ns per call, no clock.
 *
 * Invariant: while the breaker is not closed, every success is told at once.
 */
export class CallBook {
  readonly #meter: StageMeter;
  readonly #protection: Protection | undefined;
  readonly #notices: TroubleNotices;
  #timed: Place | undefined;
  #timedCall: OpenCall | undefined;
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
    if (this.#timed === undefined) this.#time(place);
    else this.#begun += 1;
    this.#protection?.started(place);
  }

  /** @returns true when the target had been given up: whatever waits may be tried now */
  succeeded(place: Place): boolean {
    this.#protection?.worked(place);
    if (place === this.#timed) return this.#endTimed('ok');
    this.#succeeded += 1;
    return this.#protection?.breaker.isClosed === false && this.tell();
  }

  failed(place: Place): void {
    if (place === this.#timed) this.#endTimed('failed');
    else this.#failed += 1;
  }

  /** Another place took the call over. */
  replaced(place: Place, next: Place): void {
    if (this.#timed === place) this.#timed = next;
  }

  /** Before anything of meter or protection is asked. Successes are as of the last call that was timed. @returns as `succeeded` */
  tell(): boolean {
    this.#meter.count(this.#begun);
    const succeeded = this.#succeeded;
    this.#meter.count(-succeeded - this.#failed);
    this.#begun = this.#succeeded = this.#failed = 0;
    return succeeded > 0 && this.#protection?.succeeded(this.#meter.readAt, succeeded) === true;
  }

  #time(place: Place): void {
    this.tell();
    this.#timed = place;
    this.#timedCall = this.#meter.begin(1, 1);
  }

  #endTimed(outcome: CallOutcome): boolean {
    const call = this.#timedCall;
    this.#timed = this.#timedCall = undefined;
    if (call === undefined) return false;
    this.tell();
    this.#meter.end(call, outcome);
    if (outcome !== 'ok') return false;
    this.#protection?.ended(this.#meter.readAt - call.startedAt);
    this.#notices.worked(call.startedAt);
    return this.#protection?.succeeded(this.#meter.readAt) === true;
  }
}
