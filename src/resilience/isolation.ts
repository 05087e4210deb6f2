/**
 * Finds the events that make a call fail, by halving the call: the others go through.
 *
 * Invariants (isolation.test.ts)
 * - Ranges come in the order of the events, so a stage that keeps order keeps it.
 * - Every event either passes in exactly one range, or is refused.
 * - One bad event among B is part of at most ceil(log2 B) + 1 calls, each of the others of at most as many, and
 *   `ceil(log2 B)` calls pass beside it. If all are bad it takes 2B - 1 calls.
 */

/** Events `start` up to, without, `end` of the call, and how often they have been tried. */
export interface Range {
  readonly start: number;
  readonly end: number;
  readonly tries: number;
}

export class Isolation {
  readonly refused: Map<number, unknown> = new Map();
  readonly #results: unknown[] = [];
  /** What is still to be tried, the next one last. */
  readonly #open: Range[];

  /** @param events - of a call that has just failed, or is about to be tried */
  constructor(events: number) {
    this.#open = [{ start: 0, end: events, tries: 0 }];
  }

  /** What to try next; undefined: each event has passed or been refused. */
  get next(): Range | undefined {
    return this.#open.at(-1);
  }

  /** What came of the ranges that passed, in their order. */
  get results(): readonly unknown[] {
    return this.#results;
  }

  /** The next range went through, but for some events that were named. @param refused - index in the range -> why */
  passed(result: unknown, refused?: ReadonlyMap<number, unknown>): void {
    const range = this.#open.pop();
    if (range === undefined) return;
    this.#results.push(result);
    for (const [index, cause] of refused ?? []) this.refused.set(range.start + index, cause);
  }

  /**
   * The next range failed because of its events: it is halved, or, once it is a single event, refused.
   *
   * @param tries - a single event is tried at least so often
   * @returns `again` where the next range is the same event once more
   */
  failed(cause: unknown, tries: number): 'again' | 'onward' {
    const range = this.#open.pop();
    if (range === undefined) return 'onward';
    const { start, end } = range;
    const tried = range.tries + 1;
    if (end - start > 1) {
      const middle = start + Math.ceil((end - start) / 2);
      this.#open.push({ start: middle, end, tries: tried }, { start, end: middle, tries: tried });
      return 'onward';
    }
    if (tried < tries) {
      this.#open.push({ start, end, tries: tried });
      return 'again';
    }
    this.refused.set(start, cause);
    return 'onward';
  }
}
