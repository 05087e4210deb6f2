/** A partition as plain data: shared chains stay shared, tallies are computed anew from them. */

import type { PartitionSnapshot } from '../matcher.ts';
import { SEED_START, type Bound, type Run } from './run.ts';
import type { TallySheet } from './tally.ts';

export interface PartitionState<E> {
  readonly seq: number;
  readonly partials: Run<E>[];
  readonly complete: Run<E>[];
}

/** [name, event, seq, index of the one before or -1] */
type BoundRow = readonly [string, unknown, number, number];
/** [state, index of the last bound event or -1, start, startTs, lastTs] */
type PartialRow = readonly [number, number, number, number, number];

type RunSnapshot = {
  readonly seq: number;
  readonly bounds: readonly BoundRow[];
  readonly partials: readonly PartialRow[];
  readonly complete: readonly PartialRow[];
};

export function writeSnapshot<E>({ seq, partials, complete }: PartitionState<E>): PartitionSnapshot {
  const bounds: BoundRow[] = [];
  const indexOf = new Map<Bound<E>, number>();
  const chain = (last: Bound<E> | undefined): number => {
    const missing: Bound<E>[] = [];
    let bound = last;
    for (; bound !== undefined && !indexOf.has(bound); bound = bound.before) missing.push(bound);
    let index = bound === undefined ? -1 : (indexOf.get(bound) ?? -1);
    for (const one of missing.reverse()) {
      index = bounds.push([one.name, one.event, one.seq, index]) - 1;
      indexOf.set(one, index);
    }
    return index;
  };
  const row = ({ state, last, start, startTs, lastTs }: Run<E>): PartialRow => {
    return [state, chain(last), start, startTs, lastTs];
  };
  const snapshot: RunSnapshot = { seq, partials: partials.map(row), complete: complete.map(row), bounds };
  return snapshot;
}

export function readSnapshot<E>(snapshot: PartitionSnapshot, tallies: TallySheet<E>): PartitionState<E> {
  const { seq, bounds, partials, complete } = snapshot as RunSnapshot;
  const chain: Bound<E>[] = [];
  for (const [name, event, at, previous] of bounds) {
    const before = chain[previous];
    chain.push({ name, event: event as E, seq: at, before, length: (before?.length ?? 0) + 1 });
  }
  const partial = ([state, index, start, startTs, lastTs]: PartialRow): Run<E> => {
    const last = chain[index];
    return { state, last, start: last === undefined ? SEED_START : start, startTs, lastTs, tally: tallies.of(last) };
  };
  return { seq, partials: partials.map(partial), complete: complete.map(partial) };
}
