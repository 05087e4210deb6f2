import { NONE, UNION, type NodeArena } from './node-arena.ts';

/**
 * The nodes that some sets reach, children before their parents, each once. What is over is not among them: where a union has
 * such a right side, its left one stands in for it (`NodeArena.prune`), so ask for children by `prune` too.
 */
export function reachedFrom(arena: NodeArena<unknown>, sets: readonly number[], overUntil: number): number[] {
  return [...reached(arena, sets, overUntil)].sort((a, b) => a - b);
}

/** How many nodes that is. Cost: a look at each. */
export function countReached(arena: NodeArena<unknown>, sets: readonly number[], overUntil: number): number {
  return reached(arena, sets, overUntil).size;
}

function reached(arena: NodeArena<unknown>, sets: readonly number[], overUntil: number): ReadonlySet<number> {
  const seen = new Set<number>();
  const waiting = [...sets];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node === NONE) continue;
    const kept = arena.prune(node, overUntil);
    if (seen.has(kept)) continue;
    seen.add(kept);
    waiting.push(arena.left[kept] as number);
    if (arena.label[kept] === UNION) waiting.push(arena.right[kept] as number);
  }
  return seen;
}
