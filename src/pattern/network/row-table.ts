/**
 * Rows by pattern for a key with many: open addressing in one column, at most half full. 16 bytes a row or a little more, and a
 * look costs what a look into an array costs where a `Map` would be asked hundreds of times for one event: bench:patterns, any
 * a, b+, NE with 1,000 patterns.
 */
export class RowTable {
  /** Pairs of a pattern and its row; a pattern of FREE: nothing. */
  #cells: Int32Array = new Int32Array(64).fill(FREE);
  #size = 0;

  /** @returns the row, or -1 */
  get(pattern: number): number {
    const cells = this.#cells;
    const mask = cells.length - 1;
    for (let at = homeOf(pattern, mask); ; at = (at + 2) & mask) {
      const found = cells[at] as number;
      if (found === pattern) return cells[at + 1] as number;
      if (found === FREE) return -1;
    }
  }

  /** For a pattern that has none. */
  set(pattern: number, row: number): void {
    this.#size += 1;
    if (4 * this.#size > this.#cells.length) this.#grow();
    this.#put(pattern, row);
  }

  /** What stands behind it moves up, so that no look ends too early. */
  delete(pattern: number): void {
    const cells = this.#cells;
    const mask = cells.length - 1;
    let hole = homeOf(pattern, mask);
    while (cells[hole] !== pattern) hole = (hole + 2) & mask;
    for (let at = (hole + 2) & mask; cells[at] !== FREE; at = (at + 2) & mask) {
      const fromHome = (at - homeOf(cells[at] as number, mask)) & mask;
      if (fromHome < ((at - hole) & mask)) continue;
      cells[hole] = cells[at] as number;
      cells[hole + 1] = cells[at + 1] as number;
      hole = at;
    }
    cells[hole] = FREE;
    this.#size -= 1;
  }

  #put(pattern: number, row: number): void {
    const cells = this.#cells;
    const mask = cells.length - 1;
    let at = homeOf(pattern, mask);
    while (cells[at] !== FREE) at = (at + 2) & mask;
    cells[at] = pattern;
    cells[at + 1] = row;
  }

  #grow(): void {
    const before = this.#cells;
    this.#cells = new Int32Array(2 * before.length).fill(FREE);
    for (let at = 0; at < before.length; at += 2)
      if (before[at] !== FREE) this.#put(before[at] as number, before[at + 1] as number);
  }
}

const FREE = -1;

/** Patterns are numbered from 0 upwards: their own number spreads them best. */
const homeOf = (pattern: number, mask: number): number => (2 * pattern) & mask;
