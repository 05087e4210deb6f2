import { grownFloats, grownInts, isSparse } from './columns.ts';

/**
 * Rows by the time at which they are due: a binary heap in two typed arrays. A row may stand in it
 * more than once; whoever pops one checks whether it is really due. Cost: O(log n), no allocation.
 */
export class DueQueue {
  size = 0;
  #times: Float64Array = new Float64Array(64);
  #rows: Int32Array = new Int32Array(64);

  /** Earliest time, or Infinity when empty. */
  get nextMs(): number {
    return this.size === 0 ? Infinity : (this.#times[0] as number);
  }

  push(timeMs: number, row: number): void {
    if (this.size >= this.#times.length) {
      this.#times = grownFloats(this.#times, this.size);
      this.#rows = grownInts(this.#rows, this.size, 0);
    }
    let at = this.size;
    this.size += 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#times[parent] as number) <= timeMs) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#times[at] = timeMs;
    this.#rows[at] = row;
  }

  /** Takes out the row at `nextMs`. Only when `size` > 0. */
  pop(): number {
    const row = this.#rows[0] as number;
    this.size -= 1;
    const timeMs = this.#times[this.size] as number;
    const last = this.#rows[this.size] as number;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && (this.#times[child + 1] as number) < (this.#times[child] as number)) child += 1;
      if ((this.#times[child] as number) >= timeMs) break;
      this.#move(child, at);
      at = child;
    }
    this.#times[at] = timeMs;
    this.#rows[at] = last;
    return row;
  }

  /**
   * Puts rows under other numbers, and lets go of those for which `rowOf` is negative. Cost: all that is here.
   *
   * @param rowOf - what the row is called now
   */
  retain(rowOf: (timeMs: number, row: number) => number): void {
    const { size } = this;
    const [times, rows] = [this.#times, this.#rows];
    this.size = 0;
    if (isSparse(size, times.length)) {
      this.#times = new Float64Array(64);
      this.#rows = new Int32Array(64);
    }
    for (let at = 0; at < size; at += 1) {
      const timeMs = times[at] as number;
      const row = rowOf(timeMs, rows[at] as number);
      if (row >= 0) this.push(timeMs, row);
    }
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from] as number;
    this.#rows[to] = this.#rows[from] as number;
  }
}
