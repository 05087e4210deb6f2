/** What a user of a tuned function sees of it, and may set. */

import type { DecisionFilter, DecisionRecord } from '../control/decision-record.ts';
import type { Bound, TuningGoal } from '../control/goal.ts';
import type { KnobName, StageSettings } from '../control/settings.ts';
import type { LearnedStore, Notice, Pin } from '../flow/run.ts';
import type { TargetsInput } from '../metrics/targets.ts';

export interface TunedOptions {
  /** `latency.p95` is what batches and calls are tuned for. Default: the guide's, 30 ms. */
  readonly targets?: TargetsInput;
  /** Default `balanced`. */
  readonly goal?: TuningGoal;
  /** Most items that the target takes in one call; never exceeded. Default: 20,000. */
  readonly maxBatch?: number;
  /** Most calls that the target takes at once, for example connections; never exceeded. Default: 512. */
  readonly maxConcurrency?: number;
  /** Most items that may wait or be in a call; one more is refused. Default 100,000. */
  readonly maxPending?: number;
  /**
   * Whether a failed call is repeated in halves, so that only the items that fail it fail. The function must then be
   * all or nothing, or bear a repetition. Default true.
   */
  readonly isolate?: boolean;
  /** Abort stops at once: what has no result yet fails. */
  readonly signal?: AbortSignal;
  /** In decisions, and in what is learned. Default: the function's name, else `tuned`. */
  readonly name?: string;
  /**
   * A file (its path), or a store, from which it begins and into which it writes the operating point it found, every minute
   * and when it is closed. Until it is read, calls go out with cold settings. Default: none.
   */
  readonly learned?: string | LearnedStore;
}

/** Over the last half second, except for what counts since the start. */
export interface TunedMetrics {
  /** Results per second. */
  readonly perSecond: number;
  /** From call to result; null while there are none. */
  readonly p95Ms: number | null;
  /** Items per call; 0 while no call ends. */
  readonly batchMean: number;
  /** Now. */
  readonly inFlight: number;
  readonly pending: number;
  /** Since the start: items that got a result, and an error. */
  readonly done: number;
  readonly failed: number;
  readonly settings: StageSettings;
}

export interface TunedEvents {
  readonly decision: DecisionRecord;
  readonly outcome: DecisionRecord;
  readonly notice: Notice;
}

/** Call it with one item; the result is that item's own. */
export interface Tuned<in I, out R> extends AsyncDisposable {
  /**
   * @param options - an abort rejects at once; an item that is in no call yet is withdrawn
   * @throws OverloadError (as a rejection) when `maxPending` items wait; ShutdownError once it is closed
   */
  (item: I, options?: { readonly signal?: AbortSignal }): Promise<R>;
  /** Resolves when there is room: await it before each call, and no more waits than is useful. */
  ready(): Promise<void>;
  /** Resolves when nothing is pending; more may come meanwhile and after. */
  drain(): Promise<void>;
  /** Takes nothing more, and drains. Also what `await using` does. */
  close(): Promise<void>;
  metrics(): TunedMetrics;
  decisions(filter?: Omit<DecisionFilter, 'stage'>): readonly DecisionRecord[];
  /** @throws ConfigError when there is no such knob, or a limit or bound forbids the value */
  pin(knob: KnobName, value: number): void;
  bound(knob: KnobName, bound: Partial<Bound>): void;
  unpin(knob: KnobName): boolean;
  /** What is pinned or bound, with the knob's name for a path, and what it costs. */
  pins(): readonly Pin[];
  freeze(): void;
  thaw(): void;
  /** @returns a function that unsubscribes */
  on<K extends keyof TunedEvents>(event: K, listener: (value: TunedEvents[K]) => void): () => void;
}
