/**
 * What the event at hand does to partial matches. States that ask nothing of a partial match answer once for all that wait
 * there, and those of which no awaited predicate holds answer without looking at their moves.
 */

import type { EventTruth } from '../matcher.ts';
import type { SeenValues } from '../model/evaluate.ts';
import type { AggregateTerm, Seen } from '../model/predicate.ts';
import { holds, type Condition } from './condition.ts';
import type { RunPattern } from './plan.ts';
import type { Run } from './run.ts';
import { SeenViews } from './seen.ts';
import { awaitedBy, type Move, type StateRow } from './table.ts';
import type { TallySheet } from './tally.ts';

/** What a state does with the event: moves, nothing, or it depends on the partial match. */
type Answer<E> = readonly Move<E>[] | undefined | 'by partial match';

/** Answers by the numbers that predicates have in the plan. */
class TruthOfPattern implements EventTruth {
  truth: EventTruth = { holds: () => false };
  predicates: readonly number[] = [];

  holds(predicate: number): boolean {
    return this.truth.holds(this.predicates[predicate] as number);
  }
}

export class Decider<E> implements SeenValues<E> {
  readonly #rows: readonly StateRow<E>[];
  readonly #awaited: readonly (readonly number[] | undefined)[];
  readonly #tallies: TallySheet<E>;
  readonly #views = new SeenViews<E>();
  /** Per state: the event that its answer is about. */
  readonly #answeredAt: Float64Array;
  readonly #answers: Answer<E>[];
  readonly #startState: number;
  #isSealed = false;
  #events = 0;
  #event: E | undefined;
  readonly #truth = new TruthOfPattern();
  #run: Run<E> | undefined;

  constructor(rows: readonly StateRow<E>[], startState: number, tallies: TallySheet<E>) {
    this.#rows = rows;
    this.#startState = startState;
    this.#awaited = rows.map((row) => awaitedBy(row, row.index === startState));
    this.#tallies = tallies;
    this.#answeredAt = new Float64Array(rows.length);
    this.#answers = rows.map(() => undefined);
  }

  /** All that follows is about this event and partial matches of this pattern. */
  look(event: E, truth: EventTruth, { predicates, isSealed }: RunPattern<E>): void {
    this.#events++;
    this.#event = event;
    this.#truth.truth = truth;
    this.#truth.predicates = predicates;
    this.#isSealed = isSealed;
  }

  /** The moves that fire for a partial match; undefined: it stays as it is. Valid until the next question. */
  movesOf(run: Run<E>): readonly Move<E>[] | undefined {
    const { state } = run;
    if (this.#answeredAt[state] !== this.#events) {
      this.#answeredAt[state] = this.#events;
      this.#answers[state] = this.#answerOf(state, run);
    }
    const answer = this.#answers[state];
    return answer === 'by partial match' ? this.#fired(state, run) : answer;
  }

  /** Whether a condition holds for a partial match. */
  holds(condition: Condition<E>, run: Run<E>): boolean {
    this.#run = run;
    return holds(condition, this.#event as E, this.#truth, this);
  }

  aggregate(term: AggregateTerm, event: E): unknown {
    return this.#run === undefined ? undefined : this.#tallies.value(term, this.#run.tally, event);
  }

  get seen(): Seen<E> {
    return this.#views.of(this.#run?.last);
  }

  #answerOf(state: number, run: Run<E>): Answer<E> {
    if (this.#isSealed && state === this.#startState) return undefined;
    const awaited = this.#awaited[state];
    if (awaited !== undefined && !this.#anyHolds(awaited)) return undefined;
    return this.#rows[state]?.isLocal === true ? this.#fired(state, run) : 'by partial match';
  }

  #anyHolds(predicates: readonly number[]): boolean {
    for (const predicate of predicates) if (this.#truth.holds(predicate)) return true;
    return false;
  }

  /** Allocates nothing where the partial match stays: bench:patterns, iterative. */
  #fired(state: number, run: Run<E>): readonly Move<E>[] | undefined {
    const { moves } = this.#rows[state] as StateRow<E>;
    const isSeed = run.last === undefined;
    let first: Move<E> | undefined;
    let all: Move<E>[] | undefined;
    this.#run = run;
    for (let at = 0; at < moves.length; at++) {
      const move = moves[at] as Move<E>;
      const isOpen = holds(move.condition, this.#event as E, this.#truth, this);
      if (move.action === 'guard') {
        if (!isOpen) at = move.next - 1;
      } else if (isOpen && (move.action === 'take' || !isSeed)) {
        if (first === undefined) first = move;
        else (all ??= [first]).push(move);
      }
    }
    if (all !== undefined) return all;
    if (first === undefined) return isSeed ? undefined : ENDS;
    return !isSeed && first.action === 'ignore' && first.to === state ? undefined : [first];
  }
}

/** Nothing fires: the partial match is over. */
const ENDS: readonly never[] = [];
