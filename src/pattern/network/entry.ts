import { grownFloats, grownInts } from '../../state/columns.ts';
import { DagProgram } from '../dag/dag-program.ts';
import type { MatcherProgram } from '../matcher.ts';
import type { PartitionStore } from '../partition-store.ts';
import type { Cohort } from './cohort.ts';
import type { PredicateHold } from './predicate-network.ts';

/** A pattern of a set, in one version. */
export interface Entry<E> {
  readonly name: string;
  /** Its number in the set; a version that replaces it has another one. */
  readonly id: number;
  readonly program: MatcherProgram<E>;
  readonly store: PartitionStore<E>;
  readonly hold: PredicateHold<E>;
  /** Where it is no pattern but stands for some. */
  readonly cohort: Cohort<E> | undefined;
  /** Of all versions. */
  readonly counts: PatternCounts;
  /** Begins nothing any more; what has begun goes on. */
  isDraining: boolean;
  /** A partition without a partial match, for the next key; -1: none. */
  spare: number;
}

/** What a pattern has done since it was added; kept when it is replaced. */
export interface PatternCounts {
  hits: number;
  timeouts: number;
  shed: number;
  /** Events handed to its partial matches, or that began one. */
  handled: number;
  /** Time that this took, extrapolated from a sample; 0 without a clock. */
  costMs: number;
}

/**
 * What events ask of patterns again and again, in columns by their numbers: of a thousand patterns this stays in the
 * processor's cache, where the patterns themselves would not (bench:patterns, sparse).
 */
export class EntryColumns<E> {
  /** The event that it has seen last. */
  turn: Int32Array = new Int32Array(16);
  /** Keys with partial matches. */
  live: Int32Array = new Int32Array(16);
  /** Events that it was handed and that are not yet in its counts. */
  handled: Float64Array = new Float64Array(16);
  /** Programs that may be asked directly, without their stores: the DAG's. */
  readonly dag: (DagProgram<E> | undefined)[] = [];
  /** How long a partial match of one event lasts, for patterns that keep it in its row; NaN: for those that do not. */
  lastsMs: Float64Array = new Float64Array(16);
  /** What an event must meet to change a partial match of one event, for patterns to which every event matters. */
  readonly thresholdAfter: MatcherProgram<E>['thresholdAfterOpening'][] = [];

  enter(id: number, program: MatcherProgram<E>): void {
    const { opening, awaits, thresholdAfterOpening } = program;
    if (id >= this.turn.length) {
      this.turn = grownInts(this.turn, id, 0);
      this.live = grownInts(this.live, id, 0);
      this.handled = grownFloats(this.handled, id);
      this.lastsMs = grownFloats(this.lastsMs, id);
    }
    this.dag[id] = program instanceof DagProgram ? program : undefined;
    this.turn[id] = 0;
    this.live[id] = 0;
    this.handled[id] = 0;
    this.thresholdAfter[id] = awaits === undefined ? thresholdAfterOpening : undefined;
    // Where every event matters and it is not known how, the next one asks for the partition anyhow.
    const isAskedAnyhow = awaits === undefined && thresholdAfterOpening === undefined;
    this.lastsMs[id] = opening === undefined || isAskedAnyhow ? NaN : opening.lastsMs;
  }
}
