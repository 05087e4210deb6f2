/**
 * What a state does with an event, laid out flat: its edges and those of all states that it leads to for free, in the order
 * in which they are tried.
 */

import type { Opening } from '../matcher.ts';
import { PatternError } from '../model/error.ts';
import type { Automaton, Edge, State } from './automaton.ts';
import { ALWAYS, and, AT_REST, or, partsOf, valueBy, type Condition, type Knowledge } from './condition.ts';

/** A guard skips to `next` when its condition does not hold; a move fires when its does. */
export interface Move<E> {
  readonly action: 'take' | 'ignore' | 'guard';
  readonly condition: Condition<E>;
  /** Of a take: the step that binds. */
  readonly name: string;
  readonly to: number;
  /** Of a take: when the pattern could end there; undefined: it cannot. */
  readonly exit: Condition<E> | undefined;
  /** Of a guard: where to go on when it does not hold. */
  next: number;
}

export interface StateRow<E> {
  readonly index: number;
  readonly kind: State<E>['kind'];
  readonly name: string;
  readonly gapMs: number | undefined;
  readonly moves: readonly Move<E>[];
  /** Everything here looks at the event alone. */
  readonly isLocal: boolean;
}

/** More is refused: some nesting of optional groups would grow without end. */
const MAX_MOVES = 20_000;

export function tabulate<E>({ states }: Automaton<E>): StateRow<E>[] {
  let total = 0;
  return states.map((state) => {
    const moves = movesOf(state);
    total += moves.length;
    if (total > MAX_MOVES) throw new PatternError('steps', `a pattern of at most ${MAX_MOVES} moves`, total);
    const conditions = moves.flatMap(({ condition, exit }) => (exit === undefined ? [condition] : [condition, exit]));
    const isLocal = conditions.every((one) => partsOf(one).every(({ kind }) => kind !== 'seen'));
    return { index: state.index, kind: state.kind, name: state.name, gapMs: state.gapMs, moves, isLocal };
  });
}

/** States before which the walk stands are not entered again: a loop over nothing ends. */
function movesOf<E>(start: State<E>): Move<E>[] {
  const moves: Move<E>[] = [];
  const path = new Set<State<E>>();
  const walk = (state: State<E>): void => {
    if (moves.length > MAX_MOVES) return;
    path.add(state);
    for (const edge of state.edges) if (edge.action !== 'proceed') moves.push(moveOf(edge, edge.action));
    for (const edge of state.edges.filter(({ action }) => action === 'proceed').reverse()) {
      if (path.has(edge.to)) continue;
      const guard: Move<E> = { ...moveOf(edge, 'guard'), next: 0 };
      if (edge.condition.kind !== 'true') moves.push(guard);
      walk(edge.to);
      guard.next = moves.length;
    }
    path.delete(state);
  };
  walk(start);
  return moves;
}

function moveOf<E>({ from, to, condition }: Edge<E>, action: Move<E>['action']): Move<E> {
  const exit = action === 'take' ? exitOf(to, new Set()) : undefined;
  return { action, condition, name: from.name, to: to.index, exit, next: 0 };
}

/** When a state leads to the end for free. */
function exitOf<E>(state: State<E>, path: Set<State<E>>): Condition<E> | undefined {
  let exit: Condition<E> | undefined;
  path.add(state);
  for (const { action, to, condition } of state.edges) {
    if (action !== 'proceed' || path.has(to)) continue;
    const onward = to.kind === 'final' ? ALWAYS : exitOf(to, path);
    if (onward === undefined) continue;
    const way = and(condition, onward);
    exit = exit === undefined ? way : or(exit, way);
  }
  path.delete(state);
  return exit;
}

/** Predicates of which one must hold for the row to do anything but wait; undefined: it may without. */
export function awaitedBy<E>(row: StateRow<E>, isStart: boolean): number[] | undefined {
  if (!waits(row, isStart, AT_REST)) return undefined;
  return row.moves.flatMap(({ condition }) => predicatesOf(condition));
}

/** Whether what is known suffices for the row to do nothing but wait. */
export function waits<E>({ index, moves }: StateRow<E>, isStart: boolean, known: Knowledge<E>): boolean {
  let isWaiting = isStart;
  for (let at = 0; at < moves.length; at++) {
    const { action, condition, to, next } = moves[at] as Move<E>;
    const value = valueBy(known, condition);
    if (value === undefined) return false;
    if (action === 'guard') {
      if (!value) at = next - 1;
    } else if (value) {
      if (action === 'ignore' && isStart) continue;
      if (action === 'take' || to !== index || isWaiting) return false;
      isWaiting = true;
    }
  }
  return isWaiting;
}

/** Predicates of which one must hold for an event to complete a match; undefined: any may. */
export function completedBy<E>(rows: readonly StateRow<E>[]): number[] | undefined {
  const last = rows
    .flatMap(({ moves }) => moves)
    .filter(({ action, to, exit }) => action === 'take' && (exit !== undefined || rows[to]?.kind === 'final'));
  if (last.some(({ condition }) => valueBy(AT_REST, condition) !== false)) return undefined;
  return [...new Set(last.flatMap(({ condition }) => predicatesOf(condition)))];
}

const predicatesOf = <E>(condition: Condition<E>): number[] =>
  partsOf(condition).flatMap((one) => (one.kind === 'event' ? [one.id] : []));

/** How matches begin in a row, where one predicate alone decides it and makes one partial match. */
export function openingOf<E>(
  rows: readonly StateRow<E>[],
  start: number,
  withinMs: number = Infinity,
): Opening | undefined {
  const moves = rows[start]?.moves ?? [];
  const [only] = moves;
  if (only === undefined || moves.length > 1 || only.action !== 'take' || only.exit !== undefined) return undefined;
  const { condition, to } = only;
  const next = rows[to];
  if (condition.kind !== 'event' || (next?.kind !== 'normal' && next?.kind !== 'pending')) return undefined;
  return { predicate: condition.id, lastsMs: Math.min(withinMs, next.gapMs ?? Infinity) };
}
