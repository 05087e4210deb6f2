/**
 * The automaton made deterministic as it goes: a configuration is the set of states in which partial matches wait, and for each
 * answer of the predicates there is one step to the next configuration. As conditions look at the event alone, all partial
 * matches in a state do the same, so a step moves sets of them.
 *
 * Steps are made when they are first needed and kept, at most MAX_STEPS of them: a pattern meets few of the possible answers.
 */

import { movesThatFire, passes, type Shape, type ShapeMove, type ShapeState } from './shape.ts';

/** Predicates of one pattern: their answers are the bits of a small integer. */
export const MAX_PREDICATES = 30;
/** Beside the answers: nothing begins any more. */
export const SEALED: number = 1 << MAX_PREDICATES;
const MAX_STEPS = 4096;
/** Answers of up to six predicates are looked up in an array: half the time of a map. */
const NEAR = 64;

/** Instead of a slot: a partial match that begins. */
export const BEGIN = -1;
/** Instead of a label: the event is passed over. */
export const PASS = -1;
/** Instead of a slot: the match is complete. */
export const COMPLETE = -1;

/** States in which partial matches wait, each with its place (slot) in the block of sets. */
export interface Configuration {
  readonly states: readonly number[];
  readonly steps: Map<number, Step>;
  /** The same for answers below NEAR. */
  readonly near: (Step | undefined)[];
}

export interface Step {
  readonly to: Configuration;
  /**
   * Every set stays where it is, whatever else comes of it: `code` says only what is added. No move reads what one before it
   * has written. Nothing is added where `code` is empty.
   */
  readonly isInPlace: boolean;
  /**
   * What becomes of the sets, as numbers. For each move: how many sets it moves as one, their slots (or BEGIN), the label that
   * binds the event (or PASS), the number of its targets, and their slots (or COMPLETE).
   */
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
  readonly #shape: Shape;
  readonly #known = new Map<string, Configuration>();
  #steps = 0;

  constructor(shape: Shape) {
    this.#shape = shape;
    this.empty = this.of([]);
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

  /** @param bits - the predicates that hold, and SEALED where nothing may begin */
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
    for (const { steps, near } of this.#known.values()) {
      steps.clear();
      near.length = 0;
    }
    this.#known.clear();
    this.#known.set('', this.empty);
    this.#steps = 0;
  }

  #stepOf(from: Configuration, bits: number): Step {
    const begun = (bits & SEALED) === 0 ? this.#resultOf(BEGIN, this.#shape.start, bits) : [];
    const results = [...from.states.map((state, slot) => this.#resultOf(slot, state, bits)), begun].flat();
    const reached = results.flatMap(({ to }) => to).filter((state) => state !== COMPLETE);
    const to = this.of([...new Set(reached)].sort((a, b) => a - b));
    const slotOf = (state: number): number => (state === COMPLETE ? COMPLETE : to.states.indexOf(state));
    const moves = results.map((one) => ({ ...one, to: one.to.map(slotOf) }));
    const adding = joined(moves.filter((move) => !isStaying(move)));
    const isInPlace = to === from && moves.filter(isStaying).length === from.states.length && isOrdered(adding);
    const carriedOut = isInPlace ? adding : joined(moves);
    const nodes = moves.reduce((sum, move) => sum + 2 + move.to.length, to.states.length);
    return { to, isInPlace, code: Int32Array.from(carriedOut.flatMap(encoded)), nodes };
  }

  /** Where partial matches that wait in a state go, by state: each move that fires is a way of its own. */
  #resultOf(from: number, state: number, bits: number): Move[] {
    const results = movesThatFire((this.#shape.states[state] as ShapeState).moves, bits)
      .filter(({ action }) => action === 'take' || from !== BEGIN)
      .map((move) => this.#result(from, move, bits));
    if (!results.some(({ to }) => to.some((target) => this.#kindOf(target) === 'stop'))) return results;
    // What must not come has come: only what is complete already counts.
    const completed = results.map((one) => ({ ...one, to: one.to.filter((target) => target === COMPLETE) }));
    return completed.filter(({ to }) => to.length > 0);
  }

  #result(from: number, { action, label, to, exit }: ShapeMove, bits: number): Move {
    if (action === 'ignore') return { from, label: PASS, to };
    const targets = to.map((target) => (this.#kindOf(target) === 'final' ? COMPLETE : target));
    return { from, label, to: exit !== undefined && passes(exit, bits) ? [...targets, COMPLETE] : targets };
  }

  #kindOf(state: number): ShapeState['kind'] | undefined {
    return this.#shape.states[state]?.kind;
  }
}

/** Sets that bind the event by the same name and go the same way. */
interface JoinedMove {
  readonly from: number[];
  readonly label: number;
  readonly to: readonly number[];
}

function joined(moves: readonly Move[]): JoinedMove[] {
  const byWay = new Map<string, JoinedMove>();
  const all: JoinedMove[] = [];
  for (const { from, label, to } of moves) {
    const way = from === BEGIN || label === PASS ? undefined : `${label}: ${to.join()}`;
    const known = way === undefined ? undefined : byWay.get(way);
    if (known !== undefined) {
      known.from.push(from);
      continue;
    }
    const move = { from: [from], label, to };
    if (way !== undefined) byWay.set(way, move);
    all.push(move);
  }
  return all;
}

const isStaying = ({ from, label, to }: Move): boolean => label === PASS && to.length === 1 && to[0] === from;

/** No move reads a slot that one before it writes. */
function isOrdered(moves: readonly JoinedMove[]): boolean {
  const written = new Set<number>();
  return moves.every(({ from, to }) => {
    const isFresh = from.every((slot) => slot === BEGIN || !written.has(slot));
    for (const slot of to) written.add(slot);
    return isFresh;
  });
}

const encoded = ({ from, label, to }: JoinedMove): number[] => [from.length, ...from, label, to.length, ...to];
