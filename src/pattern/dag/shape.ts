/**
 * The table of an automaton without what makes it one pattern's own: predicates are numbered from 0 in the order in which they
 * are asked, names too. Patterns of one shape share all that is derived from it.
 */

import type { Condition } from '../run/condition.ts';
import { partsOf } from '../run/condition.ts';
import type { Move, StateRow } from '../run/table.ts';

export interface Shape {
  /** Index of the state in which a match begins. */
  readonly start: number;
  readonly states: readonly ShapeState[];
}

export interface ShapeState {
  readonly kind: StateRow<never>['kind'];
  readonly moves: readonly ShapeMove[];
}

export interface ShapeMove {
  readonly action: Move<never>['action'];
  readonly test: Test;
  /** Of a take: number of the name that binds. */
  readonly label: number;
  /** States, each of which gets what is moved. */
  readonly to: readonly number[];
  /** Of a take: when the pattern could end there. */
  readonly exit?: Test;
  /** Of a guard: where to go on when it does not hold. */
  readonly next: number;
}

/** What is asked of the answers: always, whether a predicate holds, or what that gives together. */
export type Test =
  | true
  | number
  | { readonly not: Test }
  | { readonly and: readonly [Test, Test] }
  | { readonly or: readonly [Test, Test] };

export interface ShapedPattern {
  readonly shape: Shape;
  /** Numbers of the predicates in the table of all, in the order of their numbers in the shape. */
  readonly predicates: readonly number[];
  readonly names: readonly string[];
}

/** @param start - index of the row in which a match begins */
export function shapeOf<E>(rows: readonly StateRow<E>[], start: number): ShapedPattern {
  const predicates = predicatesOf(rows);
  const names = [...new Set(rows.map(({ name }) => name))];
  const numberOf = new Map(predicates.map((predicate, number) => [predicate, number]));
  const labelOf = new Map(names.map((name, label) => [name, label]));
  const moveOf = ({ action, condition, name, to, exit, next }: Move<E>): ShapeMove => ({
    action,
    test: testOf(condition, numberOf),
    label: labelOf.get(name) as number,
    to: [to],
    ...(exit === undefined ? {} : { exit: testOf(exit, numberOf) }),
    next,
  });
  const states = rows.map(({ kind, moves }) => ({ kind, moves: moves.map(moveOf) }));
  return { shape: { start, states }, predicates, names };
}

/** Numbers of the predicates that the rows ask. */
export function predicatesOf<E>(rows: readonly StateRow<E>[]): number[] {
  const conditions = rows.flatMap(({ moves }) =>
    moves.flatMap(({ condition, exit }) => (exit === undefined ? [condition] : [condition, exit])),
  );
  const ids = conditions.flatMap(partsOf).flatMap((part) => (part.kind === 'event' ? [part.id] : []));
  return [...new Set(ids)];
}

function testOf<E>(condition: Condition<E>, numberOf: ReadonlyMap<number, number>): Test {
  switch (condition.kind) {
    case 'true':
      return true;
    case 'event':
      return numberOf.get(condition.id) as number;
    case 'not':
      return { not: testOf(condition.of, numberOf) };
    case 'and':
      return { and: [testOf(condition.left, numberOf), testOf(condition.right, numberOf)] };
    case 'or':
      return { or: [testOf(condition.left, numberOf), testOf(condition.right, numberOf)] };
    case 'seen':
      throw new TypeError('a condition over earlier events cannot be made deterministic');
  }
}

/** @param bits - the answers: bit n is set where predicate n holds */
export function passes(test: Test, bits: number): boolean {
  if (test === true) return true;
  if (typeof test === 'number') return (bits & (1 << test)) !== 0;
  if ('not' in test) return !passes(test.not, bits);
  if ('and' in test) return passes(test.and[0], bits) && passes(test.and[1], bits);
  return passes(test.or[0], bits) || passes(test.or[1], bits);
}

/** What a state does: a guard that does not hold is skipped with all that it guards. */
export function movesThatFire(moves: readonly ShapeMove[], bits: number): ShapeMove[] {
  const fired: ShapeMove[] = [];
  for (let at = 0; at < moves.length; at += 1) {
    const move = moves[at] as ShapeMove;
    const holds = passes(move.test, bits);
    if (move.action === 'guard') at = holds ? at : move.next - 1;
    else if (holds) fired.push(move);
  }
  return fired;
}
