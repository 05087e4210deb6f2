/** What partial matches are moved by: what the patterns of one shape share, and what each of them has of its own. */

import type { Skip } from '../model/pattern.ts';
import type { Decider } from './decider.ts';
import type { Selection } from './selection.ts';
import { SEED_START, type Run } from './run.ts';
import type { StateRow } from './table.ts';
import type { TallySheet } from './tally.ts';
import type { ThresholdRule } from './threshold.ts';

/** Predicates are numbered from 0 in the order in which they are asked. */
export interface RunPlan<E> {
  readonly rows: readonly StateRow<E>[];
  readonly startState: number;
  readonly withinMs: number | undefined;
  readonly skip: Skip;
  readonly selection: Selection;
  readonly tallies: TallySheet<E>;
  /** By state: what an event must meet to change a partial match that waits there by itself; empty: any event may. */
  readonly thresholds: readonly (ThresholdRule | undefined)[];
  /** What every match starts from. */
  readonly seed: Run<E>;
  /** One for all partitions: they take their turns. */
  readonly decider: Decider<E>;
}

/** A pattern of a plan. */
export interface RunPattern<E> {
  readonly plan: RunPlan<E>;
  /** Numbers of its predicates in the table of all, in the order of their numbers in the plan. */
  readonly predicates: readonly number[];
  /** Nothing begins any more. */
  readonly isSealed: boolean;
}

export function seedOf<E>(startState: number, tallies: TallySheet<E>): Run<E> {
  return { state: startState, last: undefined, start: SEED_START, startTs: 0, lastTs: 0, tally: tallies.empty };
}
