import { NONE, UNION, type NodeArena } from './node-arena.ts';
import { reachedFrom } from './reach.ts';

export interface MatchCount {
  /** Exact up to 2^53 - 1, beyond that the nearest double; Infinity above 1.8e308. */
  readonly count: number;
  /** Event time at which the earliest of them began. */
  readonly startMs: number;
}

/**
 * How many matches a set has, repetitions included, without putting one together: each node is visited once, however many
 * matches share it, so a set of 2^n matches costs n.
 */
export function countMatches(arena: NodeArena<unknown>, root: number, overUntil: number): MatchCount {
  const counts = new Map<number, MatchCount>();
  const countOf = (node: number): MatchCount => counts.get(arena.prune(node, overUntil)) as MatchCount;
  for (const node of reachedFrom(arena, [root], overUntil)) {
    const left = arena.left[node] as number;
    if (left === NONE) counts.set(node, { count: 1, startMs: arena.start[node] as number });
    else if (arena.label[node] !== UNION) counts.set(node, countOf(left));
    else {
      const [one, other] = [countOf(left), countOf(arena.right[node] as number)];
      counts.set(node, { count: one.count + other.count, startMs: Math.min(one.startMs, other.startMs) });
    }
  }
  return countOf(root);
}
