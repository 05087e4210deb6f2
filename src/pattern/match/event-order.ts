import type { Key } from '../../operator/operator.ts';

/** An event that waits for the watermark, with all that `push` was told of it. */
export interface WaitingEvent {
  readonly event: unknown;
  readonly key: Key | undefined;
  readonly keyId: number;
  readonly timeMs: number;
}

/**
 * Puts events into the order of their times, those of one time in the order in which they came. In order they cost an array
 * slot; out of order, a sort of what waits when some of it is taken.
 */
export class EventOrder {
  #waiting: WaitingEvent[] = [];
  #isSorted = true;
  #taken = 0;
  #firstMs = Infinity;
  #lastMs = -Infinity;

  get size(): number {
    return this.#waiting.length - this.#taken;
  }

  /** Time of the earliest that waits; Infinity when none does. */
  get firstMs(): number {
    return this.#firstMs;
  }

  push(waiting: WaitingEvent): void {
    const { timeMs } = waiting;
    if (timeMs < this.#lastMs) this.#isSorted = false;
    else this.#lastMs = timeMs;
    if (timeMs < this.#firstMs) this.#firstMs = timeMs;
    this.#waiting.push(waiting);
  }

  /** Hands over, in order, what is due by `untilMs`. */
  take(untilMs: number, hand: (waiting: WaitingEvent) => void): void {
    if (!this.#isSorted) this.#sort();
    while (this.#taken < this.#waiting.length) {
      const next = this.#waiting[this.#taken] as WaitingEvent;
      if (next.timeMs > untilMs) break;
      this.#taken += 1;
      hand(next);
    }
    this.#compact();
  }

  /** What waits, in order. */
  waiting(): readonly WaitingEvent[] {
    if (!this.#isSorted) this.#sort();
    return this.#waiting.slice(this.#taken);
  }

  #sort(): void {
    this.#waiting = this.#waiting.slice(this.#taken).sort((a, b) => a.timeMs - b.timeMs);
    this.#taken = 0;
    this.#isSorted = true;
  }

  /** Drops what was taken once it is half of all, so that taking costs a constant per event. */
  #compact(): void {
    if (this.#taken === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#taken = 0;
    } else if (2 * this.#taken > this.#waiting.length) {
      this.#waiting.splice(0, this.#taken);
      this.#taken = 0;
    }
    this.#firstMs = this.#waiting[this.#taken]?.timeMs ?? Infinity;
    this.#lastMs = this.#waiting.at(-1)?.timeMs ?? -Infinity;
  }
}
