import type { MatcherProgram } from '../matcher.ts';
import type { PatternModel } from '../model/pattern.ts';
import type { PartitionStore } from '../partition-store.ts';
import type { PredicateHold } from './predicate-network.ts';

/** A pattern of a set, in one version. */
export interface Entry<E> {
  readonly name: string;
  /** Its number in the set; a version that replaces it has another one. */
  readonly id: number;
  readonly model: PatternModel<E>;
  readonly program: MatcherProgram<E>;
  readonly store: PartitionStore<E>;
  readonly hold: PredicateHold<E>;
  /** Of all versions. */
  readonly counts: PatternCounts;
  /** Begins nothing any more; what has begun goes on. */
  isDraining: boolean;
  /** Keys with partial matches. */
  live: number;
  /** The event that it has seen last. */
  turn: number;
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
