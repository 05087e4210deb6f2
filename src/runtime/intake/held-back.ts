import type { Clock } from '../../time/clock.ts';
import { both } from '../stage/target.ts';

/** Whether a source is held back because the flow is full, and for how long it was. */
export class HeldBack {
  readonly #clock: Clock;
  #until: Promise<void> | undefined;
  #since = 0;
  #ms = 0;
  #msBefore = 0;
  #observedAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#observedAt = clock.now();
  }

  /** What a writer waits for; undefined while the flow takes more. */
  get until(): Promise<void> | undefined {
    return this.#until;
  }

  /** Remembers that the flow is full until `blocked` resolves. @returns resolves when nothing holds back any more */
  by(blocked: undefined | Promise<void>): undefined | Promise<void> {
    if (blocked === undefined || blocked === this.#until) return blocked;
    if (this.#until === undefined) this.#since = this.#clock.now();
    const all = both(this.#until, blocked);
    this.#until = all;
    void all?.then(() => {
      if (this.#until !== all) return;
      this.#until = undefined;
      this.#ms += this.#clock.now() - this.#since;
    });
    return all;
  }

  /** Since the start of the run, up to now. */
  get ms(): number {
    return this.#ms + (this.#until === undefined ? 0 : this.#clock.now() - this.#since);
  }

  /** Share of the time since this was asked last. */
  ratio(): number {
    const [ms, now] = [this.ms, this.#clock.now()];
    const elapsedMs = now - this.#observedAt;
    const ratio = elapsedMs > 0 ? Math.min(1, (ms - this.#msBefore) / elapsedMs) : 0;
    this.#msBefore = ms;
    this.#observedAt = now;
    return ratio;
  }
}
