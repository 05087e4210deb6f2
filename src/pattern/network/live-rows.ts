/**
 * Which patterns live for which key: a row for each pair with a partial match, in columns; nothing for the others.
 *
 * Invariants (pattern-set.test.ts)
 * - A key has one row per pattern at most, and a slot in `keys` exactly while it has a row.
 * - What rows and keys that are gone have held is given back once they are seven of eight (`compact`).
 * - Cost of `rowOf`: mostly one look at the key's mask for a pattern that does not live; else the rows of the key while they
 *   are few. A key with many has a table.
 */

import { grownFloats, grownInts, isSparse, movedFloats, movedInts } from '../../state/columns.ts';
import { KeyIndex, type StateKey } from '../../state/key-index.ts';
import { RowTable } from './row-table.ts';

export const NO_ROW = -1;

/** Instead of a partition: the partial match is its first event alone, which the row holds. */
export const OPENED = -1;

/** Above this a key's rows are found by a table: walking them would cost more than looking. */
export const CROWD = 8;

export class LiveRows<E> {
  readonly keys: KeyIndex = new KeyIndex();
  /** Rows in use. */
  size = 0;
  /** By row: number of the pattern, and its partition in the pattern's store or OPENED. */
  pattern: Int32Array = new Int32Array(16);
  partition: Int32Array = new Int32Array(16);
  /** By row: the event that opened it, while nothing but that is known. */
  readonly event: (E | undefined)[] = [];
  /** By row: when it was opened. */
  openedMs: Float64Array = new Float64Array(16);
  /** By row: when it is to be woken, as the timers know it. */
  wakeMs: Float64Array = new Float64Array(16);
  /** By row: the slot of its key; -1 where the row is free. */
  slot: Int32Array = new Int32Array(16).fill(-1);
  /** By row: the rows of the same key before and after it. */
  next: Int32Array = new Int32Array(16);
  #previous: Int32Array = new Int32Array(16);
  /** By slot: the first row of the key. */
  first: Int32Array = new Int32Array(16);
  /** By slot: how many rows the key has. */
  count: Int32Array = new Int32Array(16);
  /** By slot: a bit for each pattern that may have a row, shared by patterns 32 apart. */
  #mask: Int32Array = new Int32Array(16);
  readonly #crowds = new Map<number, RowTable>();
  #lastCrowd = -1;
  #lastTable: RowTable | undefined;
  readonly #free: number[] = [];
  #rows = 0;

  /** @param slot - of the key, or -1 */
  rowOf(slot: number, pattern: number): number {
    if (slot < 0 || ((this.#mask[slot] as number) & (1 << (pattern & 31))) === 0) return NO_ROW;
    if ((this.count[slot] as number) > CROWD) return this.#tableOf(slot).get(pattern);
    let mask = 0;
    for (let row = this.first[slot] as number; row !== NO_ROW; row = this.next[row] as number) {
      const other = this.pattern[row] as number;
      if (other === pattern) return row;
      mask |= 1 << (other & 31);
    }
    this.#mask[slot] = mask;
    return NO_ROW;
  }

  /**
   * A row for a pair that has none.
   *
   * @param slot - of the key, or -1 when it has none
   */
  add(slot: number, key: StateKey, keyId: number, pattern: number, openedMs: number): number {
    const owner = slot >= 0 ? slot : this.#newSlot(key, keyId);
    const row = this.#newRow();
    const second = this.first[owner] as number;
    this.pattern[row] = pattern;
    this.partition[row] = OPENED;
    this.openedMs[row] = openedMs;
    this.wakeMs[row] = Infinity;
    this.slot[row] = owner;
    this.next[row] = second;
    this.#previous[row] = NO_ROW;
    if (second !== NO_ROW) this.#previous[second] = row;
    this.first[owner] = row;
    this.#mask[owner] = (this.#mask[owner] as number) | (1 << (pattern & 31));
    const count = (this.count[owner] as number) + 1;
    this.count[owner] = count;
    this.size += 1;
    if (count > CROWD) this.#enterCrowd(owner, row);
    return row;
  }

  /** @returns true when it was the last of its key, whose slot is free now */
  remove(row: number): boolean {
    const slot = this.slot[row] as number;
    const [previous, next] = [this.#previous[row] as number, this.next[row] as number];
    if (previous === NO_ROW) this.first[slot] = next;
    else this.next[previous] = next;
    if (next !== NO_ROW) this.#previous[next] = previous;
    this.slot[row] = -1;
    this.event[row] = undefined;
    this.#free.push(row);
    this.size -= 1;
    const left = (this.count[slot] as number) - 1;
    this.count[slot] = left;
    if (left >= CROWD) this.#leaveCrowd(slot, row, left);
    if (left > 0) return false;
    this.keys.release(slot);
    return true;
  }

  keyOf(row: number): StateKey {
    return this.keys.keys[this.slot[row] as number] as StateKey;
  }

  /** All rows in use. Rows may be removed on the way. */
  *all(): Generator<number> {
    for (let row = 0; row < this.#rows; row += 1) if ((this.slot[row] as number) >= 0) yield row;
  }

  /** Whether most rows are free, and hold memory. */
  get isSparse(): boolean {
    return isSparse(this.size, this.pattern.length);
  }

  /**
   * Gives back what free rows and slots hold: rows are numbered anew, without a gap, and so are slots.
   *
   * @returns where each row is now, or NO_ROW
   */
  compact(): Int32Array {
    const { size } = this;
    const moved = this.#places();
    const slots = this.keys.compact();
    const keys = this.keys.size;
    const rowAt = (row: number): number => (row === NO_ROW ? NO_ROW : (moved[row] as number));
    const slotAt = (slot: number): number => slots[slot] as number;
    this.pattern = movedInts(this.pattern, moved, size, 0);
    this.partition = movedInts(this.partition, moved, size, 0);
    this.openedMs = movedFloats(this.openedMs, moved, size);
    this.wakeMs = movedFloats(this.wakeMs, moved, size);
    this.slot = mapped(movedInts(this.slot, moved, size, -1), size, slotAt);
    this.next = mapped(movedInts(this.next, moved, size, 0), size, rowAt);
    this.#previous = mapped(movedInts(this.#previous, moved, size, 0), size, rowAt);
    this.first = mapped(movedInts(this.first, slots, keys, 0), keys, rowAt);
    this.count = movedInts(this.count, slots, keys, 0);
    this.#mask = movedInts(this.#mask, slots, keys, 0);
    for (const [row, to] of moved.entries()) if (to !== NO_ROW) this.event[to] = this.event[row];
    this.event.length = size;
    this.#free.length = 0;
    this.#rows = size;
    this.#formCrowds();
    return moved;
  }

  /** @param moves - by number of a pattern, where its partitions are now; undefined: where they were */
  movePartitions(moves: readonly (Int32Array | undefined)[]): void {
    for (const row of this.all()) {
      const moved = moves[this.pattern[row] as number];
      const partition = this.partition[row] as number;
      if (moved !== undefined && partition !== OPENED) this.partition[row] = moved[partition] as number;
    }
  }

  /** The place of each row in use among those in use. */
  #places(): Int32Array {
    const places = new Int32Array(this.#rows).fill(NO_ROW);
    let place = 0;
    for (const row of this.all()) {
      places[row] = place;
      place += 1;
    }
    return places;
  }

  #formCrowds(): void {
    this.#crowds.clear();
    this.#lastTable = undefined;
    for (let slot = 0; slot < this.keys.size; slot += 1)
      if ((this.count[slot] as number) > CROWD) this.#formCrowd(slot);
  }

  #newSlot(key: StateKey, keyId: number): number {
    const slot = this.keys.insert(key, keyId);
    if (slot >= this.first.length) {
      this.first = grownInts(this.first, slot, 0);
      this.count = grownInts(this.count, slot, 0);
      this.#mask = grownInts(this.#mask, slot, 0);
    }
    this.first[slot] = NO_ROW;
    this.count[slot] = 0;
    this.#mask[slot] = 0;
    return slot;
  }

  #newRow(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const row = this.#rows;
    this.#rows += 1;
    this.event.push(undefined);
    if (row >= this.pattern.length) {
      this.pattern = grownInts(this.pattern, row, 0);
      this.partition = grownInts(this.partition, row, 0);
      this.slot = grownInts(this.slot, row, -1);
      this.next = grownInts(this.next, row, 0);
      this.#previous = grownInts(this.#previous, row, 0);
      this.openedMs = grownFloats(this.openedMs, row);
      this.wakeMs = grownFloats(this.wakeMs, row);
    }
    return row;
  }

  #enterCrowd(slot: number, row: number): void {
    const crowd = this.#crowds.get(slot);
    if (crowd === undefined) this.#formCrowd(slot);
    else crowd.set(this.pattern[row] as number, row);
  }

  #formCrowd(slot: number): void {
    const rows = new RowTable();
    for (let at = this.first[slot] as number; at !== NO_ROW; at = this.next[at] as number) {
      rows.set(this.pattern[at] as number, at);
    }
    this.#crowds.set(slot, rows);
  }

  /** Of a key with many rows. Many looks for one event go to the same. */
  #tableOf(slot: number): RowTable {
    if (slot === this.#lastCrowd && this.#lastTable !== undefined) return this.#lastTable;
    const table = this.#crowds.get(slot) as RowTable;
    this.#lastCrowd = slot;
    this.#lastTable = table;
    return table;
  }

  #leaveCrowd(slot: number, row: number, left: number): void {
    if (left === CROWD) {
      this.#crowds.delete(slot);
      this.#lastTable = undefined;
    } else this.#crowds.get(slot)?.delete(this.pattern[row] as number);
  }
}

/** The same column with its first `size` numbers put through `numberOf`. */
function mapped(column: Int32Array, size: number, numberOf: (number: number) => number): Int32Array {
  for (let at = 0; at < size; at += 1) column[at] = numberOf(column[at] as number);
  return column;
}
