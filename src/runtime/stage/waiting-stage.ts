/**
 * The stage whose calls take many events: sinks, `mapBatch` and rate limits.
 * Natural batching: a free slot takes everything queued, up to the batch limit, at once.
 *
 * Invariants (waiting-stage.test.ts)
 * - When a call starts is the dispatcher's business (dispatcher.ts), what becomes of one that fails is that of the
 *   attempts (attempts.ts); here events are taken and what came of them is handed on.
 * - Each event ends exactly once: completed, dead-lettered, dropped by policy, or rejected at a stop.
 * - A call that is repeated, or tried in parts, keeps its slot and its events, so a sink with concurrency 1 keeps its order
 *   (failure/witnesses.ts says until when).
 * - A call that returns no promise is done when it returns: no promise is made for it.
 */

import { slicesOf, type Taken } from '../../buffer/edge.ts';
import type { Pause, StageObservation } from '../../control/observation.ts';
import type { Slice } from '../../event/batch.ts';
import { Attempts, type AttemptsOptions } from './failure/attempts.ts';
import type { Completion } from './failure/endings.ts';
import { Dispatcher } from './dispatcher.ts';
import { InOrder } from './in-order.ts';
import { Inlet, type OverflowPolicy } from './inlet.ts';
import { StageMeter } from './stage-meter.ts';
import { stageAccount, type Stage, type StageAccount, type StageEnvironment } from './stage.ts';
import { Wake } from './wake.ts';

export interface WaitingStageOptions extends AttemptsOptions {
  /** Results are handed on in the order in which the events came. */
  readonly ordered: boolean;
  readonly whenSlow: OverflowPolicy;
  /** Takes over the origins of `taken` with the call's result. `at` is monotonic ms as the call ended. */
  readonly completed: (result: unknown, taken: Taken, at: number) => undefined | Promise<void>;
  /** All input has been handled. */
  readonly drained: () => void;
}

export class WaitingStage implements Stage {
  readonly name: string;
  readonly #options: WaitingStageOptions;
  // What each call asks for: of options and environments V8 has seen too many shapes to read them quickly.
  readonly #settings: StageEnvironment['settings'];
  readonly #isOrdered: boolean;
  readonly #completed: WaitingStageOptions['completed'];
  readonly #inlet: Inlet;
  readonly #meter: StageMeter;
  readonly #dispatcher: Dispatcher;
  readonly #attempts: Attempts;
  readonly #order = new InOrder<Completion>();
  #openInputs: number;
  #isPumping = false;
  #isOver = false;
  readonly #wake: Wake;
  #blocked: Promise<void> | undefined;

  /** @param inputs - how many writers will call `close` */
  constructor(options: WaitingStageOptions, environment: StageEnvironment, inputs: number) {
    this.name = options.name;
    this.#options = options;
    this.#settings = environment.settings;
    this.#isOrdered = options.ordered;
    this.#completed = options.completed;
    this.#openInputs = inputs;
    this.#inlet = new Inlet(environment.scheduler, environment.settings, options.whenSlow, {
      changed: () => this.#goOn(),
      underWay: () => this.#underWay(),
    });
    this.#meter = new StageMeter(environment.scheduler);
    this.#dispatcher = new Dispatcher(environment.scheduler, environment.settings);
    this.#wake = new Wake(environment.scheduler, () => this.#pump());
    this.#attempts = new Attempts(options, environment, this.#meter, this.#dispatcher, {
      ended: (sequence, completion) => this.#hand(sequence, completion),
      mayGoOn: () => this.#pump(),
      nothingWaits: () => this.#inlet.events === 0,
    });
  }

  write(slice: Slice): undefined | Promise<void> {
    this.#inlet.offer(slice);
    this.#pump();
    return this.#inlet.whenRoom();
  }

  close(): void {
    this.#openInputs -= 1;
    this.#goOn();
  }

  stop(cause: unknown): void {
    this.#end();
    this.#inlet.stop(cause);
    this.#attempts.rejectAll(cause);
  }

  observe(pause?: Pause): StageObservation {
    const held = { waitingRetries: this.#attempts.waiting, gate: this.#dispatcher.gate.state, pause };
    return this.#meter.observe(this.name, this.#inlet, this.#settings(), held);
  }

  account(): StageAccount {
    const shown = { name: this.name, kind: this.#options.kind, ...this.#attempts.account() };
    return stageAccount(shown, this.#meter, this.#inlet, this.#settings());
  }

  /** What was taken and has not been handed on, in order. */
  #underWay(): Slice[] {
    const waiting = this.#order.waiting.map(([sequence, { taken }]) => [sequence, taken] as const);
    const all = [...this.#attempts.underWay, ...waiting].sort(([a], [b]) => a - b);
    return all.flatMap(([, taken]) => slicesOf(taken));
  }

  /** Starts what may start. Never re-entered: the loop sees synchronous completions. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    let waitMs = 0;
    while (waitMs === 0 && !this.#isOver) waitMs = this.#startNext();
    this.#isPumping = false;
    if (!this.#isOver) this.#wake.in(waitMs);
  }

  /** Starts one call. @returns 0 when it did; else ms until one may start, Infinity = when something changes */
  #startNext(): number {
    const attempts = this.#attempts;
    const cutMs = attempts.cutMs();
    if (cutMs > 0) return cutMs;
    const isWitness = this.#inlet.events > 0 && attempts.wantsWitness();
    const againMs = isWitness ? Infinity : attempts.tryAgain();
    if (againMs === 0 || this.#inlet.events === 0 || this.#blocked !== undefined) return againMs;
    const { inFlight } = attempts;
    const held = isWitness ? inFlight : attempts.held;
    const waitMs = this.#dispatcher.waitMs(this.#inlet, held, inFlight, this.#openInputs > 0);
    if (waitMs > 0) return Math.min(waitMs, againMs);
    const { batchLimit } = this.#settings();
    const taken = this.#inlet.take(batchLimit);
    if (taken !== undefined) attempts.begin(taken, batchLimit);
    return 0;
  }

  /** Passes on what is due, stops taking while what follows is full, and goes on. */
  #hand(sequence: number, completion: Completion | undefined): void {
    if (!this.#isOrdered) {
      if (completion !== undefined) this.#pass(completion);
    } else {
      for (const due of this.#order.complete(sequence, completion)) this.#pass(due);
    }
    this.#goOn();
  }

  #pass({ result, taken }: Completion): void {
    const blocked = this.#completed(result, taken, this.#meter.readAt);
    if (blocked === undefined || blocked === this.#blocked) return;
    this.#blocked = blocked;
    void blocked.then(() => {
      if (this.#blocked === blocked) this.#blocked = undefined;
      this.#goOn();
    });
  }

  #goOn(): void {
    this.#pump();
    if (this.#isPumping || this.#isOver || this.#openInputs > 0) return;
    if (this.#attempts.held > 0 || !this.#inlet.isDone) return;
    this.#end();
    this.#options.drained();
  }

  #end(): void {
    this.#isOver = true;
    this.#wake.cancel();
    this.#attempts.end();
  }
}
