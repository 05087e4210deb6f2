import { grownInts } from '../../state/columns.ts';
import { NONE } from './node-arena.ts';

/** Short lists of sets (roots of the arena), one for each partition: cells of 8 bytes in two columns, recycled at once. */
export class SetLists {
  #set: Int32Array = new Int32Array(16);
  #next: Int32Array = new Int32Array(16);
  #free = NONE;
  #size = 0;

  /** Copies a list out. @returns its length */
  read(list: number, into: number[]): number {
    let length = 0;
    for (let cell = list; cell !== NONE; cell = this.#next[cell] as number) {
      into[length] = this.#set[cell] as number;
      length += 1;
    }
    return length;
  }

  /** Puts the first `length` of `from` in place of a list (NONE: empty), in its own cells as far as they go. */
  write(list: number, from: readonly number[], length: number): number {
    if (length === 0) {
      this.release(list);
      return NONE;
    }
    const head = list === NONE ? this.#cell() : list;
    let cell = head;
    this.#set[cell] = from[0] as number;
    for (let i = 1; i < length; i += 1) {
      let next = this.#next[cell] as number;
      if (next === NONE) {
        next = this.#cell();
        this.#next[cell] = next;
      }
      this.#set[next] = from[i] as number;
      cell = next;
    }
    this.release(this.#next[cell] as number);
    this.#next[cell] = NONE;
    return head;
  }

  /** Replaces each set by what `keep` answers. */
  each(list: number, keep: (set: number) => number): void {
    for (let cell = list; cell !== NONE; cell = this.#next[cell] as number)
      this.#set[cell] = keep(this.#set[cell] as number);
  }

  release(list: number): void {
    for (let cell = list; cell !== NONE;) {
      const next = this.#next[cell] as number;
      this.#next[cell] = this.#free;
      this.#free = cell;
      cell = next;
    }
  }

  #cell(): number {
    const cell = this.#free;
    if (cell !== NONE) {
      this.#free = this.#next[cell] as number;
      this.#next[cell] = NONE;
      return cell;
    }
    const added = this.#size;
    this.#size += 1;
    if (added >= this.#set.length) {
      this.#set = grownInts(this.#set, added, 0);
      this.#next = grownInts(this.#next, added, 0);
    }
    this.#next[added] = NONE;
    return added;
  }
}
