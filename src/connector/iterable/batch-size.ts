import type { Clock } from '../../time/clock.ts';

/** Most events of a batch: enough to make the cost per batch small, few enough to stay within a turn. */
const MOST_EVENTS = 512;
/** A batch after which the flow needs longer, or less, than that to have room for the next one is too large, or too small, ms. */
const LONG_MS = 10;
const SHORT_MS = 2;

/**
 * How many events a source that always has more hands over at once. They are accepted together, so the last one is as old as the flow
 * needs for all of them: in front of a target of a few hundred calls per second, 512 would be late whatever tuning does.
 */
export class BatchSize {
  #events = MOST_EVENTS;

  get events(): number {
    return this.#events;
  }

  /** The flow has room for more at once. */
  hasRoom(): void {
    this.#events = Math.min(MOST_EVENTS, 2 * this.#events);
  }

  /** Waits until it has. */
  async room(blocked: Promise<void>, clock: Clock): Promise<void> {
    const since = clock.now();
    await blocked;
    const ms = clock.now() - since;
    if (ms > LONG_MS) this.#events = Math.ceil(this.#events / 2);
    else if (ms < SHORT_MS) this.hasRoom();
  }
}
