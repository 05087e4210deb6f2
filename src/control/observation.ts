import type { HistogramData } from '../stats/histogram.ts';

/** One call of a stage, as a controller needs it. */
export interface CallSample {
  /** Events in the call. */
  readonly batch: number;
  /** Calls in flight: when it started (itself included), and the mean while it ran. */
  readonly inFlightAtStart: number;
  readonly inFlightMean: number;
  readonly durationMs: number;
  readonly outcome: 'ok' | 'failed' | 'rejected';
  /** Monotonic ms at which it ended. */
  readonly endedAt: number;
}

/** Why calls were cut where they were; counts. */
export interface CutReasons {
  /** The batch limit was reached. */
  readonly limit: number;
  /** Everything queued was taken. */
  readonly drained: number;
}

/**
 * How a stage meets a target that refuses: `open` as usual, `closed` while it accepts nothing (one probe at
 * a time), `opening` while calls in flight grow again from one.
 */
export type GateState = 'open' | 'closed' | 'opening';

/** A stand-still of the event loop: what ran across it says nothing about the target. */
export interface Pause {
  readonly endedAt: number;
  readonly durationMs: number;
}

/** What one stage did since the last observation. Plain data: it can be saved and replayed. */
export interface StageObservation {
  readonly stage: string;
  readonly at: number;
  readonly durationMs: number;
  /** Events that came in, were confirmed, failed. */
  readonly arrived: number;
  /** Of those that came in, how many came together: a mean by events (bulk arrivals); 0 where none came. */
  readonly bulk: number;
  readonly done: number;
  readonly failed: number;
  /** Events that the target pushed back (429, pool exhausted). */
  readonly rejected: number;
  readonly backlogEvents: number;
  readonly backlogBytes: number;
  /** Age of the oldest queued event since acceptance. */
  readonly oldestMs: number;
  /** Of the newest: where it is old, events were late when they came, or none came for so long. */
  readonly newestMs: number;
  /**
   * How long the event that filled the edge had waited outside since its acceptance, when writers were last held back within the
   * period: old events are a backlog in front of it, young ones come from a source that waits. Undefined: nobody was held back.
   */
  readonly outsideMs: number | undefined;
  readonly inFlight: number;
  /** Calls that ended, however they ended. */
  readonly calls: number;
  /** Calls that wait to be tried again; each keeps its slot. */
  readonly waitingRetries: number;
  readonly gate: GateState;
  /** The longest stand-still of the event loop in this period; undefined where there was none worth naming. */
  readonly pause: Pause | undefined;
  /** Mean calls in flight over concurrency, 0..1 (over 1 while bursting). */
  readonly busyRatio: number;
  /** Share of the time in which the edge in front was full. */
  readonly fullRatio: number;
  /** Acceptance to confirmation, ms, weighted by events. */
  readonly latency: HistogramData;
  readonly cuts: CutReasons;
  /** The newest calls, at most MAX_SAMPLES. */
  readonly samples: readonly CallSample[];
}

export const MAX_SAMPLES = 256;
