/**
 * What passes between a run and whoever replaces its thread when that dies of an event: what earlier threads died of, and what
 * this one is doing now. It must outlive the thread, and a thread that is held cannot be asked.
 */

/** Events in a row among those that a source gives, or a spill gives back, after a checkpoint: the same ones to each run that goes on from there. */
export interface EventRange {
  readonly source: string;
  readonly partition: string;
  /** Where the checkpoint has the partition, in the source's unit. */
  readonly base: number;
  /** The first of them is the `from`-th after it, from 0. */
  readonly from: number;
  readonly count: number;
}

/** One event, and what it did to its thread. */
export interface SetApart extends EventRange {
  readonly reason: string;
}

/** What is known of the event that ended a thread. */
export interface Suspicion {
  /** How many events each source gave after the checkpoint, in the order of the plan, then each spill. */
  readonly given: readonly number[];
  /** It is one of all that were given, or closer; undefined: nothing more is looked for. */
  readonly among: 'given' | EventRange | undefined;
  /** These become dead letters instead of being processed. */
  readonly apart: readonly SetApart[];
}

export interface Supervision {
  readonly suspicion: Suspicion | undefined;
  /** Of a source by its place in the plan, and of spills behind them: see `TOTALS`. Written per batch, so it costs what a number of one's own does. */
  totals(source: number): Float64Array;
  /** These events have the flow for themselves from now on; undefined: none has. */
  alone(events: EventRange | undefined): void;
}

/** Places in the totals of a source, all since the start of the run. */
export const TOTALS = {
  /** Events accepted. */
  accepted: 0,
  bytes: 1,
  /** Events accepted before the newest checkpoint that is durable. */
  safe: 2,
} as const;

export const TOTALS_LENGTH = 3;
