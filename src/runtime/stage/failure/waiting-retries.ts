/** What waits to be tried again. */
export interface Due {
  /** Monotonic ms. */
  dueAt: number;
}

/** Calls that wait to be tried again, each with its slot: as many as there are slots, so a list will do. */
export class WaitingRetries<T extends Due> {
  #waiting: T[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  /** The one that is due first. */
  get first(): T | undefined {
    return this.least((one, other) => one.dueAt - other.dueAt);
  }

  /** The first in an order; of equals the one that has waited longest. */
  least(order: (one: T, other: T) => number): T | undefined {
    if (this.#waiting.length === 0) return undefined;
    return this.#waiting.reduce((one, other) => (order(other, one) < 0 ? other : one));
  }

  some(is: (retry: T) => boolean): boolean {
    return this.#waiting.some(is);
  }

  add(retry: T): void {
    this.#waiting.push(retry);
  }

  remove(retry: T): void {
    this.#waiting = this.#waiting.filter((each) => each !== retry);
  }

  /** The target is back. */
  allDueNow(): void {
    for (const retry of this.#waiting) retry.dueAt = 0;
  }

  /** So many of those that are due first. */
  dueNow(count: number): void {
    if (count <= 0 || this.#waiting.length === 0) return;
    const inOrder = this.#waiting.toSorted((one, other) => one.dueAt - other.dueAt);
    for (const retry of inOrder.slice(0, count)) retry.dueAt = 0;
  }
}
