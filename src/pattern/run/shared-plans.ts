/**
 * The plans of the run matcher, one for all patterns of a shape: those that ask the same in the same order, whatever predicates
 * of one event they ask it of. Of a thousand patterns that come from few templates the plans stay in the processor's cache,
 * where a plan for each would have to be fetched anew for every event (bench:patterns, iterative).
 *
 * Invariants (shared-plans.test.ts)
 * - Patterns share a plan only where nothing but predicates of one event tells them apart: what looks at earlier events is the
 *   same, down to the functions of the user.
 * - A plan holds nothing of a partition: whoever shares it is as if alone.
 */

import { FunctionNumbers } from '../function-numbers.ts';
import type { PatternModel } from '../model/pattern.ts';
import type { Predicate } from '../model/predicate.ts';
import { partsOf, renumbered, type Condition } from './condition.ts';
import { Decider } from './decider.ts';
import { type RunPlan, seedOf } from './plan.ts';
import { awaitedBy, type Move, type StateRow } from './table.ts';
import { TallySheet } from './tally.ts';
import { thresholdRuleOf } from './threshold.ts';

/** Plans that are remembered for patterns to come; those of a set are few. */
const MAX_PLANS = 1024;

type Options = Pick<PatternModel<never>, 'within' | 'skip' | 'only' | 'limit'>;

/** A plan, and the predicates that a pattern asks by it. */
export interface Planned<E> {
  readonly plan: RunPlan<E>;
  readonly predicates: readonly number[];
}

export class SharedPlans<E> {
  readonly #plans = new Map<string, RunPlan<E>>();
  readonly #calls = new FunctionNumbers();

  /** @param start - index of the row in which a match begins */
  planFor(declared: readonly StateRow<E>[], start: number, options: Options): Planned<E> {
    const predicates = eventPredicatesOf(declared);
    const numberOf = new Map(predicates.map((predicate, number) => [predicate, number]));
    const rows = declared.map((row) => ({ ...row, moves: row.moves.map((move) => numbered(move, numberOf)) }));
    const key = this.#keyOf([start, options.within?.ms, options.skip, options.only, options.limit, rows]);
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      plan = planOf(rows, start, options);
      if (this.#plans.size >= MAX_PLANS) this.#plans.clear();
      this.#plans.set(key, plan);
    }
    return { plan, predicates };
  }

  /** Of an event's predicates the numbers count; of what looks at earlier events, what was declared. */
  #keyOf(shape: unknown): string {
    return JSON.stringify(shape, (name, value: unknown) => {
      if (name === 'check') return undefined;
      if (typeof value === 'function') return this.#calls.of(value);
      if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) };
      return isEventPart(value) ? value.id : value;
    });
  }
}

function planOf<E>(rows: readonly StateRow<E>[], start: number, options: Options): RunPlan<E> {
  const tallies = new TallySheet<E>(seenPredicatesOf(rows));
  const first = rows[start];
  const isSelective = first !== undefined && awaitedBy(first, true) !== undefined;
  return {
    rows,
    startState: start,
    withinMs: options.within?.ms,
    skip: options.skip ?? { strategy: 'noSkip' },
    selection: options,
    tallies,
    thresholds: isSelective ? rows.map(thresholdRuleOf) : [],
    seed: seedOf(start, tallies),
    decider: new Decider(rows, start, tallies),
  };
}

function numbered<E>(move: Move<E>, numberOf: ReadonlyMap<number, number>): Move<E> {
  const number = (id: number): number => numberOf.get(id) as number;
  const exit = move.exit === undefined ? undefined : renumbered(move.exit, number);
  return { ...move, condition: renumbered(move.condition, number), exit };
}

/** Numbers of the predicates of one event that the rows ask, in the order in which they are asked. */
function eventPredicatesOf<E>(rows: readonly StateRow<E>[]): number[] {
  return [...new Set(partsIn(rows).flatMap((part) => (part.kind === 'event' ? [part.id] : [])))];
}

function seenPredicatesOf<E>(rows: readonly StateRow<E>[]): Predicate<E>[] {
  return partsIn(rows).flatMap((part) => (part.kind === 'seen' ? [part.predicate] : []));
}

function partsIn<E>(rows: readonly StateRow<E>[]): Condition<E>[] {
  const conditions = rows.flatMap(({ moves }) =>
    moves.flatMap(({ condition, exit }) => (exit === undefined ? [condition] : [condition, exit])),
  );
  return conditions.flatMap(partsOf);
}

function isEventPart(value: unknown): value is { readonly id: number } {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'event';
}
