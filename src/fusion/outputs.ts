/**
 * What has come out at the leaves since it was last taken.
 *
 * Invariants
 * - An array that was given, not made here, is never written to: it is copied before the first push.
 * - A leaf that saw nothing costs no array.
 */

export class Outputs {
  readonly #arrays: (unknown[] | undefined)[];
  readonly #isBorrowed: boolean[];

  constructor(leaves: number) {
    this.#arrays = new Array<unknown[] | undefined>(leaves).fill(undefined);
    this.#isBorrowed = new Array<boolean>(leaves).fill(false);
  }

  /** No leaf has anything to take. */
  get isEmpty(): boolean {
    const arrays = this.#arrays;
    for (let leaf = 0; leaf < arrays.length; leaf++) {
      const held = arrays[leaf];
      if (held !== undefined && held.length > 0) return false;
    }
    return true;
  }

  /** The array that a loop pushes to; valid until the next `take` of this leaf. */
  open(leaf: number): unknown[] {
    const held = this.#arrays[leaf];
    if (held !== undefined && this.#isBorrowed[leaf] !== true) return held;
    const own = held === undefined ? [] : held.slice();
    this.#arrays[leaf] = own;
    this.#isBorrowed[leaf] = false;
    return own;
  }

  /**
   * Events reach the leaf as they came: passes the array itself on when all of it does.
   *
   * @param skipped - indices of events that failed on the way, ascending
   */
  give(leaf: number, events: readonly unknown[], start: number, end: number, skipped: readonly number[]): void {
    const count = end - start - skipped.length;
    if (count === 0) return;
    const held = this.#arrays[leaf];
    if (held === undefined || held.length === 0) {
      const isWhole = count === events.length;
      this.#arrays[leaf] = isWhole ? (events as unknown[]) : without(events, start, end, skipped);
      this.#isBorrowed[leaf] = isWhole;
      return;
    }
    const own = this.open(leaf);
    for (const event of without(events, start, end, skipped)) own.push(event);
  }

  take(leaf: number): unknown[] | undefined {
    const held = this.#arrays[leaf];
    if (held === undefined || held.length === 0) return undefined;
    this.#arrays[leaf] = undefined;
    this.#isBorrowed[leaf] = false;
    return held;
  }
}

function without(events: readonly unknown[], start: number, end: number, skipped: readonly number[]): unknown[] {
  if (skipped.length === 0) return events.slice(start, end);
  const kept: unknown[] = [];
  let from = start;
  for (const index of [...skipped, end]) {
    for (let i = from; i < index; i++) kept.push(events[i]);
    from = index + 1;
  }
  return kept;
}
