import type { Scheduler, Timer } from '../../time/clock.ts';

/** For the checkpoint of a drain that did not end: its target is away. */
const LET_GO_MS = 2_000;

/**
 * The time that a run has to finish what it has accepted; when it is over, what is on its way is made durable, if that can be.
 *
 * Invariant (away.test.ts): `end` is called at most LET_GO_MS after the limit; perhaps twice.
 */
export class Drain {
  readonly #scheduler: Scheduler;
  readonly #letGo: () => Promise<boolean>;
  readonly #end: (isDurable: boolean, limitMs: number) => void;
  #timer: Timer | undefined;

  /**
   * @param letGo - makes durable what is on its way; answers whether all of it is
   * @param end - ends the run, if it has not ended
   */
  constructor(scheduler: Scheduler, letGo: () => Promise<boolean>, end: (isDurable: boolean, limitMs: number) => void) {
    this.#scheduler = scheduler;
    this.#letGo = letGo;
    this.#end = end;
  }

  begin(limitMs: number): void {
    this.#timer = this.#scheduler.after(limitMs, () => {
      this.#timer = this.#scheduler.after(LET_GO_MS, () => this.#end(false, limitMs));
      void this.#letGo().then((isDurable) => this.#end(isDurable, limitMs));
    });
  }

  /** The run has ended. */
  over(): void {
    this.#timer?.cancel();
  }
}
