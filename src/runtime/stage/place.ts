import type { Origin } from '../../event/origin.ts';
import { CallOptions } from './call-options.ts';
import type { Watched } from './failure/protection.ts';
import type { Due } from './failure/waiting-retries.ts';
import type { OpenCall } from './stage-meter.ts';

/** Whose call it is. */
export interface PlaceCalls {
  succeeded(place: Place, result: unknown): void;
  failed(place: Place, cause: unknown): void;
}

/**
 * A place for one call, used again and again with the same handlers; left behind when its call is given up.
 *
 * What an event does not need is not written for it: a young object that is stored in an old one costs as much as a call.
 */
export class Place implements Watched, Due {
  event: unknown;
  /** Of its event, or of the one before; undefined once it was rejected at a stop. */
  origin: Origin | undefined;
  outcome: 'free' | 'running' | 'waiting' | 'ok' | 'failed' = 'free';
  result: unknown;
  options: CallOptions = new CallOptions();
  /** Its call was given up: whatever it says changes nothing. */
  isLeft = false;
  ageMs = 0;
  timeouts = 0;
  troubles = 0;
  number = 0;
  outdone = 0;
  tries = 0;
  dueAt = 0;
  /** Its call, where that is timed: one of `stride`; 0 where it is not (call-book.ts). */
  timed: OpenCall | undefined;
  stride = 0;
  /** The next one that is free too. */
  next: Place | undefined;
  readonly resolved: (value: unknown) => void;
  readonly rejected: (cause: unknown) => void;

  constructor(calls: PlaceCalls) {
    this.resolved = (value) => calls.succeeded(this, value);
    this.rejected = (cause) => calls.failed(this, cause);
  }

  get hasEnded(): boolean {
    return this.outcome === 'ok' || this.outcome === 'failed';
  }

  take(event: unknown, origin: Origin): void {
    this.event = event;
    if (this.origin !== origin) this.origin = origin;
  }

  /** Its event has been dealt with. */
  free(): void {
    this.event = this.result = undefined;
    this.outcome = 'free';
    if (this.tries > 0) this.timeouts = this.troubles = this.tries = this.outdone = 0;
  }

  /** Takes over from one whose call was given up. */
  replace(left: Place): void {
    left.isLeft = true;
    this.event = left.event;
    this.origin = left.origin;
    this.timeouts = left.timeouts;
    this.troubles = left.troubles;
    this.number = left.number;
    this.outdone = left.outdone;
    this.tries = left.tries;
    this.timed = left.timed;
    this.stride = left.stride;
  }
}
