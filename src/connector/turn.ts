import type { Clock } from '../time/clock.ts';

/** How long a source keeps the event loop while there is more to hand over, ms. */
const TURN_MS = 2;
/** A look at the clock costs 45 to 90 ns, as much as a batch that goes no further; so many looks per turn are enough. */
const LOOKS_PER_TURN = 20;
const MAX_STRIDE = 64;

/**
 * Says when a source has had its turn of the event loop. Steps that took equally long so far are timed
 * together, so that a turn is too long by at most a twentieth, unless a step takes longer than the ones before.
 */
export class Turn {
  readonly #clock: Clock;
  #endsAt = 0;
  #lookedAt = 0;
  /** Steps from one look at the clock to the next. */
  #stride = 1;
  #left = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.begin();
  }

  begin(): void {
    this.#lookedAt = this.#clock.now();
    this.#endsAt = this.#lookedAt + TURN_MS;
    this.#left = this.#stride;
  }

  /** Steps that may be taken at once. */
  get left(): number {
    return this.#left;
  }

  /** To be asked after each step, or after `left` of them at most: once it is true, give up the turn and then `begin`. */
  isOver(steps = 1): boolean {
    this.#left -= steps;
    return this.#left === 0 && this.#look();
  }

  #look(): boolean {
    const now = this.#clock.now();
    const tookMs = now - this.#lookedAt;
    const fitting = Math.floor((this.#stride * TURN_MS) / LOOKS_PER_TURN / Math.max(tookMs, Number.MIN_VALUE));
    this.#stride = Math.max(1, Math.min(MAX_STRIDE, this.#stride * 2, fitting));
    this.#left = this.#stride;
    this.#lookedAt = now;
    return now >= this.#endsAt;
  }
}
