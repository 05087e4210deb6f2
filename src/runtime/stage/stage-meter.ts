import { Histogram } from '../../stats/histogram.ts';
import type { Clock } from '../../time/clock.ts';
import { MAX_SAMPLES, type CallSample, type StageObservation } from '../../control/observation.ts';
import type { StageSettings } from '../../control/settings.ts';
import type { Taken } from '../../buffer/edge.ts';
import type { Inlet } from './inlet.ts';

export type CallOutcome = CallSample['outcome'];

/**
 * A call in flight, as the meter keeps it. A class because V8 may build a literal with a time in it by a
 * slow path, 0.5 us per call (bench:engine, iv); the same for samples.
 */
export class OpenCall {
  readonly batch: number;
  readonly startedAt: number;
  readonly inFlightAtStart: number;
  readonly integralAtStart: number;

  constructor(batch: number, startedAt: number, inFlightAtStart: number, integralAtStart: number) {
    this.batch = batch;
    this.startedAt = startedAt;
    this.inFlightAtStart = inFlightAtStart;
    this.integralAtStart = integralAtStart;
  }
}

class EndedCall implements CallSample {
  readonly batch: number;
  readonly inFlightAtStart: number;
  readonly inFlightMean: number;
  readonly durationMs: number;
  readonly outcome: CallOutcome;
  readonly endedAt: number;

  constructor(call: OpenCall, inFlightMean: number, outcome: CallOutcome, endedAt: number) {
    this.batch = call.batch;
    this.inFlightAtStart = call.inFlightAtStart;
    this.inFlightMean = inFlightMean;
    this.durationMs = endedAt - call.startedAt;
    this.outcome = outcome;
    this.endedAt = endedAt;
  }
}

/** Calls that are held back by a rule of the data path. */
export type Held = Pick<StageObservation, 'waitingRetries' | 'gate' | 'pause'>;

/**
 * Counts and times the calls of one stage, and makes observations of them. One clock read at the
 * start and one at the end of a call, nothing per event.
 */
export class StageMeter {
  readonly #clock: Clock;
  readonly #latency = new Histogram();
  readonly #samples: CallSample[] = [];
  #nextSample = 0;
  #inFlight = 0;
  /** Integral of calls in flight over time, call-ms, up to #integralAt. */
  #integral = 0;
  #integralAt: number;
  #last: {
    at: number;
    arrived: number;
    togetherSquared: number;
    done: number;
    failed: number;
    rejected: number;
    ended: number;
    integral: number;
    fullMs: number;
  };
  /** Calls that have ended. */
  #ended = 0;
  #cuts = { limit: 0, drained: 0 };
  /** Events, by how their calls ended; the stage counts failed and rejected ones itself. */
  done = 0;
  failed = 0;
  rejected = 0;
  calls = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#integralAt = clock.now();
    this.#last = {
      at: this.#integralAt,
      arrived: 0,
      togetherSquared: 0,
      done: 0,
      failed: 0,
      rejected: 0,
      ended: 0,
      integral: 0,
      fullMs: 0,
    };
  }

  /** Monotonic ms at which the clock was read last. */
  get readAt(): number {
    return this.#integralAt;
  }

  /** Calls in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Calls begun or ended (negative) as of the last clock reading, without being timed. */
  count(calls: number): void {
    this.#inFlight += calls;
    if (calls > 0) this.calls += calls;
    else this.#ended -= calls;
  }

  /** What is counted next began or ended now. */
  read(): void {
    this.#advance();
  }

  begin(batch: number, limit: number): OpenCall {
    const startedAt = this.#advance();
    this.count(1);
    this.#cuts[batch >= limit ? 'limit' : 'drained'] += 1;
    return new OpenCall(batch, startedAt, this.#inFlight, this.#integral);
  }

  end(call: OpenCall, outcome: CallOutcome): void {
    const endedAt = this.#advance();
    this.count(-1);
    const durationMs = endedAt - call.startedAt;
    const inFlightMean = durationMs > 0 ? (this.#integral - call.integralAtStart) / durationMs : call.inFlightAtStart;
    this.#sample(new EndedCall(call, inFlightMean, outcome, endedAt));
  }

  /** Its events have been dealt with, as of the last clock reading; `failed` of them are not done. */
  confirmed({ events, parts }: Taken, failed = 0): void {
    this.done += events.length - failed;
    for (const part of parts) this.#latency.record(this.#integralAt - part.origin.acceptedAt, part.events);
  }

  /** What happened since the last observation; starts the next one. */
  observe(stage: string, inlet: Inlet, settings: StageSettings, held: Held): StageObservation {
    const at = this.#advance();
    const last = this.#last;
    const durationMs = at - last.at;
    const fullMs = inlet.fullMs;
    const share = (ms: number): number => (durationMs > 0 ? ms / durationMs : 0);
    const arrived = inlet.arrived - last.arrived;
    const observation: StageObservation = {
      stage,
      at,
      durationMs,
      arrived,
      bulk: arrived > 0 ? (inlet.togetherSquared - last.togetherSquared) / arrived : 0,
      done: this.done - last.done,
      failed: this.failed - last.failed,
      rejected: this.rejected - last.rejected,
      backlogEvents: inlet.backlogEvents,
      backlogBytes: inlet.backlogBytes,
      oldestMs: inlet.oldestAcceptedAt === undefined ? 0 : at - inlet.oldestAcceptedAt,
      newestMs: inlet.newestAcceptedAt === undefined ? 0 : at - inlet.newestAcceptedAt,
      outsideMs: inlet.outsideMs(last.at),
      inFlight: this.#inFlight,
      calls: this.#ended - last.ended,
      ...held,
      busyRatio: share(this.#integral - last.integral) / settings.concurrency,
      fullRatio: Math.min(1, share(fullMs - last.fullMs)),
      latency: this.#latency.data(),
      cuts: this.#cuts,
      samples: this.#takeSamples(),
    };
    this.#last = {
      at,
      arrived: inlet.arrived,
      togetherSquared: inlet.togetherSquared,
      done: this.done,
      failed: this.failed,
      rejected: this.rejected,
      ended: this.#ended,
      integral: this.#integral,
      fullMs,
    };
    this.#cuts = { limit: 0, drained: 0 };
    this.#latency.reset();
    return observation;
  }

  #advance(): number {
    const now = this.#clock.now();
    this.#integral += this.#inFlight * (now - this.#integralAt);
    this.#integralAt = now;
    return now;
  }

  #sample(sample: CallSample): void {
    this.#samples[this.#nextSample % MAX_SAMPLES] = sample;
    this.#nextSample += 1;
  }

  /** The newest samples in the order in which they ended. */
  #takeSamples(): CallSample[] {
    const split = this.#nextSample > MAX_SAMPLES ? this.#nextSample % MAX_SAMPLES : 0;
    const ordered = [...this.#samples.slice(split), ...this.#samples.slice(0, split)];
    this.#samples.length = 0;
    this.#nextSample = 0;
    return ordered;
  }
}
