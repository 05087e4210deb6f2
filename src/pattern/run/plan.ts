/** What the partitions of one pattern share. */

import type { Skip } from '../model/pattern.ts';
import type { Decider } from './decider.ts';
import type { Selection } from './selection.ts';
import { SEED_START, type Run } from './run.ts';
import type { StateRow } from './table.ts';
import type { TallySheet } from './tally.ts';
import type { ThresholdRule } from './threshold.ts';

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

export function seedOf<E>(startState: number, tallies: TallySheet<E>): Run<E> {
  return { state: startState, last: undefined, start: SEED_START, startTs: 0, lastTs: 0, tally: tallies.empty };
}
