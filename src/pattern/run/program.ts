/** A pattern compiled for the run matcher: the table of its states, shared by the partitions of all keys. */

import type {
  MatcherProgram,
  Opening,
  PartitionSnapshot,
  PatternPartition,
  PredicateTable,
  Threshold,
} from '../matcher.ts';
import type { PatternModel } from '../model/pattern.ts';
import type { Automaton } from './automaton.ts';
import { compileAutomaton } from './compile.ts';
import { partOf } from './part.ts';
import { RunPartition } from './partition.ts';
import type { RunPattern, RunPlan } from './plan.ts';
import { SharedPlans } from './shared-plans.ts';
import { awaitedBy, openingOf, tabulate, type StateRow } from './table.ts';
import { thresholdBy } from './threshold.ts';

/**
 * @param table - numbers the predicates that look at one event
 * @param reason - why not the other matcher
 * @throws PatternError for a pattern that grows too large
 */
export function runProgram<E>(model: PatternModel<E>, table: PredicateTable<E>, reason: string): MatcherProgram<E> {
  return runProgramOf(new SharedPlans<E>(), model, table, reason);
}

/** The same for one of a set, whose programs share plans. */
export function runProgramOf<E>(
  plans: SharedPlans<E>,
  model: PatternModel<E>,
  table: PredicateTable<E>,
  reason: string,
): RunProgram<E> {
  const automaton = automatonOf(model, table);
  return new RunProgram(tabulate(automaton), automaton.start.index, reason, model, plans);
}

export class RunProgram<E> implements MatcherProgram<E>, RunPattern<E> {
  readonly kind = 'run';
  readonly plan: RunPlan<E>;
  readonly predicates: readonly number[];
  isSealed = false;
  readonly reason: string;
  readonly starts: readonly number[] | undefined;
  readonly awaits: readonly number[] | undefined;
  readonly opening: Opening | undefined;
  readonly thresholdAfterOpening: ((event: E) => Threshold | undefined) | undefined;

  constructor(
    rows: readonly StateRow<E>[],
    start: number,
    reason: string,
    model: PatternModel<E>,
    plans: SharedPlans<E>,
  ) {
    const { plan, predicates } = plans.planFor(rows, start, model);
    this.plan = plan;
    this.predicates = predicates;
    this.reason = reason;
    this.starts = awaitedByStart(rows, start);
    this.awaits = awaitedByAny(rows, start, this.starts);
    this.opening = openingOf(rows, start, model.within?.ms);
    this.thresholdAfterOpening = this.opening === undefined ? undefined : thresholdAfterOpening(plan);
  }

  partition(snapshot?: PartitionSnapshot): PatternPartition<E> {
    return new RunPartition<E>(this, snapshot);
  }

  seal(): void {
    this.isSealed = true;
  }
}

/** Where matches begin in one way alone: see `openingOf`. */
function thresholdAfterOpening<E>({
  rows,
  startState,
  thresholds,
  tallies,
}: RunPlan<E>): ((event: E) => Threshold | undefined) | undefined {
  const first = rows[startState]?.moves[0];
  const rule = first === undefined ? undefined : thresholds[first.to];
  if (first === undefined || rule === undefined) return undefined;
  return (event) => thresholdBy(rule, tallies, tallies.with(tallies.empty, first.name, event));
}

/** The automaton that the run matcher walks, for those who want to look at it. */
export function automatonOf<E>(model: PatternModel<E>, table: PredicateTable<E>): Automaton<E> {
  const parts = model.steps.map((step) => partOf(step, table));
  return compileAutomaton(parts, model.within !== undefined);
}

function awaitedByStart<E>(rows: readonly StateRow<E>[], startState: number): number[] | undefined {
  const start = rows[startState];
  const awaited = start === undefined ? undefined : awaitedBy(start, true);
  return awaited === undefined ? undefined : distinct(awaited);
}

function awaitedByAny<E>(
  rows: readonly StateRow<E>[],
  startState: number,
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
