/**
 * Which patterns live for which key: a row for each pair with a partial match, in columns; nothing for the others.
 *
 * Invariants (pattern-set.test.ts)
 * - A key has one row per pattern at most, and a slot in `keys` exactly while it has a row.
 * - Cost of `rowOf`: the rows of the key while they are few; a key with many has a table.
 */

import { grownFloats, grownInts } from '../../state/columns.ts';
import { KeyIndex, type StateKey } from '../../state/key-index.ts';

export const NO_ROW = -1;

/** Above this a key's rows are found by a table: walking them would cost more than looking. */
export const CROWD = 8;

export class LiveRows {
  readonly keys: KeyIndex = new KeyIndex();
  /** Rows in use. */
  size = 0;
  /** By row: number of the pattern, and its partition in the pattern's store. */
  pattern: Int32Array = new Int32Array(16);
  partition: Int32Array = new Int32Array(16);
  /** By row: the slot of its key; -1 where the row is free. */
  slot: Int32Array = new Int32Array(16).fill(-1);
  /** By row: the next row of the same key. */
  next: Int32Array = new Int32Array(16);
  /** By row: when it is to be woken, as the due queue knows it. */
  wakeMs: Float64Array = new Float64Array(16);
  /** By slot: the first row of the key. */
  first: Int32Array = new Int32Array(16);
  /** By slot: how many rows the key has. */
  count: Int32Array = new Int32Array(16);
  readonly #crowds = new Map<number, Map<number, number>>();
  readonly #free: number[] = [];
  #rows = 0;

  /** @param slot - of the key, or -1 */
  rowOf(slot: number, pattern: number): number {
    if (slot < 0) return NO_ROW;
    if ((this.count[slot] as number) > CROWD) return this.#crowds.get(slot)?.get(pattern) ?? NO_ROW;
    for (let row = this.first[slot] as number; row !== NO_ROW; row = this.next[row] as number) {
      if (this.pattern[row] === pattern) return row;
    }
    return NO_ROW;
  }

  /** A row for a pair that has none. */
  add(key: StateKey, keyId: number, pattern: number, partition: number): number {
    const slot = this.#slotOf(key, keyId);
    const row = this.#newRow();
    this.pattern[row] = pattern;
    this.partition[row] = partition;
    this.slot[row] = slot;
    this.next[row] = this.first[slot] as number;
    this.wakeMs[row] = Infinity;
    this.first[slot] = row;
    this.count[slot] = (this.count[slot] as number) + 1;
    this.size += 1;
    this.#enterCrowd(slot, row);
    return row;
  }

  remove(row: number): void {
    const slot = this.slot[row] as number;
    this.#unlink(slot, row);
    this.slot[row] = -1;
    this.#free.push(row);
    this.size -= 1;
    const left = (this.count[slot] as number) - 1;
    this.count[slot] = left;
    if (left <= CROWD) this.#crowds.delete(slot);
    else this.#crowds.get(slot)?.delete(this.pattern[row] as number);
    if (left === 0) this.keys.release(slot);
  }

  keyOf(row: number): StateKey {
    return this.keys.keys[this.slot[row] as number] as StateKey;
  }

  /** All rows in use. Rows may be removed on the way. */
  *all(): Generator<number> {
    for (let row = 0; row < this.#rows; row += 1) if ((this.slot[row] as number) >= 0) yield row;
  }

  #slotOf(key: StateKey, keyId: number): number {
    const known = this.keys.find(key, keyId);
    if (known >= 0) return known;
    const slot = this.keys.insert(key, keyId);
    if (slot >= this.first.length) {
      this.first = grownInts(this.first, slot, 0);
      this.count = grownInts(this.count, slot, 0);
    }
    this.first[slot] = NO_ROW;
    this.count[slot] = 0;
    return slot;
  }

  #newRow(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const row = this.#rows;
    this.#rows += 1;
    if (row >= this.pattern.length) {
      this.pattern = grownInts(this.pattern, row, 0);
      this.partition = grownInts(this.partition, row, 0);
      this.slot = grownInts(this.slot, row, -1);
      this.next = grownInts(this.next, row, 0);
      this.wakeMs = grownFloats(this.wakeMs, row);
    }
    return row;
  }

  #unlink(slot: number, row: number): void {
    const next = this.next[row] as number;
    if (this.first[slot] === row) {
      this.first[slot] = next;
      return;
    }
    let before = this.first[slot] as number;
    while (this.next[before] !== row) before = this.next[before] as number;
    this.next[before] = next;
  }

  #enterCrowd(slot: number, row: number): void {
    const crowd = this.#crowds.get(slot);
    if (crowd !== undefined) crowd.set(this.pattern[row] as number, row);
    else if ((this.count[slot] as number) > CROWD) {
      const rows = new Map<number, number>();
      for (let at = this.first[slot] as number; at !== NO_ROW; at = this.next[at] as number) {
        rows.set(this.pattern[at] as number, at);
      }
      this.#crowds.set(slot, rows);
    }
  }
}
