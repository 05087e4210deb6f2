/** What a roster keeps: it writes where the member stands, -1 while it does not. */
export interface Member {
  place: number;
}

/**
 * A small set of objects that come and go all the time.
 *
 * Not a Set: each add and delete of a Set uses up a slot, so it is built anew every few calls, and each
 * table that was given up points to the next one. Once the first of them is in the old generation, all
 * that follow stay there with the calls they held, until a full collection (measured on a sink with 4
 * calls in flight: 12 % of what was allocated got there, a quarter of the CPU time went to collections).
 */
export class Roster<T extends Member> {
  readonly #members: T[] = [];

  /** In no particular order; do not keep it. */
  get members(): readonly T[] {
    return this.#members;
  }

  get size(): number {
    return this.#members.length;
  }

  has(member: T): boolean {
    return this.#members[member.place] === member;
  }

  add(member: T): void {
    member.place = this.#members.push(member) - 1;
  }

  /** @returns false when it was not there */
  delete(member: T): boolean {
    if (!this.has(member)) return false;
    const last = this.#members.pop() as T;
    if (last !== member) {
      this.#members[member.place] = last;
      last.place = member.place;
    }
    member.place = -1;
    return true;
  }

  /** Empties it. @returns who was there */
  clear(): T[] {
    const members = this.#members.splice(0);
    for (const member of members) member.place = -1;
    return members;
  }
}
