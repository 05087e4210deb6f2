import type { PartitionSnapshot } from '../matcher.ts';
import { NONE, UNION, type NodeArena } from './node-arena.ts';
import { reachedFrom } from './reach.ts';

/** Some sets of an arena as plain data: the nodes that they reach, numbered from 0 upwards, children first. */
export interface GraphSnapshot<E> {
  /** NONE: an empty one. */
  readonly sets: readonly number[];
  readonly label: readonly number[];
  readonly left: readonly number[];
  /** Of a union the other child, of an output the number of its event. */
  readonly right: readonly number[];
  readonly start: readonly number[];
  readonly events: readonly E[];
}

/** What a partition is as plain data: the states in which something waits, the set of each, and the nodes of these. */
export interface DagSnapshot<E> extends GraphSnapshot<E> {
  readonly states: readonly number[];
}

export function snapshotGraph<E>(arena: NodeArena<E>, sets: readonly number[], overUntil: number): GraphSnapshot<E> {
  const nodes = reachedFrom(arena, sets, overUntil);
  const numbers = new Map(nodes.map((node, i) => [node, i]));
  const isUnion = (node: number): boolean => arena.label[node] === UNION;
  const slotOf = (node: number): number => arena.right[node] as number;
  const slots = [...new Set(nodes.filter((node) => !isUnion(node)).map(slotOf))].sort((a, b) => a - b);
  const events = new Map(slots.map((slot, i) => [slot, i]));
  // What is over is not saved: where a union has such a right side, its left one stands in for it.
  const numberOf = (node: number): number =>
    node === NONE ? NONE : (numbers.get(arena.prune(node, overUntil)) as number);
  return {
    sets: sets.map(numberOf),
    label: nodes.map((node) => arena.label[node] as number),
    left: nodes.map((node) => numberOf(arena.left[node] as number)),
    right: nodes.map((node) => (isUnion(node) ? numberOf(slotOf(node)) : (events.get(slotOf(node)) as number))),
    start: nodes.map((node) => arena.start[node] as number),
    events: slots.map((slot) => arena.events[slot] as E),
  };
}

/** @returns the sets, as nodes of the arena; NONE where there is none */
export function restoreGraph<E>(arena: NodeArena<E>, graph: GraphSnapshot<E>): number[] {
  const { label, left, right, start, events } = graph;
  arena.reserve(label.length);
  const base = arena.size;
  const slots = events.map((event) => arena.slotOf(event));
  label.forEach((each, i) => {
    if (each === UNION) arena.union(base + (left[i] as number), base + (right[i] as number));
    else {
      const child = left[i] === NONE ? NONE : base + (left[i] as number);
      arena.output(each, slots[right[i] as number] as number, child, start[i] as number);
    }
  });
  return graph.sets.map((set) => (set === NONE ? NONE : base + set));
}

/**
 * The snapshot of a partition, from data of unknown origin.
 *
 * @param states - of the automaton, and `names` that its steps bind
 * @throws TypeError where it is none of such a program: another node would be read in place of what is not there
 */
export function readSnapshot<E>(snapshot: PartitionSnapshot, states: number, names: number): DagSnapshot<E> {
  const { events } = snapshot;
  if (!Array.isArray(events)) throw noSnapshot('events');
  const label = integers(snapshot, 'label', () => [UNION, names]);
  const nodes = label.length;
  const read: DagSnapshot<E> = {
    states: integers(snapshot, 'states', () => [0, states]),
    sets: integers(snapshot, 'sets', () => [0, nodes]),
    label,
    left: integers(snapshot, 'left', (i) => [label[i] === UNION ? 0 : NONE, i]),
    right: integers(snapshot, 'right', (i) => [0, label[i] === UNION ? i : events.length]),
    start: numbers(snapshot, 'start'),
    events: events as readonly E[],
  };
  if (read.sets.length !== read.states.length) throw noSnapshot('sets');
  for (const key of ['left', 'right', 'start'] as const) if (read[key].length !== nodes) throw noSnapshot(key);
  return read;
}

/** @param range - of element `i`: the least, and the first that is too much */
function integers(snapshot: PartitionSnapshot, key: string, range: (i: number) => readonly [number, number]): number[] {
  const read = numbers(snapshot, key);
  read.forEach((value, i) => {
    const [least, end] = range(i);
    if (!Number.isInteger(value) || value < least || value >= end) throw noSnapshot(key);
  });
  return read;
}

function numbers(snapshot: PartitionSnapshot, key: string): number[] {
  const value = snapshot[key];
  if (!Array.isArray(value)) throw noSnapshot(key);
  return value.map((one: unknown) => {
    if (typeof one !== 'number') throw noSnapshot(key);
    return one;
  });
}

const noSnapshot = (key: string): TypeError => new TypeError(`not a snapshot of this pattern: ${key}`);
