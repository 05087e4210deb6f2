/**
 * The calls of a stage that makes one per event, from their start to what each event came to: done, or failed for good.
 * Which call may start when is in slots.ts, what becomes known of them in call-book.ts.
 *
 * Invariants (each-stage.test.ts, failure/deadlines.test.ts)
 * - An event keeps its place from its first call until `doneWith`; it then has ended exactly once.
 * - What a call says after it was given up changes nothing but that it has ended.
 */

import type { Origin } from '../../event/origin.ts';
import type { WriteOptions } from '../../event/sink.ts';
import type { StageSnapshot } from '../../metrics/snapshot.ts';
import { isBackPressure } from '../../resilience/backoff.ts';
import { CallBook } from './call-book.ts';
import { isPromise } from './is-promise.ts';
import { Place, type PlaceCalls } from './place.ts';
import { protectionOf, UNPROTECTED, type Protection, type ProtectionOptions } from './failure/protection.ts';
import { TroubleNotices } from './failure/trouble-notices.ts';
import { Slots } from './slots.ts';
import type { StageMeter } from './stage-meter.ts';
import type { FailurePolicy, StageEnvironment } from './stage.ts';

export interface EachCallsOptions {
  readonly name: string;
  readonly fn: (event: unknown, options: WriteOptions) => unknown;
  readonly whenFailing: FailurePolicy;
  /** Left out: calls have no deadline, and what fails is not repeated. */
  readonly protection?: ProtectionOptions;
}

export interface EachCallsListener {
  /** Its event has come to its end. */
  ended(place: Place): void;
  /** It will be tried again. */
  waits(): void;
  /** A call may start that could not before. */
  mayGoOn(): void;
  /** `next` took its event over. */
  replaced(place: Place, next: Place): void;
  /** Events that wait for a call. */
  queued(): number;
}

export class EachCalls implements PlaceCalls {
  readonly slots: Slots;
  readonly #options: EachCallsOptions;
  readonly #environment: StageEnvironment;
  /** Of options V8 has seen too many shapes to read them quickly. */
  readonly #fn: EachCallsOptions['fn'];
  readonly #listener: EachCallsListener;
  readonly #notices: TroubleNotices;
  readonly #protection: Protection | undefined;
  readonly #meter: StageMeter;
  readonly #book: CallBook;
  #places: Place[] = [];
  #free: Place | undefined;
  #retried = 0;
  #isOver = false;

  constructor(
    options: EachCallsOptions,
    environment: StageEnvironment,
    meter: StageMeter,
    listener: EachCallsListener,
  ) {
    this.#options = options;
    this.#environment = environment;
    this.#fn = options.fn;
    this.#listener = listener;
    this.#notices = new TroubleNotices(options.name, environment.scheduler, environment.notice);
    this.#protection = protectionOf(options, environment, this.#notices, () => this.#sweep());
    this.#meter = meter;
    this.#book = new CallBook(meter, this.#protection, this.#notices);
    this.slots = new Slots(environment.settings, environment.scheduler, environment.random, this.#protection);
  }

  /** All that hold an event, in no particular order. */
  get places(): readonly Place[] {
    return this.#places;
  }

  account(): Pick<StageSnapshot, 'retried' | 'timedOut' | 'timeoutMs' | 'breaker'> {
    return { retried: this.#retried, ...(this.#protection?.account() ?? UNPROTECTED) };
  }

  /** At the end of a turn, and before the meter is asked. */
  tell(): void {
    this.#book.tell();
  }

  /** Before the stage is observed. */
  observed(): void {
    this.#book.observed();
  }

  /** A place with this event; `call` must follow. */
  take(event: unknown, origin: Origin): Place {
    const place = this.#free ?? this.#newPlace();
    this.#free = place.next;
    place.take(event, origin);
    this.slots.take();
    return place;
  }

  call(place: Place): void {
    place.outcome = 'running';
    this.#book.begin(place);
    try {
      const fn = this.#fn; // not as a method: what is called gets nothing of ours as its `this`
      const result = fn(place.event, place.options);
      if (isPromise(result)) {
        this.#protection?.watch(place);
        result.then(place.resolved, place.rejected);
      } else {
        this.succeeded(place, result);
      }
    } catch (cause) {
      this.failed(place, cause, true);
    }
  }

  succeeded(place: Place, result: unknown): void {
    if (place.isLeft) {
      this.#endedLate();
      return;
    }
    if (this.#book.succeeded(place)) this.slots.allDueNow();
    if (this.slots.isStrained) this.slots.worked();
    this.#end(place, 'ok', result);
  }

  /** @param isSync - it was thrown, not rejected with */
  failed(place: Place, cause: unknown, isSync = false): void {
    if (place.isLeft) {
      this.#endedLate();
      return;
    }
    this.#book.failed(place, isBackPressure(cause) ? 'rejected' : 'failed');
    if (!this.#isOver && this.#isTriedAgain(place, cause, isSync)) this.#listener.waits();
    else this.#end(place, 'failed', cause);
  }

  /** Its event has been dealt with. */
  doneWith(place: Place): void {
    place.free();
    place.next = this.#free;
    this.#free = place;
  }

  /** Starts what is due again. */
  tryAgain(): void {
    while (!this.#isOver) {
      const due = this.slots.takeDue(this.#listener.queued());
      if (due === undefined) return;
      this.#retried += 1;
      this.call(due);
    }
  }

  rejectAll(cause: unknown): void {
    for (const place of this.#places) {
      if (place.outcome === 'free' || place.origin === undefined) continue;
      place.origin.reject(cause);
      place.origin = undefined;
      place.options.abort(cause);
    }
  }

  /** No call is awaited any more. */
  end(): void {
    this.#isOver = true;
    this.#protection?.stop();
  }

  #newPlace(): Place {
    const place = new Place(this);
    this.#places.push(place);
    return place;
  }

  #endedLate(): void {
    if (this.#protection?.endedLate() === true) this.#listener.mayGoOn();
  }

  #end(place: Place, outcome: 'ok' | 'failed', result: unknown): void {
    place.outcome = outcome;
    place.result = result;
    this.slots.release();
    this.#listener.ended(place);
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
    if (isData && protection.answered()) this.slots.allDueNow();
    const mayRepeat = this.#options.whenFailing !== 'stop' && judgement === 'isolate';
    if (isData && !(mayRepeat && place.tries < protection.triesFor(cause, isSync))) return false;
    if (!isData && isBackPressure(cause)) this.#meter.rejected += 1;
    else if (!isData) this.#notices.repeats(cause);
    place.outcome = 'waiting';
    this.slots.tryLater(place, cause);
    return true;
  }

  /** No event is left that could show whether the target works. */
  #isClosed(protection: Protection): boolean {
    if (this.#listener.queued() > 0) return false;
    return this.#places.every((place) => place.outcome === 'free' || place.hasEnded || protection.wasOutdone(place));
  }

  /** Gives up the calls that take too long. @returns whether calls are in flight */
  #sweep(): boolean {
    const protection = this.#protection;
    if (protection === undefined) return false;
    const calling = this.#places.filter(({ outcome }) => outcome === 'running');
    for (const place of calling.filter((each) => protection.isOverdue(each))) {
      const cause = protection.deadline(this.#options.name, place, this.slots.inFlight);
      this.failed(this.#leave(place), cause);
      place.options.abort(cause);
    }
    return this.slots.inFlight > 0;
  }

  #leave(place: Place): Place {
    const next = this.#newPlace();
    next.replace(place);
    this.#places = this.#places.filter((each) => each !== place);
    this.#listener.replaced(place, next);
    return next;
  }
}
