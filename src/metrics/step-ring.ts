import { ConfigError } from '../errors/errors.ts';

/** How far back a meter looks, and in how many steps the past falls out of view. */
export interface WindowOptions {
  /** Default 1000 ms. */
  readonly windowMs?: number;
  /** Default 10, 2..1000: memory and the cost of reading grow with it. */
  readonly steps?: number;
}

const MAX_STEPS = 1000;

/**
 * A window that slides in steps of time: slot numbers for "now" in a ring, the oldest of which are
 * given up as time goes on.
 *
 * **Invariant:** the window covers between `windowMs - stepMs` and `windowMs` of the past, exactly
 * `coveredMs`; times that lie before the current step count as in it.
 */
export class StepRing {
  readonly steps: number;
  readonly stepMs: number;
  readonly startedAt: number;
  /** The slot of the current step. */
  slot = 0;
  /** The current step ends here; `advance` is due at or after it. */
  endsAt: number;

  /** @param at - monotonic ms */
  constructor(at: number, { windowMs = 1000, steps = 10 }: WindowOptions) {
    if (!(windowMs > 0 && windowMs < Infinity)) throw new ConfigError('windowMs', 'a number of ms above 0', windowMs);
    if (!(Number.isInteger(steps) && steps >= 2 && steps <= MAX_STEPS))
      throw new ConfigError('steps', `an integer from 2 to ${MAX_STEPS}`, steps);
    this.steps = steps;
    this.stepMs = windowMs / steps;
    this.startedAt = at;
    this.endsAt = at + this.stepMs;
  }

  /** Goes on to the step of `at`; `clear` is called for each slot that begins anew. */
  advance(at: number, clear: (slot: number) => void): void {
    if (at < this.endsAt) return;
    const passed = Math.floor((at - this.endsAt) / this.stepMs) + 1;
    for (let i = Math.min(passed, this.steps); i > 0; i -= 1) {
      this.slot = (this.slot + 1) % this.steps;
      clear(this.slot);
    }
    this.endsAt += passed * this.stepMs;
  }

  /** How much time the slots hold at `at`, after `advance(at)`. */
  coveredMs(at: number): number {
    const whole = (this.steps - 1) * this.stepMs + (at - (this.endsAt - this.stepMs));
    return Math.max(0, Math.min(whole, at - this.startedAt));
  }
}
