/** The plainest table of predicates: numbers them in order and evaluates each when asked. */

import type { EventTruth, PredicateTable } from '../../src/pattern/matcher.ts';
import { eventCheck, type EventCheck } from '../../src/pattern/model/evaluate.ts';
import type { Predicate } from '../../src/pattern/model/predicate.ts';

export class PlainTable<E> implements PredicateTable<E>, EventTruth {
  readonly #checks: EventCheck<E>[] = [];
  #event: E | undefined;

  idOf(predicate: Predicate<E>): number {
    return this.#checks.push(eventCheck(predicate)) - 1;
  }

  /** The event that `holds` is asked about from now on. */
  look(event: E): this {
    this.#event = event;
    return this;
  }

  holds(predicate: number): boolean {
    const check = this.#checks[predicate];
    if (check === undefined || this.#event === undefined) throw new Error(`unknown predicate ${predicate}`);
    return check(this.#event);
  }
}
