/**
 * Partial matches of many programs and keys as one graph in typed columns: what they have in common is stored once.
 *
 * An *output* node binds one event and continues a set of earlier ones (its `left`; NONE: it is the first event). A *union*
 * node is the set of the matches of its two children. A node never changes its meaning, so sets share nodes freely.
 *
 * Invariants (dag-program.test.ts)
 * - Children have lower numbers than their parents: one pass downwards marks, one upwards moves.
 * - `start` of a node is the latest start among its matches; of a union the left child has the later one. A set whose
 *   start has expired has expired as a whole, so a walk never enters what is over.
 * - 18 bytes a node, and one reference for each event that some node binds. What no set reaches is recycled when the columns
 *   are full, or a window after it was last (`DagSpace`); what is mostly free then is given back. New nodes stand next to each
 *   other, whatever program they are of: bench:patterns, 1,000 patterns.
 *
 * Source: the tECS of CORE (Bucchi, Grez, Quintana, Riveros, Vansummeren, VLDB 15(9), 2022), with its union lists replaced by
 * a union per insertion: what expires out of order is then passed over once and cut off (`prune`).
 */

import { grownInts, isSparse } from '../../state/columns.ts';

export const NONE = -1;
/** Label of a union; outputs have the number of their step's name. */
export const UNION = -1;

const FIRST_NODES = 64;
/** Nodes up to which memory is spent for speed: 300 KB of columns. */
const SMALL = 16_384;

/** Where the sets are that must be kept. */
export interface Roots {
  /** Calls `keep` with each root and puts what it answers in its place. */
  eachRoot(keep: (node: number) => number): void;
  /** What started then or earlier is over, for all sets. */
  readonly overUntil: number;
}

export class NodeArena<E> {
  label: Int16Array = new Int16Array(FIRST_NODES);
  left: Int32Array = new Int32Array(FIRST_NODES);
  /** Of a union the other child, of an output the slot of its event. */
  right: Int32Array = new Int32Array(FIRST_NODES);
  /** Event time at which the latest of the node's matches began. */
  start: Float64Array = new Float64Array(FIRST_NODES);
  /** By slot, in the order in which they came. */
  readonly events: (E | undefined)[] = [];
  #slots = 0;
  /** Nodes in use, those that are not reached any more included. */
  size = 0;
  readonly #roots: Roots;
  /** While recycling: where each node and each event goes. */
  #moved: Int32Array = new Int32Array(FIRST_NODES);
  #movedEvents: Int32Array = new Int32Array(FIRST_NODES);

  constructor(roots: Roots) {
    this.#roots = roots;
  }

  get capacity(): number {
    return this.label.length;
  }

  /** Makes sure that `count` nodes fit. Node numbers and slots held outside of `Roots` are void after it. */
  reserve(count: number): void {
    if (this.size + count <= this.label.length) return;
    this.recycle();
    // Mostly empty after it, so that recycling costs little per new node; large arenas are held to half.
    const share = this.size < SMALL ? 4 : 2;
    if (share * (this.size + count) > this.capacity)
      this.#resize(Math.max(2 * this.capacity, share * (this.size + count)));
  }

  /** The slot of the event at hand: one, however many programs bind it. */
  slotOf(event: E): number {
    const { events } = this;
    const last = this.#slots - 1;
    if (last >= 0 && events[last] === event) return last;
    this.#slots = last + 2;
    events[last + 1] = event;
    return last + 1;
  }

  /**
   * @param slot - of the event
   * @param child - the set that this event continues, or NONE
   */
  output(label: number, slot: number, child: number, startTs: number): number {
    const node = this.size;
    this.label[node] = label;
    this.left[node] = child;
    this.right[node] = slot;
    this.start[node] = startTs;
    this.size = node + 1;
    return node;
  }

  union(a: number, b: number): number {
    const { start } = this;
    const startA = start[a] as number;
    const startB = start[b] as number;
    const node = this.size;
    this.label[node] = UNION;
    if (startA >= startB) {
      this.left[node] = a;
      this.right[node] = b;
      start[node] = startA;
    } else {
      this.left[node] = b;
      this.right[node] = a;
      start[node] = startB;
    }
    this.size = node + 1;
    return node;
  }

  /** The same set, without unions at its top whose right side is over. */
  prune(node: number, overUntil: number): number {
    const { label, left, right, start } = this;
    let at = node;
    while (label[at] === UNION && (start[right[at] as number] as number) <= overUntil) at = left[at] as number;
    return at;
  }

  /** Lets go of what no root reaches and of what is over. */
  recycle(): void {
    const { overUntil } = this.#roots;
    const moved = this.#moved.fill(NONE, 0, this.size);
    if (this.#slots > this.#movedEvents.length) this.#movedEvents = grownInts(this.#movedEvents, this.#slots - 1, NONE);
    this.#movedEvents.fill(NONE, 0, this.#slots);
    this.#roots.eachRoot((node) => this.#mark(node, overUntil, moved));
    for (let node = this.size - 1; node >= 0; node -= 1)
      if (moved[node] !== NONE) this.#markChildren(node, overUntil, moved);
    this.#slideEvents();
    this.#slide(moved);
    this.#roots.eachRoot((node) => moved[node] as number);
  }

  /** Recycles, and gives back columns that are mostly free. Node numbers and slots held outside of `Roots` are void after it. */
  giveBack(): void {
    if (this.capacity <= SMALL) return;
    this.recycle();
    if (!isSparse(this.size, this.capacity)) return;
    this.#resize(Math.max(FIRST_NODES, 4 * this.size));
    this.events.length = this.#slots;
    this.#movedEvents = new Int32Array(FIRST_NODES);
  }

  #mark(node: number, overUntil: number, moved: Int32Array): number {
    const kept = this.prune(node, overUntil);
    moved[kept] = 0;
    return kept;
  }

  #markChildren(node: number, overUntil: number, moved: Int32Array): void {
    const { left, right } = this;
    const child = left[node] as number;
    if (child !== NONE) left[node] = this.#mark(child, overUntil, moved);
    if (this.label[node] === UNION) right[node] = this.#mark(right[node] as number, overUntil, moved);
    else this.#movedEvents[right[node] as number] = 0;
  }

  /** Closes the gaps that events leave which no marked node binds. */
  #slideEvents(): void {
    const { events } = this;
    const slots = this.#movedEvents;
    let next = 0;
    for (let slot = 0; slot < this.#slots; slot += 1) {
      if (slots[slot] === NONE) continue;
      events[next] = events[slot];
      slots[slot] = next;
      next += 1;
    }
    events.fill(undefined, next, this.#slots);
    this.#slots = next;
  }

  /** Moves marked nodes down to close the gaps; `moved` becomes their new numbers. */
  #slide(moved: Int32Array): void {
    const { label, left, right, start } = this;
    const slots = this.#movedEvents;
    let next = 0;
    for (let node = 0; node < this.size; node += 1) {
      if (moved[node] === NONE) continue;
      const kind = label[node] as number;
      const first = left[node] as number;
      const second = right[node] as number;
      label[next] = kind;
      left[next] = first === NONE ? NONE : (moved[first] as number);
      right[next] = (kind === UNION ? moved[second] : slots[second]) as number;
      start[next] = start[node] as number;
      moved[node] = next;
      next += 1;
    }
    this.size = next;
  }

  #resize(capacity: number): void {
    const { size } = this;
    const resized = <T extends Int16Array | Int32Array | Float64Array>(into: T, column: T): T => {
      into.set(column.subarray(0, size));
      return into;
    };
    this.label = resized(new Int16Array(capacity), this.label);
    this.left = resized(new Int32Array(capacity), this.left);
    this.right = resized(new Int32Array(capacity), this.right);
    this.start = resized(new Float64Array(capacity), this.start);
    this.#moved = new Int32Array(capacity);
  }
}
