import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NONE, UNION } from './node-arena.ts';
import { sifted } from './sift.ts';
import type { GraphSnapshot } from './snapshot.ts';

const node = fc.record({ kind: fc.constantFrom('first', 'next', 'union'), one: fc.nat(1000), other: fc.nat(1000) });

/** A graph in which each node is a first event, continues some node before it, or joins two. */
const graph = fc.array(node, { minLength: 1, maxLength: 14 }).map((nodes): GraphSnapshot<number> => {
  const made = { label: [] as number[], left: [] as number[], right: [] as number[], start: [] as number[] };
  for (const [i, { kind, one, other }] of nodes.entries()) {
    if (i === 0 || kind === 'first') add(made, 0, NONE, i, one % 7);
    else if (kind === 'next') add(made, 1, one % i, i, made.start[one % i] ?? NaN);
    else add(made, UNION, one % i, other % i, Math.max(made.start[one % i] ?? NaN, made.start[other % i] ?? NaN));
  }
  return { ...made, sets: [nodes.length - 1, Math.floor(nodes.length / 2)], events: nodes.map((_, i) => i) };
});

interface Columns {
  readonly label: number[];
  readonly left: number[];
  readonly right: number[];
  readonly start: number[];
}

function add(
  { label, left, right, start }: Columns,
  kind: number,
  child: number,
  other: number,
  startMs: number,
): void {
  label.push(kind);
  left.push(child);
  right.push(other);
  start.push(startMs);
}

/** Matches as their events, the first one with its start. */
function matchesOf({ label, left, right, start, events }: GraphSnapshot<number>, at: number): string[] {
  if (at === NONE) return [];
  const child = left[at] as number;
  if (label[at] === UNION)
    return [child, right[at] as number].flatMap((one) =>
      matchesOf({ label, left, right, start, events, sets: [] }, one),
    );
  const own = String(events[right[at] as number]);
  return child === NONE
    ? [`${start[at] ?? NaN}: ${own}`]
    : matchesOf({ label, left, right, start, events, sets: [] }, child).map((before) => `${before} ${own}`);
}

test.for(['oldest', 'newest'] as const)(
  'the %s starts go, with all of their matches, until there is room, and no other',
  (order) => {
    fc.assert(
      fc.property(graph, fc.nat(14), (whole, most) => {
        const { graph: left, dropped } = sifted(whole, most, order);
        expect(left.label.length).toBeLessThanOrEqual(most);
        const [before, after] = [whole, left].map((one) => one.sets.map((set) => matchesOf(one, set).sort()));
        const startOf = (match: string): number => Number(match.split(':')[0]);
        const kept = (after ?? []).flat().map(startOf);
        const isKept = (match: string): boolean =>
          order === 'oldest' ? startOf(match) >= Math.min(...kept) : startOf(match) <= Math.max(...kept);
        expect(after).toEqual((before ?? []).map((matches) => matches.filter(isKept)));
        expect(dropped > 0).toBe(whole.label.length > most);
        for (const [i, child] of left.left.entries()) expect(child).toBeLessThan(i);
        for (const [i, kind] of left.label.entries())
          if (kind === UNION)
            expect(left.start[i]).toBe(
              Math.max(left.start[left.left[i] as number] as number, left.start[left.right[i] as number] as number),
            );
      }),
      { numRuns: 500 },
    );
  },
);
