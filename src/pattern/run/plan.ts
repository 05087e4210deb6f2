/** What the partitions of one pattern share. */

import type { SeenValues } from '../model/evaluate.ts';
import type { Skip } from '../model/pattern.ts';
import type { AggregateTerm, Seen } from '../model/predicate.ts';
import { SEED_START, type Run } from './run.ts';
import { SeenViews } from './seen.ts';
import type { StateRow } from './table.ts';
import type { TallySheet } from './tally.ts';

export interface RunPlan<E> {
  readonly rows: readonly StateRow<E>[];
  readonly startState: number;
  readonly withinMs: number | undefined;
  readonly skip: Skip;
  readonly tallies: TallySheet<E>;
  readonly focus: Focus<E>;
  /** Nothing begins any more. */
  isSealed: boolean;
}

/** The partial match whose conditions are being evaluated: one at a time, so one for all partitions. */
export class Focus<E> implements SeenValues<E> {
  readonly #tallies: TallySheet<E>;
  readonly #views = new SeenViews<E>();
  partial: Run<E>;

  constructor(tallies: TallySheet<E>) {
    this.#tallies = tallies;
    this.partial = seedOf(0, tallies);
  }

  aggregate(term: AggregateTerm, event: E): unknown {
    return this.#tallies.value(term, this.partial.tally, event);
  }

  get seen(): Seen<E> {
    return this.#views.of(this.partial.last);
  }
}

/** What every match starts from. */
export function seedOf<E>(state: number, tallies: TallySheet<E>): Run<E> {
  return { state, last: undefined, start: SEED_START, startTs: 0, lastTs: 0, tally: tallies.empty };
}
