/**
 * What a function of the user sees of a partial match: the events of each step, in order. Arrays grow in place along a chain
 * and are copied where it branches, so that a long loop costs one push per event.
 */

import { fieldOf } from '../model/evaluate.ts';
import type { Seen, SeenEvents } from '../model/predicate.ts';
import type { Bound } from './run.ts';

/**
 * An array, since users index it; a class of its own for its running sums, to which each event is added once however
 * often they are asked for.
 */
class GrowingEvents<E> extends Array<E> implements SeenEvents<E> {
  #sums: Map<string, { count: number; total: number }> | undefined;

  /** What `map` and `filter` give is a plain array. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  sum(field: string): number {
    this.#sums ??= new Map();
    let running = this.#sums.get(field);
    if (running === undefined) this.#sums.set(field, (running = { count: 0, total: 0 }));
    for (; running.count < this.length; running.count++) {
      const value = fieldOf(this[running.count], field);
      if (typeof value === 'number') running.total += value;
    }
    return running.total;
  }

  avg(field: string): number {
    return this.sum(field) / this.length;
  }

  get count(): number {
    return this.length;
  }

  get first(): E | undefined {
    return this[0];
  }

  get last(): E | undefined {
    return this[this.length - 1];
  }
}

/** What stands at one link of a chain: an array may have grown since, `counts` says how far it is this link's. */
interface View<E> {
  readonly arrays: Readonly<Record<string, GrowingEvents<E>>>;
  readonly counts: Readonly<Record<string, number>>;
}

/** The views of one pattern's partial matches, kept with the links that they belong to. */
export class SeenViews<E> {
  readonly #views = new WeakMap<Bound<E>, View<E>>();

  of(last: Bound<E> | undefined): Seen<E> {
    return this.#view(last).arrays;
  }

  #view(last: Bound<E> | undefined): View<E> {
    const missing: Bound<E>[] = [];
    let bound = last;
    while (bound !== undefined && !this.#views.has(bound)) {
      missing.push(bound);
      bound = bound.before;
    }
    let view = this.#current(bound);
    for (const link of missing.reverse()) this.#views.set(link, (view = extended(view, link)));
    return view;
  }

  #current(bound: Bound<E> | undefined): View<E> {
    const view = bound === undefined ? undefined : this.#views.get(bound);
    if (view === undefined || bound === undefined) return { arrays: {}, counts: {} };
    let own = view;
    for (const name in view.counts) {
      const array = view.arrays[name];
      const count = view.counts[name] ?? 0;
      if (array === undefined || array.length === count) continue;
      own = { ...own, arrays: { ...own.arrays, [name]: growing(array.slice(0, count)) } };
    }
    if (own !== view) this.#views.set(bound, own);
    return own;
  }
}

function extended<E>(view: View<E>, { name, event }: Bound<E>): View<E> {
  const array = view.arrays[name];
  const count = (view.counts[name] ?? 0) + 1;
  if (array !== undefined) {
    array.push(event);
    return { arrays: view.arrays, counts: { ...view.counts, [name]: count } };
  }
  return { arrays: { ...view.arrays, [name]: growing([event]) }, counts: { ...view.counts, [name]: count } };
}

function growing<E>(events: readonly E[]): GrowingEvents<E> {
  const own = new GrowingEvents<E>();
  for (const event of events) own.push(event);
  return own;
}
