import type { ShedOrder } from '../matcher.ts';
import { NONE, UNION } from './node-arena.ts';
import type { GraphSnapshot } from './snapshot.ts';

export interface Sifted<E> {
  readonly graph: GraphSnapshot<E>;
  /** First events whose matches are left out, all of them. */
  readonly dropped: number;
}

/** The same sets without the matches that began first, or last, with no more than `most` nodes: those of one start go together. */
export function sifted<E>(
  graph: GraphSnapshot<E>,
  most: number,
  order: Exclude<ShedOrder, 'leastAdvanced'>,
): Sifted<E> {
  const excess = graph.label.length - most;
  if (excess <= 0) return { graph, dropped: 0 };
  // A node is left out when all its matches are: with the latest of them, or with the earliest.
  if (order === 'oldest') {
    const bound = ascending(graph.start)[excess - 1] as number;
    return withoutStarts(graph, (startMs) => startMs <= bound);
  }
  const bound = ascending(earliestStarts(graph))[most] as number;
  return withoutStarts(graph, (startMs) => startMs >= bound);
}

const ascending = (values: readonly number[]): Float64Array => Float64Array.from(values).sort();

/** By node: when the earliest of its matches began. */
function earliestStarts<E>({ label, left, right, start }: GraphSnapshot<E>): number[] {
  const earliest: number[] = [];
  for (const [node, kind] of label.entries()) {
    const child = left[node] as number;
    const own = child === NONE ? (start[node] as number) : (earliest[child] as number);
    earliest.push(kind === UNION ? Math.min(own, earliest[right[node] as number] as number) : own);
  }
  return earliest;
}

function withoutStarts<E>(graph: GraphSnapshot<E>, isOut: (startMs: number) => boolean): Sifted<E> {
  const { label, left, right, start, sets, events } = graph;
  const kept = { label: [] as number[], left: [] as number[], right: [] as number[], start: [] as number[] };
  const add = (kind: number, child: number, other: number, startMs: number): number => {
    kept.left.push(child);
    kept.right.push(other);
    kept.start.push(startMs);
    return kept.label.push(kind) - 1;
  };
  /** Where each node is now, or NONE. */
  const moved: number[] = [];
  let dropped = 0;
  for (const [node, kind] of label.entries()) {
    const child = left[node] as number;
    const startMs = start[node] as number;
    const isFirst = child === NONE;
    const before = isFirst ? NONE : (moved[child] as number);
    if (kind === UNION) {
      const other = moved[right[node] as number] as number;
      const later = Math.max(kept.start[before] ?? -Infinity, kept.start[other] ?? -Infinity);
      moved.push(before === NONE || other === NONE ? Math.max(before, other) : add(UNION, before, other, later));
    } else if (isFirst ? isOut(startMs) : before === NONE) {
      if (isFirst) dropped += 1;
      moved.push(NONE);
    } else moved.push(add(kind, before, right[node] as number, kept.start[before] ?? startMs));
  }
  return { graph: { ...kept, sets: sets.map((set) => moved[set] ?? NONE), events }, dropped };
}
