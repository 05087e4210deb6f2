/**
 * Partial matches of all keys as one graph in typed columns: what they have in common is stored once.
 *
 * An *output* node binds one event and continues a set of earlier ones (its `left`; NONE: it is the first event). A *union*
 * node is the set of the matches of its two children. A node never changes its meaning, so sets share nodes freely.
 *
 * Invariants (dag-program.test.ts)
 * - Children have lower numbers than their parents: one pass downwards marks, one upwards moves.
 * - `start` of a node is the latest start among its matches; of a union the left child has the later one. A set whose
 *   start has expired has expired as a whole, so a walk never enters what is over.
 * - 26 bytes a node, the reference to its event included. What no set reaches is recycled when the columns are full.
 *
 * Source: the tECS of CORE (Bucchi, Grez, Quintana, Riveros, Vansummeren, VLDB 15(9), 2022), with its union lists replaced by
 * a union per insertion: what expires out of order is then passed over once and cut off (`prune`).
 */

export const NONE = -1;
/** Label of a union; outputs have the number of their step's name. */
export const UNION = -1;

const FIRST_NODES = 64;
/** Nodes up to which memory is spent for speed: 400 KB of columns. */
const SMALL = 4096;

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
  right: Int32Array = new Int32Array(FIRST_NODES);
  /** Event time at which the latest of the node's matches began. */
  start: Float64Array = new Float64Array(FIRST_NODES);
  readonly events: (E | undefined)[] = new Array<E | undefined>(FIRST_NODES);
  /** Nodes in use, those that are not reached any more included. */
  size = 0;
  /** Nodes that the last recycling found alive. */
  live = 0;
  readonly #roots: Roots;
  /** While recycling: where each node goes. */
  #moved: Int32Array = new Int32Array(FIRST_NODES);

  constructor(roots: Roots) {
    this.#roots = roots;
  }

  get capacity(): number {
    return this.label.length;
  }

  /** Makes sure that `count` nodes fit. Node numbers held outside of `Roots` are void after it. */
  reserve(count: number): void {
    if (this.size + count <= this.capacity) return;
    this.recycle();
    // Mostly empty after it, so that recycling costs little per new node; large arenas are held to half.
    const share = this.size < SMALL ? 4 : 2;
    if (share * (this.size + count) > this.capacity)
      this.#grow(Math.max(2 * this.capacity, share * (this.size + count)));
  }

  /** @param child - the set that this event continues, or NONE */
  output(label: number, event: E, child: number, startTs: number): number {
    return this.#add(label, child, NONE, startTs, event);
  }

  union(a: number, b: number): number {
    const { start } = this;
    const [startA, startB] = [start[a] as number, start[b] as number];
    return startA >= startB ? this.#add(UNION, a, b, startA, undefined) : this.#add(UNION, b, a, startB, undefined);
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
    this.#roots.eachRoot((node) => this.#mark(node, overUntil, moved));
    for (let node = this.size - 1; node >= 0; node -= 1)
      if (moved[node] !== NONE) this.#markChildren(node, overUntil, moved);
    this.#slide(moved);
    this.#roots.eachRoot((node) => moved[node] as number);
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
  }

  /** Moves marked nodes down to close the gaps; `moved` becomes their new numbers. */
  #slide(moved: Int32Array): void {
    const { label, left, right, start, events } = this;
    let next = 0;
    for (let node = 0; node < this.size; node += 1) {
      if (moved[node] === NONE) continue;
      const [first, second] = [left[node] as number, right[node] as number];
      label[next] = label[node] as number;
      left[next] = first === NONE ? NONE : (moved[first] as number);
      right[next] = second === NONE ? NONE : (moved[second] as number);
      start[next] = start[node] as number;
      events[next] = events[node];
      moved[node] = next;
      next += 1;
    }
    events.fill(undefined, next, this.size);
    this.size = next;
    this.live = next;
  }

  #add(label: number, left: number, right: number, startTs: number, event: E | undefined): number {
    const node = this.size;
    this.label[node] = label;
    this.left[node] = left;
    this.right[node] = right;
    this.start[node] = startTs;
    this.events[node] = event;
    this.size = node + 1;
    return node;
  }

  #grow(capacity: number): void {
    const grown = <T extends Int16Array | Int32Array | Float64Array>(longer: T, column: T): T => {
      longer.set(column);
      return longer;
    };
    this.label = grown(new Int16Array(capacity), this.label);
    this.left = grown(new Int32Array(capacity), this.left);
    this.right = grown(new Int32Array(capacity), this.right);
    this.start = grown(new Float64Array(capacity), this.start);
    this.#moved = new Int32Array(capacity);
    this.events.length = capacity;
  }
}
