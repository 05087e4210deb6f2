/**
 * The stage that calls a function once per event, several at a time: `mapAsync`.
 *
 * Invariants (each-stage.test.ts)
 * - Calls in flight <= concurrency. Ordered: results waiting for an earlier one <= WAITING_PER_CALL x concurrency.
 * - What ended within a turn of the event loop goes on together, and freed slots are filled together:
 *   nothing but the call itself happens per event. No result waits for another one, except for order.
 * - Each event ends exactly once: handed on, dead-lettered, dropped by policy, or rejected at a stop.
 */

import type { Part, Taken } from '../buffer/edge.ts';
import { OperatorError } from '../errors/errors.ts';
import type { Slice } from '../event/batch.ts';
import type { Origin } from '../event/origin.ts';
import type { WriteOptions } from '../event/sink.ts';
import type { Pause, StageObservation } from '../control/observation.ts';
import { Inlet, type OverflowPolicy } from './inlet.ts';
import { StageMeter, type OpenCall } from './stage-meter.ts';
import {
  deadLetterEvent,
  stageAccount,
  type FailurePolicy,
  type Stage,
  type StageAccount,
  type StageEnvironment,
} from './stage.ts';

export interface EachStageOptions {
  readonly name: string;
  readonly fn: (event: unknown, options: WriteOptions) => unknown;
  readonly ordered: boolean;
  readonly whenSlow: OverflowPolicy;
  readonly whenFailing: FailurePolicy;
  /** Takes over the origins of `taken` with the results. */
  readonly completed: (results: readonly unknown[], taken: Taken) => undefined | Promise<void>;
  /** All input has been handled. */
  readonly drained: () => void;
}

/** Ordered results that may wait behind one slow call, per slot: more would only hide how slow it is. */
const WAITING_PER_CALL = 8;

/** A place for one call, used again and again with the same handlers. */
interface Place {
  event: unknown;
  origin: Origin | undefined;
  outcome: 'running' | 'ok' | 'failed';
  result: unknown;
  readonly resolved: (value: unknown) => void;
  readonly rejected: (cause: unknown) => void;
}

export class EachStage implements Stage {
  readonly name: string;
  readonly #options: EachStageOptions;
  readonly #environment: StageEnvironment;
  readonly #inlet: Inlet;
  readonly #meter: StageMeter;
  readonly #writeOptions: WriteOptions;
  readonly #places: Place[] = [];
  readonly #free: Place[] = [];
  /** Ended calls, in the order in which they ended; ordered: all calls in the order of their events. */
  #line: Place[] = [];
  #openInputs: number;
  #running = 0;
  /** One call at a time is timed. */
  #timed: { readonly place: Place; readonly call: OpenCall } | undefined;
  #isPumping = false;
  #isTurnDue = false;
  #isOver = false;
  #blocked: Promise<void> | undefined;

  /** @param inputs - how many writers will call `close` */
  constructor(options: EachStageOptions, environment: StageEnvironment, inputs: number) {
    this.name = options.name;
    this.#options = options;
    this.#environment = environment;
    this.#openInputs = inputs;
    this.#inlet = new Inlet(environment.scheduler, environment.settings, options.whenSlow);
    this.#meter = new StageMeter(environment.scheduler);
    this.#writeOptions = { signal: environment.signal };
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
    this.#isOver = true;
    this.#inlet.stop(cause);
    for (const { origin } of this.#places) origin?.reject(cause);
    for (const place of this.#places) place.origin = undefined;
  }

  observe(pause?: Pause): StageObservation {
    const held = { waitingRetries: 0, gate: 'open', pause } as const;
    return this.#meter.observe(this.name, this.#inlet, this.#environment.settings(), held);
  }

  account(): StageAccount {
    const shown = { name: this.name, kind: 'async', retried: 0 } as const;
    return stageAccount(shown, this.#meter, this.#inlet, this.#environment.settings());
  }

  /** Fills the free slots. Functions that answer at once are handed on here. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    for (let free = this.#freeSlots(); free > 0 && this.#inlet.events > 0; free = this.#freeSlots()) {
      const taken = this.#inlet.take(free);
      if (taken === undefined) break;
      this.#startAll(taken);
      if (this.#running === 0) this.#handOn();
    }
    this.#isPumping = false;
  }

  #freeSlots(): number {
    if (this.#isOver || this.#blocked !== undefined) return 0;
    const { concurrency } = this.#environment.settings();
    const waiting = this.#line.length - (this.#options.ordered ? this.#running : 0);
    return waiting >= WAITING_PER_CALL * concurrency ? 0 : concurrency - this.#running;
  }

  #startAll({ events, parts }: Taken): void {
    let next = 0;
    for (const { origin, events: count } of parts) {
      if (count > 1) origin.retain(count - 1); // the part's one reference becomes one per event
      for (const end = next + count; next < end; next += 1) this.#start(events[next], origin);
    }
  }

  #start(event: unknown, origin: Origin): void {
    const place = this.#free.pop() ?? this.#newPlace();
    place.event = event;
    place.origin = origin;
    place.outcome = 'running';
    this.#running += 1;
    if (this.#options.ordered) this.#line.push(place);
    if (this.#timed === undefined) this.#timed = { place, call: this.#meter.begin(1, 1) };
    else this.#meter.count(1);
    try {
      const result = this.#options.fn(event, this.#writeOptions);
      if (isPromise(result)) result.then(place.resolved, place.rejected);
      else this.#settle(place, 'ok', result);
    } catch (cause) {
      this.#settle(place, 'failed', cause);
    }
  }

  #newPlace(): Place {
    const place: Place = {
      event: undefined,
      origin: undefined,
      outcome: 'running',
      result: undefined,
      resolved: (value) => this.#settle(place, 'ok', value),
      rejected: (cause) => this.#settle(place, 'failed', cause),
    };
    this.#places.push(place);
    return place;
  }

  #settle(place: Place, outcome: 'ok' | 'failed', result: unknown): void {
    place.outcome = outcome;
    place.result = result;
    this.#running -= 1;
    if (!this.#options.ordered) this.#line.push(place);
    if (this.#timed?.place === place) {
      this.#meter.end(this.#timed.call, outcome);
      this.#timed = undefined;
    } else {
      this.#meter.count(-1);
    }
    if (this.#isTurnDue || this.#isPumping) return;
    this.#isTurnDue = true;
    this.#environment.scheduler.soon(() => {
      this.#isTurnDue = false;
      if (!this.#isOver) this.#handOn();
      this.#goOn();
    });
  }

  /** Passes on what has ended; ordered: only up to the first call that has not. */
  #handOn(): void {
    const line = this.#line;
    let count = 0;
    while (count < line.length && (line[count] as Place).outcome !== 'running') count += 1;
    if (count === 0) return;
    this.#line = line.slice(count);
    const results: unknown[] = [];
    const parts: { origin: Origin; events: number }[] = [];
    for (let i = 0; i < count; i += 1) this.#collect(line[i] as Place, results, parts);
    if (parts.length > 0) this.#pass(results, parts);
  }

  #collect(place: Place, results: unknown[], parts: { origin: Origin; events: number }[]): void {
    const { origin, outcome, result, event } = place;
    place.event = place.origin = place.result = undefined;
    this.#free.push(place);
    if (origin === undefined) return; // stopped meanwhile: already rejected
    if (outcome === 'failed') {
      this.#fail(event, origin, result);
      return;
    }
    results.push(result);
    const last = parts.at(-1);
    if (last?.origin === origin) last.events += 1;
    else parts.push({ origin, events: 1 });
  }

  #pass(results: readonly unknown[], parts: readonly Part[]): void {
    let acceptedAt = Infinity;
    for (const { origin, events } of parts) {
      if (events > 1) origin.release(events - 1); // one reference per part again
      if (origin.acceptedAt < acceptedAt) acceptedAt = origin.acceptedAt;
    }
    const taken = { events: results, parts, bytes: results.length * ASSUMED_RESULT_BYTES, acceptedAt };
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
    if (this.#running > 0 || this.#line.length > 0 || this.#inlet.events > 0) return;
    this.#isOver = true;
    this.#options.drained();
  }
}

/** What a result counts for on the edge that follows; its real size is not known. */
const ASSUMED_RESULT_BYTES = 128;

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | undefined)?.then === 'function';
}
