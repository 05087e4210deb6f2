import type { BreakerState } from '../../../resilience/breaker.ts';
import { messageOf } from '../../../errors/errors.ts';
import type { Clock } from '../../../time/clock.ts';
import type { StageEnvironment } from '../stage.ts';

/** A target that stays away is named again after this time. */
const WARN_EVERY_MS = 10_000;

/** A stage that waits for the outside world says for what, and when it goes on. */
export class TroubleNotices {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #notice: StageEnvironment['notice'];
  /** When it was last said that calls fail and are repeated; -Infinity while they work. */
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(name: string, clock: Clock, notice: StageEnvironment['notice']) {
    this.#name = name;
    this.#clock = clock;
    this.#notice = notice;
  }

  /**
   * A call failed and will be repeated.
   * @param endsOrder - of a stage that makes one call at a time: others go past this one from now on
   */
  repeats(cause: unknown, endsOrder = false): void {
    const now = this.#clock.now();
    if (!endsOrder && now - this.#warnedAt < WARN_EVERY_MS) return;
    this.#warnedAt = now;
    this.#notice('warn', `${messageOf(cause)} Trying again until it works.${endsOrder ? this.#nextAreAsked : ''}`);
  }

  get #nextAreAsked(): string {
    return ` The events after these are tried meanwhile, and may be written first: timeout: false keeps the order, and waits.`;
  }

  /** @param calls - that were given up and have not ended */
  standsStill(calls: number): void {
    this.#notice(
      'warn',
      `${this.#name}: ${calls} calls were given up and have not ended: no more are made until one has. Fix: end a call when its signal aborts.`,
    );
  }

  /** @param startedAt - of a call that succeeded: one from before the trouble says nothing */
  worked(startedAt: number): void {
    if (this.#warnedAt < 0 || startedAt <= this.#warnedAt) return;
    this.#warnedAt = Number.NEGATIVE_INFINITY;
    this.#notice('info', `${this.#name}: works again`);
  }

  breaker(state: BreakerState): void {
    if (state === 'open') this.#notice('warn', `${this.#name}: most calls fail, its circuit breaker is open`);
    if (state === 'closed') this.#notice('info', `${this.#name}: its circuit breaker is closed again`);
  }
}
