import { isSparse } from '../state/columns.ts';

/** Who gives numbers to partitions, of one store or of many. */
export interface Numbering {
  /**
   * Gives back what free numbers hold, where they are most.
   *
   * @returns where each number is now, negative: it is free; undefined: nothing has changed
   */
  compact(): Int32Array | undefined;
}

/** Things by number; one that is free is the next thing's. */
export class Numbered<T> implements Numbering {
  /** Undefined where the number is free. */
  readonly things: (T | undefined)[] = [];
  readonly #free: number[] = [];

  /** Those in use. */
  get size(): number {
    return this.things.length - this.#free.length;
  }

  add(thing: T): number {
    const number = this.#free.pop() ?? this.things.length;
    this.things[number] = thing;
    return number;
  }

  remove(number: number): void {
    this.things[number] = undefined;
    this.#free.push(number);
  }

  at(number: number): T {
    return this.things[number] as T;
  }

  compact(): Int32Array | undefined {
    const { things } = this;
    if (!isSparse(this.size, things.length)) return undefined;
    const moved = new Int32Array(things.length).fill(-1);
    let next = 0;
    for (const [number, thing] of things.entries()) {
      if (thing === undefined) continue;
      things[next] = thing;
      moved[number] = next;
      next += 1;
    }
    things.length = next;
    this.#free.length = 0;
    return moved;
  }
}
