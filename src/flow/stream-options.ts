/** What the methods of a stream take besides functions. */

import type { Key } from '../operator/operator.ts';
import type { NamedPattern } from '../pattern/match/live-patterns.ts';
import type { PatternOptimization } from '../pattern/network/bounds.ts';
import type { Duration } from '../time/duration.ts';
import type { SpillBound, StageOptions } from './graph.ts';

export interface OperatorOptions {
  /** Name in metrics and errors; unique within the flow. Default: `map`, `map-2`, ... */
  readonly name?: string;
}

export interface EventTimeOptions extends OperatorOptions {
  /** How much later than its successor in event time an event may come. Default 0. */
  readonly outOfOrder?: Duration;
  /** A partition silent for so long no longer holds event time back. Default 30 s. */
  readonly idle?: Duration;
  /**
   * What event time does once all partitions have been silent for `idle`: it waits for the next event (default), or it goes on with wall
   * time, as if an event without a key had come: windows close and patterns end while nothing comes. An event whose time it has
   * passed meanwhile is late.
   */
  readonly whenSilent?: 'wait' | 'goOn';
}

export interface AsyncOptions extends StageOptions {
  /** Results come in the order of their events (default), or as they are ready. */
  readonly ordered?: boolean;
  /** When it cannot keep up: hold the flow back (default), or keep on disk what does not fit. See `SinkOptions`. */
  readonly whenSlow?: 'block' | 'spill';
  readonly spill?: SpillBound;
}

export interface RateLimitOptions extends StageOptions {
  /** When more comes: hold the flow back (default), drop what does not fit the queue, counted, or keep it on disk. */
  readonly whenSlow?: 'block' | 'drop' | 'spill';
  readonly spill?: SpillBound;
}

export interface MatchOptions extends PatternOptimization {
  /** Matches that come at once for a key and pattern, at most; a lower `limit` of the pattern holds. Default: all. */
  readonly limit?: number;
}

/** A pattern over events of type E, whatever it gives. */
export type PatternOf<E> = NamedPattern<E, unknown, unknown>;

/** Fields of E whose values can be keys. */
export type KeyField<E> = { [F in keyof E]-?: E[F] extends Key ? F : never }[keyof E] & string;
