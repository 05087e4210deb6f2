import type { Only } from '../model/pattern.ts';
import { NONE, UNION, type NodeArena } from './node-arena.ts';
import { reachedFrom } from './reach.ts';

/** Of a partial match what decides between it and others; its events are found by its last node. */
interface Candidate {
  /** Its last output node. */
  readonly node: number;
  readonly before: Candidate | undefined;
  /** Slot of its first event: slots are in the order of the events of a partition. */
  readonly first: number;
  readonly length: number;
}

/**
 * The one match of a set that is wanted, in the order of `run/selection.ts`: each node is visited once, however many matches
 * share it.
 *
 * @returns its nodes, the last event's first
 */
export function pickMatch(
  arena: NodeArena<unknown>,
  names: readonly string[],
  root: number,
  overUntil: number,
  only: Only,
): number[] {
  const best = new Map<number, Candidate>();
  const bestOf = (node: number): Candidate => best.get(arena.prune(node, overUntil)) as Candidate;
  for (const node of reachedFrom(arena, [root], overUntil)) {
    const left = arena.left[node] as number;
    const right = arena.right[node] as number;
    if (arena.label[node] === UNION) {
      const [one, other] = [bestOf(left), bestOf(right)];
      best.set(node, isBetter(arena, names, other, one, only) ? other : one);
    } else {
      const before = left === NONE ? undefined : bestOf(left);
      best.set(node, { node, before, first: before?.first ?? right, length: (before?.length ?? 0) + 1 });
    }
  }
  const path: number[] = [];
  for (let at: Candidate | undefined = bestOf(root); at !== undefined; at = at.before) path.push(at.node);
  return path;
}

function isBetter(
  { right, label }: NodeArena<unknown>,
  names: readonly string[],
  a: Candidate,
  b: Candidate,
  only: Only,
): boolean {
  if (only === 'longest' && a.length !== b.length) return a.length > b.length;
  const isLater = only === 'last';
  if (a.first !== b.first) return a.first > b.first === isLater;
  let [x, y]: [Candidate | undefined, Candidate | undefined] = [a, b];
  for (; x !== undefined && y !== undefined && x !== y; [x, y] = [x.before, y.before]) {
    const [slotX, slotY] = [right[x.node] as number, right[y.node] as number];
    if (slotX !== slotY) return slotX > slotY === isLater;
    const [nameX, nameY] = [names[label[x.node] as number] ?? '', names[label[y.node] as number] ?? ''];
    if (nameX !== nameY) return nameX < nameY;
  }
  return false;
}
