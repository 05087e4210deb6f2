/**
 * The contract of a fused segment: a tree of synchronous operators that runs over a batch at once.
 *
 * Invariants
 * - Generated loops and composed closures give the same outputs, counts and failures (a differential test).
 * - No result depends on how the input was cut into batches.
 * - An event that makes user code throw is reported with its operator and the others go on.
 * - Nothing is allocated per event by the loop itself.
 */

import type { LivePatterns } from '../pattern/match/live-patterns.ts';
import type { KeyColumn } from '../event/batch.ts';
import type { Clock, Random } from '../time/clock.ts';
import type { Key } from '../operator/operator.ts';
import type { OperatorCounters } from './ledger.ts';
import type { SegmentState } from './segment-state.ts';

export interface SegmentOptions {
  readonly flow: string;
  readonly clock: Clock;
  readonly random: Random;
  /** False: composed closures. Generated code contains our own template only, never a string of the user's or of the network's. */
  readonly generateCode: boolean;
  /** One batch in so many runs through a second, timed version of the loop. 0 = never. Default 128. */
  readonly timedEvery?: number;
  /** Wall-clock time from one timed batch to the next, at least, ms. Default 1. */
  readonly timedGapMs?: number;
}

/** User code threw (or gave an unusable key or time) on `event`. */
export interface Failure {
  readonly operator: string;
  readonly event: unknown;
  readonly key: Key | undefined;
  readonly cause: unknown;
}

export interface Segment {
  /**
   * Runs `events[start..end)` through. Then, where `hasOutput`, `take` every leaf and the failures.
   * Events of a flow without event time happen at the `wallMs` of the last `tick`.
   */
  process(events: readonly unknown[], start: number, end: number, partition: string, keys?: KeyColumn): void;
  /**
   * `process` in three parts, for batches of a partition that follow one another while nothing comes out: what holds for all
   * of them is done once (37 to 31 ns per batch, 4 % of bench:engine, ii). After `leave` all is as after a `process`.
   */
  enter(partition: string): void;
  /** At least one event. */
  pass(events: readonly unknown[], start: number, end: number, keys?: KeyColumn): void;
  leave(): void;
  /** False where `take` and `takeFailures` have nothing to give. */
  readonly hasOutput: boolean;
  /** Outputs of a leaf since the last call, a fresh array, or undefined when there are none. */
  take(leaf: number): unknown[] | undefined;
  takeFailures(): Failure[] | undefined;
  /** Processing time has come to `wallMs`, epoch ms: fires what is due. Outputs appear at the leaves. */
  tick(wallMs: number): void;
  /** Epoch ms of the next `tick` that has something to do; Infinity when none. */
  readonly nextTickMs: number;
  /** A partition has ended and no longer holds back the watermark. May fire windows. */
  endPartition(partition: string, wallMs: number): void;
  /** End of input: windows close. */
  end(): void;
  /** What later results depend on; between two batches only. @throws StateError */
  snapshot(): SegmentState;
  /** Goes on from there; before the first batch only. @throws StateError when it does not fit */
  restore(state: SegmentState): void;
  /** Names of operators whose state cannot be stored. */
  unstorable(): readonly string[];
  /** The patterns of operators that have some, by the operator's name. */
  patterns(): ReadonlyMap<string, LivePatterns>;
  /** In the order of the tree, parents first. At most ten times a second. */
  counters(): readonly OperatorCounters[];
}
