/** A partial match and what it shares with others: a chain of bound events, each linked to the one before. */

import type { Bindings } from '../matcher.ts';

export interface Bound<E> {
  readonly name: string;
  readonly event: E;
  /** Number of the event in its partition. */
  readonly seq: number;
  readonly before: Bound<E> | undefined;
  readonly length: number;
}

/** Immutable: a step makes a new one, so that branches share what they have in common. */
export interface Run<E> {
  /** Row of the table where it waits. */
  readonly state: number;
  /** undefined: the seed, from which matches start. */
  readonly last: Bound<E> | undefined;
  /** Number of its first event: partial matches are ordered by it. */
  readonly start: number;
  readonly startTs: number;
  /** Time of its last event. */
  readonly lastTs: number;
  /** Running values of the aggregates that conditions ask for. */
  readonly tally: readonly unknown[];
}

/** Later than any event: the seed stands behind all partial matches. */
export const SEED_START: number = Number.MAX_SAFE_INTEGER;

/** Steps in the order in which they first matched. */
export function bindingsOf<E>(last: Bound<E> | undefined): Bindings<E> {
  const chain: Bound<E>[] = [];
  for (let bound = last; bound !== undefined; bound = bound.before) chain.push(bound);
  const bindings: Record<string, E[]> = {};
  for (let i = chain.length - 1; i >= 0; i--) {
    const { name, event } = chain[i] as Bound<E>;
    (bindings[name] ??= []).push(event);
  }
  return bindings;
}
