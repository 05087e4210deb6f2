/**
 * The automaton made deterministic as it goes: a configuration is the set of states in which partial matches wait, and for each
 * answer of the predicates there is one step to the next configuration. As conditions look at the event alone, all partial
 * matches in a state do the same, so a step moves sets of them.
 *
 * Steps are made when they are first needed and kept, at most MAX_STEPS of them: a pattern meets few of the possible answers.
 */

import type { EventTruth } from '../matcher.ts';
import { partsOf, type Condition } from '../run/condition.ts';
import type { Move as RowMove, StateRow } from '../run/table.ts';

/** Predicates of one pattern: their answers are the bits of a small integer. */
export const MAX_PREDICATES = 30;
const MAX_STEPS = 4096;
/** Answers of up to six predicates are looked up in an array: half the time of a map. */
const NEAR = 64;

/** Instead of a slot: a partial match that begins. */
export const BEGIN = -1;
/** Instead of a label: the event is passed over. */
export const PASS = -1;
/** Instead of a slot: the match is complete. */
export const COMPLETE = -1;

/** States in which partial matches wait, each with its place (slot) in the lists of roots. */
export interface Configuration {
  readonly states: readonly number[];
  readonly steps: Map<number, Step>;
  /** The same for answers below NEAR. */
  readonly near: (Step | undefined)[];
}

export interface Step {
  readonly to: Configuration;
  /** Nothing moves: every set stays where it is. */
  readonly isStill: boolean;
  /** What becomes of each set, as numbers: for each move `from`, `label`, the number of its targets, and these. */
  readonly code: Int32Array;
  /** Nodes that it makes, at most. */
  readonly nodes: number;
}

/** What becomes of one set of partial matches. */
interface Move {
  /** Slot of the set in the configuration before, or BEGIN. */
  readonly from: number;
  /** Name that binds the event, or PASS. */
  readonly label: number;
  /** Slots in the configuration after, or COMPLETE. */
  readonly to: readonly number[];
}

export class Configurations {
  readonly empty: Configuration;
  /** Numbers of the predicates, in the order of their bits. */
  readonly predicates: readonly number[];
  readonly names: readonly string[];
  readonly #rows: readonly StateRow<never>[];
  readonly #start: number;
  readonly #known = new Map<string, Configuration>();
  #steps = 0;
  #isSealed = false;

  /** @param start - index of the row in which a match begins */
  constructor(rows: readonly StateRow<never>[], start: number) {
    this.#rows = rows;
    this.#start = start;
    this.names = [...new Set(rows.map(({ name }) => name))];
    this.predicates = predicatesOf(rows);
    this.empty = this.of([]);
  }

  /** From now on nothing begins. */
  seal(): void {
    this.#isSealed = true;
    this.#clearSteps();
  }

  /** The predicates that hold, as bits. */
  answers(truth: EventTruth): number {
    const { predicates } = this;
    let bits = 0;
    for (let i = 0; i < predicates.length; i += 1) if (truth.holds(predicates[i] as number)) bits |= 1 << i;
    return bits;
  }

  of(states: readonly number[]): Configuration {
    const key = states.join();
    let known = this.#known.get(key);
    if (known === undefined) {
      known = { states, steps: new Map(), near: [] };
      this.#known.set(key, known);
    }
    return known;
  }

  step(from: Configuration, bits: number): Step {
    return (bits < NEAR ? from.near[bits] : from.steps.get(bits)) ?? this.#makeStep(from, bits);
  }

  #makeStep(from: Configuration, bits: number): Step {
    if (this.#steps >= MAX_STEPS) this.#forget();
    this.#steps += 1;
    const step = this.#stepOf(from, bits);
    if (bits < NEAR) from.near[bits] = step;
    else from.steps.set(bits, step);
    return step;
  }

  /** Configurations in use stay, without their steps. */
  #forget(): void {
    this.#clearSteps();
    this.#known.clear();
    this.#known.set('', this.empty);
    this.#steps = 0;
  }

  #clearSteps(): void {
    for (const { steps, near } of this.#known.values()) {
      steps.clear();
      near.length = 0;
    }
  }

  #stepOf(from: Configuration, bits: number): Step {
    const results = [
      ...from.states.map((state, slot) => this.#resultOf(slot, state, bits)),
      this.#isSealed ? [] : this.#resultOf(BEGIN, this.#start, bits),
    ].flat();
    const reached = results.flatMap(({ to }) => to).filter((state) => state !== COMPLETE);
    const to = this.of([...new Set(reached)].sort((a, b) => a - b));
    const slotOf = (state: number): number => (state === COMPLETE ? COMPLETE : to.states.indexOf(state));
    const moves = results.map((one) => ({ ...one, to: one.to.map(slotOf) }));
    const isStill = to === from && moves.every((move) => move.label === PASS && move.to.join() === String(move.from));
    const nodes = moves.reduce((sum, move) => sum + 1 + move.to.length, to.states.length);
    return { to, isStill, code: Int32Array.from(moves.flatMap(encoded)), nodes };
  }

  /** Where partial matches that wait in a state go, by state: each move that fires is a way of its own. */
  #resultOf(from: number, state: number, bits: number): Move[] {
    const results = this.#fired(state, bits)
      .filter(({ action }) => action === 'take' || from !== BEGIN)
      .map((move) => this.#result(from, move, bits));
    if (!results.some(({ to }) => to.some((target) => this.#kindOf(target) === 'stop'))) return results;
    // What must not come has come: only what is complete already counts.
    const completed = results.map((one) => ({ ...one, to: one.to.filter((target) => target === COMPLETE) }));
    return completed.filter(({ to }) => to.length > 0);
  }

  #result(from: number, { action, name, to, exit }: RowMove<never>, bits: number): Move {
    if (action === 'ignore') return { from, label: PASS, to: [to] };
    const target = this.#kindOf(to) === 'final' ? COMPLETE : to;
    const targets = exit !== undefined && this.#holds(exit, bits) ? [target, COMPLETE] : [target];
    return { from, label: this.names.indexOf(name), to: targets };
  }

  #fired(state: number, bits: number): RowMove<never>[] {
    const { moves } = this.#rows[state] as StateRow<never>;
    const fired: RowMove<never>[] = [];
    for (let at = 0; at < moves.length; at += 1) {
      const move = moves[at] as RowMove<never>;
      const holds = this.#holds(move.condition, bits);
      if (move.action === 'guard') at = holds ? at : move.next - 1;
      else if (holds) fired.push(move);
    }
    return fired;
  }

  #kindOf(state: number): StateRow<never>['kind'] | undefined {
    return this.#rows[state]?.kind;
  }

  #holds(condition: Condition<never>, bits: number): boolean {
    switch (condition.kind) {
      case 'true':
        return true;
      case 'event':
        return (bits & (1 << this.predicates.indexOf(condition.id))) !== 0;
      case 'not':
        return !this.#holds(condition.of, bits);
      case 'and':
        return this.#holds(condition.left, bits) && this.#holds(condition.right, bits);
      case 'or':
        return this.#holds(condition.left, bits) || this.#holds(condition.right, bits);
      case 'seen':
        throw new TypeError('a condition over earlier events cannot be made deterministic');
    }
  }
}

const encoded = ({ from, label, to }: Move): number[] => [from, label, to.length, ...to];

/** Numbers of the predicates that the rows ask. */
export function predicatesOf(rows: readonly StateRow<never>[]): number[] {
  const conditions = rows.flatMap(({ moves }) =>
    moves.flatMap(({ condition, exit }) => (exit === undefined ? [condition] : [condition, exit])),
  );
  const ids = conditions.flatMap(partsOf).flatMap((part) => (part.kind === 'event' ? [part.id] : []));
  return [...new Set(ids)];
}
