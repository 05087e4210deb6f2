import { TimeoutError } from '../../errors/errors.ts';
import type { Scheduler, Timer } from '../../time/clock.ts';

/** For the checkpoint of a drain that did not end: its target is away. */
const LET_GO_MS = 2_000;

export interface DrainOptions {
  readonly flow: string;
  readonly scheduler: Scheduler;
  /** Makes durable what is on its way. @returns whether all of it is, so that the next run goes on with it */
  readonly letGo: () => Promise<boolean>;
  /** Stages that still have events on disk, for the notice. */
  readonly holding: () => readonly string[];
  readonly notice: (level: 'warn', message: string) => void;
  /** Ends the run now. @param failure - undefined: nothing is lost */
  readonly end: (failure: TimeoutError | undefined) => void;
}

/**
 * The time that a run has to finish what it has accepted. When it is over, what is durable is left to the next run; where that
 * is not all, the drain has failed.
 *
 * Invariant (away.test.ts): the run ends at most LET_GO_MS after the limit.
 */
export class Drain {
  readonly #options: DrainOptions;
  #timer: Timer | undefined;
  #isOver = false;

  constructor(options: DrainOptions) {
    this.#options = options;
  }

  begin(limitMs: number): void {
    this.#timer = this.#options.scheduler.after(limitMs, () => void this.#isDue(limitMs));
  }

  /** The run has ended, or is about to. */
  over(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  async #isDue(limitMs: number): Promise<void> {
    const { flow, scheduler, letGo, holding, notice } = this.#options;
    const failure = new TimeoutError(`the drain of flow ${flow}`, limitMs);
    this.#timer = scheduler.after(LET_GO_MS, () => this.#end(failure));
    const isDurable = await letGo();
    if (this.#isOver) return;
    if (isDurable) {
      const stages = holding().join(', ');
      notice(
        'warn',
        `not done after ${limitMs} ms: what ${stages} still holds is on disk, and the next run goes on with it`,
      );
    }
    this.#end(isDurable ? undefined : failure);
  }

  #end(failure: TimeoutError | undefined): void {
    this.over();
    this.#options.end(failure);
  }
}
