/** A pattern compiled for the run matcher: the table of its states, shared by the partitions of all keys. */

import type { MatcherProgram, PartitionSnapshot, PatternPartition, PredicateTable } from '../matcher.ts';
import type { PatternModel } from '../model/pattern.ts';
import type { Predicate } from '../model/predicate.ts';
import type { Automaton } from './automaton.ts';
import { compileAutomaton } from './compile.ts';
import { partsOf } from './condition.ts';
import { Decider } from './decider.ts';
import { partOf } from './part.ts';
import { RunPartition } from './partition.ts';
import { type RunPlan, seedOf } from './plan.ts';
import { awaitedBy, openingOf, tabulate, type StateRow } from './table.ts';
import { TallySheet } from './tally.ts';
import { thresholdRuleOf } from './threshold.ts';

/**
 * @param table - numbers the predicates that look at one event
 * @param reason - why not the other matcher
 * @throws PatternError for a pattern that grows too large
 */
export function runProgram<E>(model: PatternModel<E>, table: PredicateTable<E>, reason: string): MatcherProgram<E> {
  const automaton = automatonOf(model, table);
  const rows = tabulate(automaton);
  const tallies = new TallySheet<E>(seenPredicatesOf(rows));
  const starts = awaitedByStart(rows, automaton.start.index);
  const plan: RunPlan<E> = {
    rows,
    startState: automaton.start.index,
    withinMs: model.within?.ms,
    skip: model.skip ?? { strategy: 'noSkip' },
    selection: model,
    tallies,
    thresholds: starts === undefined ? [] : rows.map(thresholdRuleOf),
    seed: seedOf(automaton.start.index, tallies),
    decider: new Decider(rows, automaton.start.index, tallies),
  };
  return {
    kind: 'run',
    reason,
    starts,
    awaits: awaitedByAny(plan, starts),
    opening: openingOf(rows, plan.startState, plan.withinMs),
    partition: (snapshot?: PartitionSnapshot): PatternPartition<E> => new RunPartition(plan, snapshot),
    seal: () => plan.decider.seal(),
  };
}

/** The automaton that the run matcher walks, for those who want to look at it. */
export function automatonOf<E>(model: PatternModel<E>, table: PredicateTable<E>): Automaton<E> {
  const parts = model.steps.map((step) => partOf(step, table));
  return compileAutomaton(parts, model.within !== undefined);
}

function seenPredicatesOf<E>(rows: readonly StateRow<E>[]): Predicate<E>[] {
  const conditions = rows.flatMap(({ moves }) =>
    moves.flatMap(({ condition, exit }) => (exit === undefined ? [condition] : [condition, exit])),
  );
  return conditions.flatMap(partsOf).flatMap((part) => (part.kind === 'seen' ? [part.predicate] : []));
}

function awaitedByStart<E>(rows: readonly StateRow<E>[], startState: number): number[] | undefined {
  const start = rows[startState];
  const awaited = start === undefined ? undefined : awaitedBy(start, true);
  return awaited === undefined ? undefined : distinct(awaited);
}

function awaitedByAny<E>(
  { rows, startState }: RunPlan<E>,
  starts: readonly number[] | undefined,
): number[] | undefined {
  if (starts === undefined) return undefined;
  const awaited = starts.slice();
  for (const row of rows) {
    if (row.index === startState || row.kind === 'final' || row.kind === 'stop') continue;
    const ofRow = awaitedBy(row, false);
    if (ofRow === undefined) return undefined;
    awaited.push(...ofRow);
  }
  return distinct(awaited);
}

const distinct = (numbers: readonly number[]): number[] => [...new Set(numbers)].sort((a, b) => a - b);
