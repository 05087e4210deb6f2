/**
 * Lets work into a flow one step at a time, each with nothing else on its way, and notes what it is: whatever ends the thread
 * meanwhile is part of it.
 *
 * A step is over when all that came of it is confirmed, also where it took the way over a disk (`whenSlow: 'spill'`): what is read
 * back of it belongs to it.
 *
 * Invariants (inspection.test.ts)
 * - Every step begins, once, in the order of its depth's steps.
 * - It never stands still: what takes longer than STEP_MS without anything moving opens it, for good, and all steps begin.
 */

import type { Scheduler } from '../../time/clock.ts';
import type { EventRange, Supervision } from '../supervision.ts';
import type { InFlight } from './in-flight.ts';

export interface AirlockEnvironment {
  readonly scheduler: Scheduler;
  readonly inFlight: InFlight;
  /** Aborted when the run stops at once. */
  readonly signal: AbortSignal;
}

export interface Step {
  /** What spills it may go through: those from this place on, in the order in which they were added. */
  readonly depth: number;
  /** Undefined: it has no place to be found at. */
  readonly range: EventRange | undefined;
  /** Tried once more: what others left behind must not end the thread in its place. */
  readonly isKnown: boolean;
  readonly begin: () => void;
  readonly over: () => void;
}

/** A target that is away keeps a step on its way, and with it every checkpoint of the run. */
const STEP_MS = 60_000;
const SETTLE_MS = 100;

export class Airlock {
  readonly #environment: AirlockEnvironment;
  readonly #supervision: Supervision;
  readonly #stuck: () => void;
  /** Of each spill, whether nothing of it is still to be read back. */
  readonly #spills: (() => boolean)[] = [];
  readonly #steps: Step[] = [];
  #isWorking = false;
  #isOpening = false;
  #moved: () => void = () => undefined;

  /** @param stuck - told when it must be opened */
  constructor(environment: AirlockEnvironment, supervision: Supervision, stuck: () => void) {
    this.#environment = environment;
    this.#supervision = supervision;
    this.#stuck = stuck;
  }

  /** Nothing waits here any more, and nothing ever will. */
  get isOpen(): boolean {
    return this.#isOpening && !this.#isWorking;
  }

  /** @returns the depth of its own steps: those of others, before them, wait until it is empty */
  addSpill(isEmpty: () => boolean): number {
    return this.#spills.push(isEmpty);
  }

  pass(step: Step): void {
    this.#steps.push(step);
    this.moved();
    if (!this.#isWorking) void this.#work();
  }

  /** Steps that wait for a spill may have to wait no longer. */
  moved(): void {
    this.#moved();
  }

  /** All steps begin, in their order. */
  open(): void {
    this.#isOpening = true;
    this.#supervision.alone(undefined);
    this.moved();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    while (this.#steps.length > 0) {
      const next = this.#isOver ? 0 : this.#steps.findIndex(({ depth }) => this.#isEmptyFrom(depth));
      const [step] = next < 0 ? [] : this.#steps.splice(next, 1);
      if (step === undefined) {
        await this.#limited(this.#whenMoved());
        continue;
      }
      if (this.#isOver) step.begin();
      else await this.#alone(step);
      step.over();
    }
    this.#isWorking = false;
  }

  async #alone({ depth, range, isKnown, begin }: Step): Promise<void> {
    await this.#quiet(depth);
    if (isKnown) await this.#pause();
    if (!this.#isOver) this.#supervision.alone(range);
    begin();
    await this.#quiet(depth);
    if (isKnown) await this.#pause();
    await this.#environment.scheduler.yield(); // what rejects and nobody waits for comes out
    this.#supervision.alone(undefined);
  }

  /** Nothing is on its way, nor on a disk of that depth. */
  async #quiet(depth: number): Promise<void> {
    const { inFlight } = this.#environment;
    while (!this.#isOver && !(inFlight.isQuiet && this.#isEmptyFrom(depth))) {
      await this.#limited(inFlight.isQuiet ? this.#whenMoved() : inFlight.whenQuiet());
    }
  }

  get #isOver(): boolean {
    return this.#isOpening || this.#environment.signal.aborted;
  }

  #isEmptyFrom(depth: number): boolean {
    return this.#spills.every((isEmpty, i) => i < depth || isEmpty());
  }

  #whenMoved(): Promise<void> {
    return new Promise((resolve) => (this.#moved = resolve));
  }

  #limited(until: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const limit = this.#environment.scheduler.after(STEP_MS, () => {
        this.#stuck();
        resolve();
      });
      void until.then(() => {
        limit.cancel();
        resolve();
      });
    });
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.#environment.scheduler.after(SETTLE_MS, resolve));
  }
}
