/**
 * Rows by the time at which they are due. Times that come in ascending order, as those of patterns with one window do, cost a
 * place in a queue; the others, one in a heap.
 *
 * Invariants (timers.test.ts)
 * - What is popped is never later than what is popped after it.
 * - A row may stand here more than once; whoever pops one checks whether it is really due. What is not can be let go at once
 *   (`retain`), so that memory is that of the rows and not of the events.
 *
 * Source of the queues: patience sorting (Chandramouli, Goldstein, "Patience is a Virtue", SIGMOD 2014).
 */

import { grownFloats, grownInts, isSparse } from '../../state/columns.ts';
import { DueQueue } from '../../state/due-queue.ts';

/** As many windows as a set of patterns usually has; each is looked at when the first of all is popped. */
const MAX_QUEUES = 8;

export class Timers {
  /** Earliest time, or Infinity when empty. */
  nextMs: number = Infinity;
  readonly #queues: AscendingQueue[] = [];
  readonly #heap = new DueQueue();

  get size(): number {
    let { size } = this.#heap;
    for (const queue of this.#queues) size += queue.size;
    return size;
  }

  push(timeMs: number, row: number): void {
    if (timeMs < this.nextMs) this.nextMs = timeMs;
    for (const queue of this.#queues) {
      if (queue.size > 0 && queue.lastMs > timeMs) continue;
      queue.push(timeMs, row);
      return;
    }
    if (this.#queues.length === MAX_QUEUES) this.#heap.push(timeMs, row);
    else this.#queues.push(new AscendingQueue(timeMs, row));
  }

  /** Takes out a row that is due at `nextMs`. Only while that is finite. */
  pop(): number {
    const { nextMs } = this;
    let row = -1;
    let followingMs = Infinity;
    for (const queue of this.#queues) {
      if (row < 0 && queue.nextMs === nextMs) row = queue.pop();
      if (queue.nextMs < followingMs) followingMs = queue.nextMs;
    }
    if (row < 0) row = this.#heap.pop();
    this.nextMs = Math.min(followingMs, this.#heap.nextMs);
    return row;
  }

  /**
   * Puts rows under other numbers, and lets go of those for which `rowOf` is negative. Cost: all that is here.
   *
   * @param rowOf - what the row is called now
   */
  retain(rowOf: (timeMs: number, row: number) => number): void {
    for (const queue of this.#queues) queue.retain(rowOf);
    this.#heap.retain(rowOf);
    this.nextMs = Math.min(this.#heap.nextMs, ...this.#queues.map((queue) => queue.nextMs));
  }
}

/** A ring in two columns. */
class AscendingQueue {
  size = 0;
  lastMs = -Infinity;
  /** Infinity when empty. */
  nextMs = Infinity;
  #times: Float64Array = new Float64Array(64);
  #rows: Int32Array = new Int32Array(64);
  #first = 0;

  constructor(timeMs: number, row: number) {
    this.push(timeMs, row);
  }

  push(timeMs: number, row: number): void {
    if (this.size === this.#rows.length) this.#grow();
    const at = (this.#first + this.size) & (this.#rows.length - 1);
    this.#times[at] = timeMs;
    this.#rows[at] = row;
    if (this.size === 0) this.nextMs = timeMs;
    this.size += 1;
    this.lastMs = timeMs;
  }

  pop(): number {
    const row = this.#rows[this.#first] as number;
    this.#first = (this.#first + 1) & (this.#rows.length - 1);
    this.size -= 1;
    this.nextMs = this.size === 0 ? Infinity : (this.#times[this.#first] as number);
    return row;
  }

  retain(rowOf: (timeMs: number, row: number) => number): void {
    const [times, rows, first, { size }] = [this.#times, this.#rows, this.#first, this];
    const mask = rows.length - 1;
    this.size = 0;
    this.nextMs = Infinity;
    if (isSparse(size, rows.length)) {
      this.#times = new Float64Array(64);
      this.#rows = new Int32Array(64);
      this.#first = 0;
    }
    for (let i = 0; i < size; i += 1) {
      const from = (first + i) & mask;
      const timeMs = times[from] as number;
      const row = rowOf(timeMs, rows[from] as number);
      if (row >= 0) this.push(timeMs, row);
    }
  }

  /** In order from the start, so that the ring may be longer. */
  #grow(): void {
    const { length } = this.#rows;
    const [times, rows] = [this.#times, this.#rows];
    this.#times = grownFloats(rotated(times, this.#first), length);
    this.#rows = grownInts(rotated(rows, this.#first), length, 0);
    this.#first = 0;
  }
}

function rotated<T extends Float64Array | Int32Array>(column: T, first: number): T {
  if (first === 0) return column;
  const copy = column.slice() as T;
  copy.set(column.subarray(first));
  copy.set(column.subarray(0, first), column.length - first);
  return copy;
}
