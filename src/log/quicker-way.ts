/**
 * Which of two ways of doing the same is quicker, found out by taking both: the quicker one always, and now and then two times the other.
 * How often follows from what that costs, 1 % of the time in the long run: of a way that takes twice as long two in 200, of one that
 * takes as long two in 32. At the beginning more often: a first time may have been longer than usual by far.
 */

/** How much of the difference to what was known a new time teaches. */
const GAIN = 0.3;
/** One time in ten is many times as long, for reasons that have nothing to do with the way; none is so much shorter. */
const MOST_SURPRISE = Math.log(2);
/** Turns from look to look; after n looks n times the least at most. */
const LEAST_INTERVAL = 32;
const MOST_INTERVAL = 1024;
const LOOK = 2;
const LOOKS_COST = 0.01;

export class QuickerWay<Way extends string> {
  readonly #ways: readonly [Way, Way];
  /** Logarithms of times; undefined: never taken; infinite: it has failed. */
  readonly #times = new Map<Way, number>();
  #sinceLook = 0;
  #looks = 1;

  constructor(ways: readonly [Way, Way]) {
    this.#ways = ways;
  }

  /** The way to take now. */
  next(): Way {
    const [a, b] = this.#ways;
    const [timeOfA, timeOfB] = [this.#times.get(a), this.#times.get(b)];
    if (timeOfA === undefined) return a;
    if (timeOfB === undefined) return b;
    const [quicker, other] = timeOfA <= timeOfB ? [a, b] : [b, a];
    this.#sinceLook += 1;
    const left = this.#interval(Math.abs(timeOfA - timeOfB)) - this.#sinceLook;
    if (left >= LOOK) return quicker;
    if (left <= 0) {
      this.#sinceLook = 0;
      this.#looks += 1;
    }
    return other;
  }

  /** @param behind - logarithm of how many times as long the other way takes */
  #interval(behind: number): number {
    const affordable = Math.round((LOOK * (Math.exp(behind) - 1)) / LOOKS_COST);
    if (affordable === Infinity) return Infinity; // it has failed
    return Math.max(LEAST_INTERVAL, Math.min(affordable, LEAST_INTERVAL * this.#looks, MOST_INTERVAL));
  }

  /** @param time - in whatever unit, the same for both */
  took(way: Way, time: number): void {
    const now = Math.log(Math.max(time, Number.MIN_VALUE));
    const before = this.#times.get(way) ?? Infinity;
    this.#times.set(way, before === Infinity ? now : before + GAIN * Math.min(now - before, MOST_SURPRISE));
  }

  /** From now on the other one, until that fails too. */
  failed(way: Way): void {
    const other = this.#ways[0] === way ? this.#ways[1] : this.#ways[0];
    if (this.#times.get(other) === Infinity) this.#times.delete(other);
    this.#times.set(way, Infinity);
  }
}
