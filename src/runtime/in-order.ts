/**
 * Puts results that finish in any order back into the order in which they were numbered.
 * Bounded by the calls in flight, since numbers are given at the start of a call.
 */
export class InOrder<T> {
  readonly #waiting = new Map<number, T | undefined>();
  #next = 0;

  /** @returns everything that is now due, in order; `undefined` fills a number without a result */
  complete(sequence: number, value: T | undefined): readonly T[] {
    this.#waiting.set(sequence, value);
    const ready: T[] = [];
    for (; this.#waiting.has(this.#next); this.#next += 1) {
      const due = this.#waiting.get(this.#next);
      this.#waiting.delete(this.#next);
      if (due !== undefined) ready.push(due);
    }
    return ready;
  }
}
