/**
 * Events that programs will be told of later: one posting for each predicate that holds for an event, of all keys, in the order
 * of event time, in columns that are used as a ring. The postings of one key and predicate form a chain, the newest first.
 *
 * Invariants (postings.test.ts)
 * - What is too old is gone, whatever its key: no more is held than the events of the window, at 16 bytes a posting and a
 *   reference. A ring in which nothing is left is as small as at first.
 * - Numbers only rise: one that is kept elsewhere is void once it is below `first`.
 */

export const NO_POSTING = -1;

const FIRST_POSTINGS = 64;

export class Postings<E> {
  /** Number of the oldest posting, and of the next one. */
  first = 0;
  next = 0;
  #events: (E | undefined)[] = emptied(FIRST_POSTINGS);
  #timeMs: Float64Array = new Float64Array(FIRST_POSTINGS);
  /** How far back the one before it in its chain is; 0: there is none. */
  #toBefore: Int32Array = new Int32Array(FIRST_POSTINGS);
  /** How far back the first posting of the same event is. */
  #toFirst: Int32Array = new Int32Array(FIRST_POSTINGS);

  get capacity(): number {
    return this.#timeMs.length;
  }

  /**
   * @param before - the newest of its chain so far, or NO_POSTING
   * @param first - the first posting of the same event; its own number where it is that
   * @returns its number
   */
  add(event: E, timeMs: number, before: number, first: number): number {
    const number = this.next;
    if (number - this.first === this.capacity) this.#resize(2 * this.capacity);
    const at = number & (this.capacity - 1);
    this.#events[at] = event;
    this.#timeMs[at] = timeMs;
    this.#toBefore[at] = before < this.first ? 0 : number - before;
    this.#toFirst[at] = number - first;
    this.next = number + 1;
    return number;
  }

  /** Lets go of what is of `overUntil` or earlier. */
  trim(overUntil: number): void {
    const { next } = this;
    const mask = this.capacity - 1;
    let { first } = this;
    for (; first < next && (this.#timeMs[first & mask] as number) <= overUntil; first += 1)
      this.#events[first & mask] = undefined;
    this.first = first;
    if (first === next && this.capacity > FIRST_POSTINGS) this.#resize(FIRST_POSTINGS);
  }

  eventOf(number: number): E {
    return this.#events[number & (this.capacity - 1)] as E;
  }

  timeOf(number: number): number {
    return this.#timeMs[number & (this.capacity - 1)] as number;
  }

  /** The one before it in its chain, or NO_POSTING. */
  before(number: number): number {
    const back = this.#toBefore[number & (this.capacity - 1)] as number;
    return back === 0 ? NO_POSTING : number - back;
  }

  /** The first posting of the same event. */
  firstOf(number: number): number {
    return number - (this.#toFirst[number & (this.capacity - 1)] as number);
  }

  #resize(capacity: number): void {
    const [from, to] = [this.capacity - 1, capacity - 1];
    const events = emptied<E>(capacity);
    const [timeMs, toBefore, toFirst] = [
      new Float64Array(capacity),
      new Int32Array(capacity),
      new Int32Array(capacity),
    ];
    for (let number = this.first; number < this.next; number += 1) {
      events[number & to] = this.#events[number & from];
      timeMs[number & to] = this.#timeMs[number & from] as number;
      toBefore[number & to] = this.#toBefore[number & from] as number;
      toFirst[number & to] = this.#toFirst[number & from] as number;
    }
    this.#events = events;
    this.#timeMs = timeMs;
    this.#toBefore = toBefore;
    this.#toFirst = toFirst;
  }
}

const emptied = <E>(length: number): (E | undefined)[] => Array.from({ length }, () => undefined);
