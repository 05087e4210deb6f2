/**
 * The stage that calls a function once per event, several at a time: `mapAsync`.
 *
 * Invariants (each-stage.test.ts)
 * - Which call may start when is the business of slots.ts; here events are taken and what came of them is handed on.
 * - What ended within a turn of the event loop goes on together, and freed slots are filled together: nothing but
 *   the call itself happens per event. No result waits for another one, except for order; no turn is longer than two rounds.
 * - Each event ends exactly once: handed on, dead-lettered, dropped by policy, or rejected at a stop.
 */

import type { Taken } from '../../buffer/edge.ts';
import { OperatorError } from '../../errors/errors.ts';
import type { Slice } from '../../event/batch.ts';
import type { Origin } from '../../event/origin.ts';
import type { WriteOptions } from '../../event/sink.ts';
import type { Pause, StageObservation } from '../../control/observation.ts';
import { isBackPressure } from '../../resilience/backoff.ts';
import { CallBook } from './call-book.ts';
import { Inlet, type OverflowPolicy } from './inlet.ts';
import { isPromise } from './is-promise.ts';
import { Place } from './place.ts';
import { protectionOf, UNPROTECTED, type Protection, type ProtectionOptions } from './failure/protection.ts';
import { Slots } from './slots.ts';
import { StageMeter } from './stage-meter.ts';
import {
  deadLetterEvent,
  stageAccount,
  type FailurePolicy,
  type Stage,
  type StageAccount,
  type StageEnvironment,
} from './stage.ts';
import { TroubleNotices } from './failure/trouble-notices.ts';
import { TurnResults } from './turn-results.ts';
import { Wake } from './wake.ts';

export interface EachStageOptions {
  readonly name: string;
  readonly fn: (event: unknown, options: WriteOptions) => unknown;
  readonly ordered: boolean;
  readonly whenSlow: OverflowPolicy;
  readonly whenFailing: FailurePolicy;
  /** Left out: calls have no deadline, and what fails is not repeated. */
  readonly protection?: ProtectionOptions;
  /** Takes over the origins of `taken` with the results. */
  readonly completed: (results: readonly unknown[], taken: Taken) => undefined | Promise<void>;
  /** All input has been handled. */
  readonly drained: () => void;
}

export class EachStage implements Stage {
  readonly name: string;
  readonly #options: EachStageOptions;
  readonly #environment: StageEnvironment;
  readonly #inlet: Inlet;
  readonly #meter: StageMeter;
  readonly #protection: Protection | undefined;
  readonly #notices: TroubleNotices;
  readonly #book: CallBook;
  readonly #slots: Slots;
  readonly #wake: Wake;
  #retried = 0;
  #places: Place[] = [];
  readonly #free: Place[] = [];
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
    this.#openInputs = inputs;
    this.#inlet = new Inlet(environment.scheduler, environment.settings, options.whenSlow, {
      changed: () => this.#goOn(),
      underWay: () => this.#underWay(),
    });
    this.#meter = new StageMeter(environment.scheduler);
    this.#notices = new TroubleNotices(options.name, environment.scheduler, environment.notice);
    this.#protection = protectionOf(options, environment, this.#notices, () => this.#sweep());
    this.#book = new CallBook(this.#meter, this.#protection, this.#notices);
    this.#slots = new Slots(environment.settings, environment.scheduler, environment.random, this.#protection);
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
    for (const place of this.#places) {
      if (place.outcome === 'free' || place.origin === undefined) continue;
      place.origin.reject(cause);
      place.origin = undefined;
      place.options.abort(cause);
    }
  }

  observe(pause?: Pause): StageObservation {
    this.#book.tell();
    const held = { waitingRetries: this.#slots.waiting, gate: 'open', pause } as const;
    return this.#meter.observe(this.name, this.#inlet, this.#environment.settings(), held);
  }

  account(): StageAccount {
    this.#book.tell();
    const shown = { name: this.name, kind: 'async', retried: this.#retried } as const;
    return stageAccount(
      { ...shown, ...(this.#protection?.account() ?? UNPROTECTED) },
      this.#meter,
      this.#inlet,
      this.#environment.settings(),
    );
  }

  /** What was taken and has not been handed on; ordered: in order. */
  #underWay(): Slice[] {
    const places = this.#options.ordered ? this.#line : this.#places;
    return places.flatMap(({ event, origin, outcome }) =>
      outcome === 'free' || origin === undefined ? [] : [{ events: [event], start: 0, end: 1, bytes: 0, origin }],
    );
  }

  /** Fills the free slots. Functions that answer at once are handed on here. */
  #pump(): void {
    if (this.#isPumping) return;
    if (this.#slots.waiting > 0) this.#tryAgain();
    this.#isPumping = true;
    for (let free = this.#freeSlots(); free > 0 && this.#inlet.events > 0; free = this.#freeSlots()) {
      const part = this.#inlet.takePart(free);
      if (part === undefined) break;
      this.#startAll(part);
      if (this.#slots.taken === 0) this.#handOn();
    }
    this.#isPumping = false;
    if (!this.#isOver && (this.#slots.waiting > 0 || this.#inlet.events > 0)) this.#wake.in(this.#slots.againMs());
  }

  #freeSlots(): number {
    if (this.#isOver || this.#blocked !== undefined) return 0;
    return this.#slots.free(this.#options.ordered ? this.#line.length - this.#slots.taken : this.#line.length);
  }

  /** Starts what is due again. */
  #tryAgain(): void {
    while (!this.#isOver) {
      const due = this.#slots.takeDue(this.#inlet.events);
      if (due === undefined) return;
      this.#retried += 1;
      this.#call(due);
    }
  }

  #startAll({ events, start, end, origin }: Slice): void {
    if (end - start > 1) origin.retain(end - start - 1); // the part's one reference becomes one per event
    for (let i = start; i < end; i += 1) this.#start(events[i], origin);
  }

  #start(event: unknown, origin: Origin): void {
    const place = this.#free.pop() ?? this.#newPlace();
    place.take(event, origin);
    this.#slots.take();
    if (this.#options.ordered) this.#line.push(place);
    this.#call(place);
  }

  #call(place: Place): void {
    place.outcome = 'running';
    this.#book.begin(place);
    try {
      const result = this.#options.fn(place.event, place.options);
      if (isPromise(result)) {
        this.#protection?.watch(place);
        result.then(place.resolved, place.rejected);
      } else {
        this.#settle(place, 'ok', result);
      }
    } catch (cause) {
      this.#settle(place, 'failed', cause, true);
    }
  }

  #newPlace(): Place {
    const place = new Place((ended, outcome, result) => this.#settle(ended, outcome, result));
    this.#places.push(place);
    return place;
  }

  #settle(place: Place, outcome: 'ok' | 'failed', result: unknown, isSync = false): void {
    if (place.isLeft) {
      if (this.#protection?.endedLate() === true) this.#goOn();
      return;
    }
    if (this.#book.end(place, outcome)) this.#slots.allDueNow();
    if (outcome === 'failed' && !this.#isOver && this.#isTriedAgain(place, result, isSync)) return;
    place.outcome = outcome;
    place.result = result;
    this.#slots.release();
    if (!this.#options.ordered) this.#line.push(place);
    this.#endTurn();
  }

  /** Keeps its slot, so that order holds. */
  #isTriedAgain(place: Place, cause: unknown, isSync: boolean): boolean {
    const protection = this.#protection;
    if (protection === undefined) return false;
    this.#book.tell();
    place.tries += 1;
    const isClosed = protection.wasOutdone(place) && this.#isClosed(protection);
    const now = this.#environment.scheduler.now();
    const judgement = protection.judge(cause, place, now, { isSuspect: false, isDivisible: false, isClosed });
    const isData = judgement !== 'again';
    if (isData && protection.answered()) this.#slots.allDueNow();
    const mayRepeat = this.#options.whenFailing !== 'stop' && judgement === 'isolate';
    if (isData && !(mayRepeat && place.tries < protection.triesFor(cause, isSync))) return false;
    if (!isData && !isBackPressure(cause)) this.#notices.repeats(cause);
    place.outcome = 'waiting';
    this.#slots.tryLater(place, cause);
    this.#endTurn();
    return true;
  }

  /** No event is left that could show whether the target works. */
  #isClosed(protection: Protection): boolean {
    if (this.#inlet.events > 0) return false;
    return this.#places.every((place) => place.outcome === 'free' || place.hasEnded || protection.wasOutdone(place));
  }

  /** Gives up the calls that take too long. @returns whether calls are in flight */
  #sweep(): boolean {
    const protection = this.#protection;
    if (protection === undefined) return false;
    const calling = this.#places.filter(({ outcome }) => outcome === 'running');
    for (const place of calling.filter((each) => protection.isOverdue(each))) {
      const cause = protection.deadline(this.name, place, this.#slots.inFlight);
      this.#settle(this.#leave(place), 'failed', cause);
      place.options.abort(cause);
    }
    return this.#slots.inFlight > 0;
  }

  #leave(place: Place): Place {
    const next = this.#newPlace();
    next.replace(place);
    this.#places = this.#places.filter((each) => each !== place);
    if (this.#options.ordered) this.#line[this.#line.indexOf(place)] = next;
    this.#book.replaced(place, next);
    return next;
  }

  /**
   * At once when no call is left that could end within this turn, so that the next ones begin a turn earlier: but once per
   * turn, since functions that never wait would keep everybody else from theirs.
   */
  #endTurn(): void {
    if (this.#isPumping) return;
    if (!this.#isTurnDue) {
      this.#isTurnDue = true;
      this.#environment.scheduler.soon(this.#turnBegins);
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
    const ended = this.#takeEnded();
    if (ended.length === 0) return;
    const turn = new TurnResults();
    for (const place of ended) this.#collect(place, turn);
    if (turn.results.length > 0) this.#pass(turn);
  }

  #takeEnded(): readonly Place[] {
    const line = this.#line;
    let count = line.length;
    if (this.#options.ordered) for (count = 0; line[count]?.hasEnded === true;) count += 1;
    this.#line = count === line.length ? [] : line.slice(count);
    return count === line.length ? line : line.slice(0, count);
  }

  #collect(place: Place, turn: TurnResults): void {
    const { origin, outcome, result, event } = place;
    place.free();
    this.#free.push(place);
    if (origin === undefined) return; // stopped meanwhile: already rejected
    if (outcome === 'failed') this.#fail(event, origin, result);
    else turn.add(result, origin);
  }

  #pass(turn: TurnResults): void {
    const { results } = turn;
    const taken = turn.taken();
    this.#meter.confirmed(taken);
    const blocked = this.#options.completed(results, taken);
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
    this.#protection?.stop();
  }
}
