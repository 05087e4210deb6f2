import type { Scheduler, Timer } from '../../time/clock.ts';

/** One pending timer for the earliest time that was asked for. */
export class Wake {
  readonly #scheduler: Scheduler;
  readonly #task: () => void;
  #pending: { readonly timer: Timer; readonly at: number } | undefined;

  constructor(scheduler: Scheduler, task: () => void) {
    this.#scheduler = scheduler;
    this.#task = task;
  }

  /** Runs the task in `waitMs`, or sooner where that was asked for. Infinity asks for nothing. */
  in(waitMs: number): void {
    if (waitMs === Infinity) return;
    const at = this.#scheduler.now() + waitMs;
    if (this.#pending !== undefined && this.#pending.at <= at) return;
    this.#pending?.timer.cancel();
    const timer = this.#scheduler.after(waitMs, () => {
      this.#pending = undefined;
      this.#task();
    });
    this.#pending = { timer, at };
  }

  cancel(): void {
    this.#pending?.timer.cancel();
    this.#pending = undefined;
  }
}
