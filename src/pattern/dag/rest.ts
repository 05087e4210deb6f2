/**
 * States between events. Where nothing holds for an event that a state asks, a partial match mostly stays where it is: such an
 * event need not be told. After a step of a loop it does not: it goes on to where it waits for what follows and, apart from
 * that, to where it waits for the next pass. As long as these ask together exactly what the state asks, it makes no difference
 * to be there at once. So it is put there at once, and the event that would have moved it changes nothing.
 */

import { movesThatFire, type Shape, type ShapeMove, type ShapeState, type Test } from './shape.ts';

/** The same automaton, in which partial matches are put where they come to rest. */
export function rested({ start, states }: Shape): Shape {
  const places = states.map((_, index) => placesOf(states, index));
  const settled = (move: ShapeMove): ShapeMove => ({ ...move, to: move.to.flatMap((to) => places[to] ?? [to]) });
  return { start, states: states.map(({ kind, moves }) => ({ kind, moves: moves.map(settled) })) };
}

/**
 * Predicates of which one must hold for an event to change what waits; undefined: any event may.
 *
 * @returns numbers of the shape
 */
export function awaitedIn(shape: Shape): number[] | undefined {
  const waiting = [...reachableIn(shape)].filter((index) => shape.states[index]?.kind === 'normal');
  if (!waiting.every((index) => isAtRest(shape.states, index))) return undefined;
  const tests = waiting.flatMap((index) => movesOf(shape.states, index).map(({ test }) => test));
  return [...new Set(tests.flatMap(askedBy))];
}

/** Where a partial match is put that comes to a state. */
function placesOf(states: readonly ShapeState[], index: number): number[] {
  const left = movesAtRest(states, index).flatMap(({ to }) => to);
  const isMoved = states[index]?.kind === 'normal' && left.length > 0 && !isAtRest(states, index);
  if (!isMoved || !left.every((place) => isAtRest(states, place))) return [index];
  // What must not come ends all ways of a state at once, and would end those of one place alone.
  const isStopped = movesOf(states, index).some(({ to }) => to.some((target) => states[target]?.kind === 'stop'));
  return !isStopped && waysOf(states, [index]).join() === waysOf(states, left).join() ? left : [index];
}

/** Whether what waits there stays there while nothing holds that it asks. */
function isAtRest(states: readonly ShapeState[], index: number): boolean {
  const [only, ...others] = movesAtRest(states, index);
  return only?.action === 'ignore' && others.length === 0 && only.to.length === 1 && only.to[0] === index;
}

/** What fires where no predicate holds. */
function movesAtRest(states: readonly ShapeState[], index: number): ShapeMove[] {
  return movesThatFire(movesOf(states, index), 0);
}

/** What can become of a partial match in one of some states, in an order that is the same for equal ones. */
function waysOf(states: readonly ShapeState[], indices: readonly number[]): string[] {
  return indices
    .flatMap((index) =>
      movesOf(states, index).flatMap((move, at, moves) => {
        const { action, test, label, to, exit } = move;
        if (action === 'guard') return [];
        const guards = guardsOf(moves, at).map((guard) => guard.test);
        return [JSON.stringify([guards, action, test, action === 'take' ? label : null, to, exit])];
      }),
    )
    .sort();
}

/** The guards that stand before a move. */
const guardsOf = (moves: readonly ShapeMove[], at: number): ShapeMove[] =>
  moves.slice(0, at).filter(({ action, next }) => action === 'guard' && next > at);

function reachableIn({ start, states }: Shape): Set<number> {
  const reached = new Set<number>();
  const waiting = [start];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    for (const to of movesOf(states, index).flatMap((move) => (move.action === 'guard' ? [] : move.to))) {
      if (reached.has(to)) continue;
      reached.add(to);
      waiting.push(to);
    }
  }
  return reached;
}

function askedBy(test: Test): number[] {
  if (test === true) return [];
  if (typeof test === 'number') return [test];
  if ('not' in test) return askedBy(test.not);
  return ('and' in test ? test.and : test.or).flatMap(askedBy);
}

const movesOf = (states: readonly ShapeState[], index: number): readonly ShapeMove[] => states[index]?.moves ?? [];
