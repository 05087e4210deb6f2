/**
 * When each event of an open-loop load is due.
 *
 * **Invariants** (schedule.test.ts)
 * - Event i of a constant rate r is due at i / r: exact for any i, no drift.
 * - `take` never skips and never repeats; what is not taken keeps its time.
 */

/** Consecutive events; `firstMs` is when the first of them is due, ms since the start. */
export interface Due {
  readonly first: number;
  readonly count: number;
  readonly firstMs: number;
}

export interface Schedule {
  /** The next at most `max` events that are due by `elapsedMs`; undefined when none is. */
  take(elapsedMs: number, max: number): Due | undefined;
  /** When the next event is due, as far as it is known; at least when to look again. */
  nextMs(): number;
}

/** Every event at its multiple of 1 / rate. */
export class ConstantSchedule implements Schedule {
  readonly #perMs: number;
  #next = 0;

  /** @param ratePerSecond - above 0 */
  constructor(ratePerSecond: number) {
    this.#perMs = ratePerSecond / 1000;
  }

  take(elapsedMs: number, max: number): Due | undefined {
    const due = Math.floor(elapsedMs * this.#perMs + ROUNDING) + 1;
    const count = Math.min(max, due - this.#next);
    if (count <= 0) return undefined;
    const taken = { first: this.#next, count, firstMs: this.nextMs() };
    this.#next += count;
    return taken;
  }

  nextMs(): number {
    return this.#next / this.#perMs;
  }
}

/** 0.1 s times 10 per second must be event 1, whatever binary fractions say. */
const ROUNDING = 1e-9;
/** Within one step the rate counts as constant. */
const STEP_MS = 1;

/** A rate that changes over time, integrated in steps of 1 ms. */
export class VaryingSchedule implements Schedule {
  readonly #rate: (elapsedMs: number) => number;
  #stepStart = 0;
  /** Integral of the rate up to `#stepStart`. */
  #before = 0;
  #perMs: number;
  #next = 0;

  constructor(rate: (elapsedMs: number) => number) {
    this.#rate = rate;
    this.#perMs = this.#rateAt(0);
  }

  take(elapsedMs: number, max: number): Due | undefined {
    this.#advance(elapsedMs);
    if (this.#dueBy(elapsedMs) <= 0) return undefined;
    const first = this.#next;
    const firstMs = this.nextMs();
    for (let count = 0; ;) {
      const step = Math.min(max - count, this.#dueBy(elapsedMs));
      if (step <= 0) return { first, count, firstMs };
      count += step;
      this.#next += step;
      this.#advance(elapsedMs);
    }
  }

  nextMs(): number {
    const left = this.#next - this.#before;
    return this.#perMs > 0 ? this.#stepStart + Math.min(STEP_MS, left / this.#perMs) : this.#stepStart + STEP_MS;
  }

  /** Moves to the step in which the next event is due, at most to the one that contains `elapsedMs`. */
  #advance(elapsedMs: number): void {
    while (this.#next >= this.#before + this.#perMs * STEP_MS - ROUNDING && this.#stepStart + STEP_MS <= elapsedMs) {
      this.#before += this.#perMs * STEP_MS;
      this.#stepStart += STEP_MS;
      this.#perMs = this.#rateAt(this.#stepStart);
    }
  }

  /** Events of the current step that are due and not yet taken. */
  #dueBy(elapsedMs: number): number {
    const end = this.#before + this.#perMs * STEP_MS;
    const reached = this.#before + this.#perMs * (elapsedMs - this.#stepStart) + ROUNDING;
    // An event exactly at the end of the step belongs to the next one.
    return Math.min(Math.floor(reached) + 1, Math.ceil(end - ROUNDING)) - this.#next;
  }

  /** The middle of a step: exact for a ramp. */
  #rateAt(elapsedMs: number): number {
    const rate = this.#rate(elapsedMs + STEP_MS / 2);
    return Number.isFinite(rate) && rate > 0 ? rate / 1000 : 0;
  }
}
