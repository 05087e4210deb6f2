/** Stands for a number without a result. */
const NONE: unique symbol = Symbol('daoflow.none');

/**
 * Puts results that finish in any order back into the order in which they were numbered.
 * Bounded by the calls in flight, since numbers are given at the start of a call. An array and not a
 * Map, for the reason given in roster.ts.
 */
export class InOrder<T extends object> {
  /** By distance from the next number due; undefined where none has come yet. */
  readonly #waiting: (T | typeof NONE | undefined)[] = [];
  #next = 0;

  /** What waits for an earlier one, with its number. */
  get waiting(): readonly (readonly [number, T])[] {
    return this.#waiting.flatMap((each, i): [number, T][] =>
      each === undefined || each === NONE ? [] : [[this.#next + i, each]],
    );
  }

  /** @returns everything that is now due, in order; `undefined` fills a number without a result */
  complete(sequence: number, value: T | undefined): readonly T[] {
    this.#waiting[sequence - this.#next] = value ?? NONE;
    let due = 0;
    while (this.#waiting[due] !== undefined) due += 1;
    this.#next += due;
    return this.#waiting.splice(0, due).filter((each): each is T => each !== NONE);
  }
}
