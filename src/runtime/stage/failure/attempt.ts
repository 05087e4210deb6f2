import type { Taken } from '../../../buffer/edge.ts';
import { Isolation } from '../../../resilience/isolation.ts';
import { CallOptions } from '../call-options.ts';
import type { Watched } from './protection.ts';
import type { Member } from './roster.ts';
import type { OpenCall } from '../stage-meter.ts';
import type { Due } from './waiting-retries.ts';

/** Events of one call of a stage: the same object through all their calls, until each event has its end. */
export class Attempt implements Member, Watched, Due {
  readonly taken: Taken;
  readonly sequence: number;
  place = -1;
  dueAt = 0;
  /** Calls that were repeated in a row. */
  retries = 0;
  ageMs = 0;
  timeouts = 0;
  troubles = 0;
  number = 0;
  outdone = 0;
  options: CallOptions = new CallOptions();
  /** In flight; undefined while it waits. */
  call: OpenCall | undefined;
  /** From when on the events are tried in parts. */
  isolation: Isolation | undefined;

  constructor(taken: Taken, sequence: number) {
    this.taken = taken;
    this.sequence = sequence;
  }

  /** What the next call takes. */
  get events(): readonly unknown[] {
    const range = this.isolation?.next;
    return range === undefined ? this.taken.events : this.taken.events.slice(range.start, range.end);
  }

  /** The events are tried in parts from now on. */
  isolate(): Isolation {
    this.isolation ??= new Isolation(this.taken.events.length);
    return this.isolation;
  }

  /** Due at once; what went wrong with the part before is not its fault. */
  nextPart(): void {
    this.dueAt = this.retries = this.troubles = this.timeouts = this.outdone = 0;
  }
}
