/**
 * The stage that calls a function once per event, several at a time: `mapAsync`.
 *
 * Invariants (each-stage.test.ts)
 * - What is done for a call is in each-calls.ts; here events are taken and what came of them is handed on.
 * - What ended within a turn of the event loop goes on together, and freed slots are filled together: nothing but
 *   the call itself happens per event. No result waits for another one, except for order; no turn is longer than two rounds.
 * - Each event ends exactly once: handed on, dead-lettered, dropped by policy, or rejected at a stop.
 */

import type { Taken } from '../../buffer/edge.ts';
import { OperatorError } from '../../errors/errors.ts';
import type { Slice } from '../../event/batch.ts';
import type { Origin } from '../../event/origin.ts';
import type { Pause, StageObservation } from '../../control/observation.ts';
import { EachCalls, type EachCallsOptions } from './each-calls.ts';
import { Inlet, type OverflowPolicy } from './inlet.ts';
import type { Place } from './place.ts';
import type { Slots } from './slots.ts';
import { StageMeter } from './stage-meter.ts';
import { deadLetterEvent, stageAccount, type Stage, type StageAccount, type StageEnvironment } from './stage.ts';
import { TurnResults } from './turn-results.ts';
import type { Scheduler } from '../../time/clock.ts';
import { Wake } from './wake.ts';

export interface EachStageOptions extends EachCallsOptions {
  readonly ordered: boolean;
  readonly whenSlow: OverflowPolicy;
  /** Takes over the origins of `taken` with the results. */
  readonly completed: (results: readonly unknown[], taken: Taken) => undefined | Promise<void>;
  /** All input has been handled. */
  readonly drained: () => void;
}

export class EachStage implements Stage {
  readonly name: string;
  readonly #options: EachStageOptions;
  readonly #environment: StageEnvironment;
  // What each event or turn asks for: of options and environments V8 has seen too many shapes to read them quickly.
  readonly #scheduler: Scheduler;
  readonly #isOrdered: boolean;
  readonly #completed: EachStageOptions['completed'];
  readonly #inlet: Inlet;
  readonly #meter: StageMeter;
  readonly #calls: EachCalls;
  readonly #slots: Slots;
  readonly #wake: Wake;
  /** Ended calls, in the order in which they ended; ordered: all calls in the order of their events. */
  #line: Place[] = [];
  #openInputs: number;
  #isPumping = false;
  #isTurnDue = false;
  /** Within this turn, before its end. */
  #hasGoneOn = false;
  #isOver = false;
  #blocked: Promise<void> | undefined;

  /** @param inputs - how many writers will call `close` */
  constructor(options: EachStageOptions, environment: StageEnvironment, inputs: number) {
    this.name = options.name;
    this.#options = options;
    this.#environment = environment;
    this.#scheduler = environment.scheduler;
    this.#isOrdered = options.ordered;
    this.#completed = options.completed;
    this.#openInputs = inputs;
    this.#inlet = new Inlet(environment.scheduler, environment.settings, options.whenSlow, {
      changed: () => this.#goOn(),
      underWay: () => this.#underWay(),
    });
    this.#meter = new StageMeter(environment.scheduler);
    this.#calls = new EachCalls(options, environment, this.#meter, {
      ended: (place) => this.#ended(place),
      waits: () => this.#endTurn(),
      mayGoOn: () => this.#goOn(),
      replaced: (place, next) => this.#replaced(place, next),
      queued: () => this.#inlet.events,
    });
    this.#slots = this.#calls.slots;
    this.#wake = new Wake(environment.scheduler, () => this.#goOn());
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
    this.#calls.rejectAll(cause);
  }

  observe(pause?: Pause): StageObservation {
    this.#calls.observed();
    const held = { waitingRetries: this.#slots.waiting, gate: this.#slots.gate, pause };
    return this.#meter.observe(this.name, this.#inlet, this.#environment.settings(), held);
  }

  account(): StageAccount {
    this.#calls.tell();
    const shown = { name: this.name, kind: 'async', ...this.#calls.account() } as const;
    return stageAccount(shown, this.#meter, this.#inlet, this.#environment.settings());
  }

  /** What was taken and has not been handed on; ordered: in order. */
  #underWay(): Slice[] {
    const places = this.#isOrdered ? this.#line : this.#calls.places;
    return places.flatMap(({ event, origin, outcome }) =>
      outcome === 'free' || origin === undefined ? [] : [{ events: [event], start: 0, end: 1, bytes: 0, origin }],
    );
  }

  /** Fills the free slots. Functions that answer at once are handed on here. */
  #pump(): void {
    if (this.#isPumping) return;
    if (this.#slots.waiting > 0) this.#calls.tryAgain();
    this.#isPumping = true;
    for (let free = this.#freeSlots(); free > 0 && this.#inlet.events > 0; free = this.#freeSlots()) {
      const part = this.#inlet.takePart(free);
      if (part === undefined) break;
      this.#startAll(part);
      if (this.#slots.taken === 0) this.#handOn();
    }
    this.#isPumping = false;
    if (this.#isOver || (this.#slots.waiting === 0 && this.#inlet.events === 0)) return;
    const isBlocked = this.#blocked !== undefined;
    this.#wake.in(isBlocked ? this.#slots.againMs() : this.#slots.waitMs(this.#results, this.#inlet));
  }

  #freeSlots(): number {
    return this.#isOver || this.#blocked !== undefined ? 0 : this.#slots.free(this.#results, this.#inlet);
  }

  /** That have not been handed on. */
  get #results(): number {
    return this.#isOrdered ? this.#line.length - this.#slots.taken : this.#line.length;
  }

  #startAll({ events, start, end, origin }: Slice): void {
    if (end - start > 1) origin.retain(end - start - 1); // the part's one reference becomes one per event
    for (let i = start; i < end; i += 1) this.#start(events[i], origin);
  }

  #start(event: unknown, origin: Origin): void {
    const place = this.#calls.take(event, origin);
    if (this.#isOrdered) this.#line.push(place);
    this.#calls.call(place);
  }

  #ended(place: Place): void {
    if (!this.#isOrdered) this.#line.push(place);
    this.#endTurn();
  }

  #replaced(place: Place, next: Place): void {
    if (this.#isOrdered) this.#line[this.#line.indexOf(place)] = next;
  }

  /**
   * At once when no call is left that could end within this turn, so that the next ones begin a turn earlier: but once per
   * turn, since functions that never wait would keep everybody else from theirs.
   */
  #endTurn(): void {
    if (this.#isPumping) return;
    if (!this.#isTurnDue) {
      this.#isTurnDue = true;
      this.#scheduler.soon(this.#turnBegins);
    }
    if (this.#slots.taken > 0 || this.#hasGoneOn || this.#isOver) return;
    this.#hasGoneOn = true;
    this.#handOn();
    this.#goOn();
  }

  readonly #turnBegins = (): void => {
    this.#isTurnDue = this.#hasGoneOn = false;
    if (!this.#isOver) this.#handOn();
    this.#goOn();
  };

  /** Passes on what has ended; ordered: only up to the first call that has not. */
  #handOn(): void {
    this.#calls.tell();
    const ended = this.#takeEnded();
    if (ended.length === 0) return;
    const turn = new TurnResults(ended);
    for (const place of ended) this.#collect(place, turn);
    this.#pass(turn.taken());
  }

  #takeEnded(): Place[] {
    const line = this.#line;
    let count = line.length;
    if (this.#isOrdered) for (count = 0; line[count]?.hasEnded === true;) count += 1;
    this.#line = count === line.length ? [] : line.slice(count);
    return count === line.length ? line : line.slice(0, count);
  }

  #collect(place: Place, turn: TurnResults): void {
    const { origin, outcome, result, event } = place;
    this.#calls.doneWith(place);
    if (origin === undefined) return; // stopped meanwhile: already rejected
    if (outcome === 'failed') this.#fail(event, origin, result);
    else turn.add(result, origin);
  }

  #pass(taken: Taken): void {
    if (taken.events.length === 0) return;
    this.#meter.confirmed(taken);
    const blocked = this.#completed(taken.events, taken);
    if (blocked === undefined || blocked === this.#blocked) return;
    this.#blocked = blocked;
    void blocked.then(() => {
      if (this.#blocked === blocked) this.#blocked = undefined;
      this.#goOn();
    });
  }

  #fail(event: unknown, origin: Origin, cause: unknown): void {
    this.#meter.failed += 1;
    const { whenFailing } = this.#options;
    const error = new OperatorError({ flow: this.#environment.flow, operator: this.name }, cause);
    if (whenFailing === 'stop') {
      origin.reject(error);
      this.#environment.fatal(error);
      return;
    }
    if (whenFailing === 'deadLetter') deadLetterEvent(event, origin, this.name, error, this.#environment);
    origin.release();
  }

  #goOn(): void {
    this.#pump();
    if (this.#isPumping || this.#isOver || this.#openInputs > 0) return;
    if (this.#slots.taken > 0 || this.#line.length > 0 || !this.#inlet.isDone) return;
    this.#end();
    this.#options.drained();
  }

  #end(): void {
    this.#isOver = true;
    this.#wake.cancel();
    this.#calls.end();
  }
}
