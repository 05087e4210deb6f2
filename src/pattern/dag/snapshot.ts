import { NONE, UNION, type NodeArena } from './node-arena.ts';

/** Some sets of an arena as plain data: the nodes that they reach, numbered from 0 upwards, children first. */
export interface GraphSnapshot<E> {
  readonly sets: readonly number[];
  readonly label: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly start: readonly number[];
  readonly events: readonly (E | undefined)[];
}

export function snapshotGraph<E>(arena: NodeArena<E>, sets: readonly number[], overUntil: number): GraphSnapshot<E> {
  const nodes = reached(arena, sets, overUntil);
  const numbers = new Map(nodes.map((node, i) => [node, i]));
  // What is over is not saved: where a union has such a right side, its left one stands in for it.
  const numberOf = (node: number): number =>
    node === NONE ? NONE : (numbers.get(arena.prune(node, overUntil)) as number);
  return {
    sets: sets.map(numberOf),
    label: nodes.map((node) => arena.label[node] as number),
    left: nodes.map((node) => numberOf(arena.left[node] as number)),
    right: nodes.map((node) => numberOf(arena.right[node] as number)),
    start: nodes.map((node) => arena.start[node] as number),
    events: nodes.map((node) => arena.events[node]),
  };
}

function reached<E>(arena: NodeArena<E>, sets: readonly number[], overUntil: number): number[] {
  const seen = new Set<number>();
  const waiting = [...sets];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node === NONE) continue;
    const kept = arena.prune(node, overUntil);
    if (seen.has(kept)) continue;
    seen.add(kept);
    waiting.push(arena.left[kept] as number, arena.right[kept] as number);
  }
  return [...seen].sort((a, b) => a - b);
}

/** @returns the sets, as nodes of the arena */
export function restoreGraph<E>(arena: NodeArena<E>, graph: GraphSnapshot<E>): number[] {
  const { label, left, right, start, events } = graph;
  arena.reserve(label.length);
  const base = arena.size;
  label.forEach((each, i) => {
    if (each === UNION) arena.union(base + (left[i] as number), base + (right[i] as number));
    else {
      const child = left[i] === NONE ? NONE : base + (left[i] as number);
      arena.output(each, events[i] as E, child, start[i] as number);
    }
  });
  return graph.sets.map((set) => base + set);
}
