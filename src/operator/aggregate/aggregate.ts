/**
 * Aggregates: what a window computes. Each is a declaration, reusable in several windows.
 *
 * A function that reads a number must give a finite one, and one that reads a value for `distinct`
 * a string, number, boolean or bigint. Anything else is an error of that event (TypeError): it is
 * dead-lettered, and none of the window's aggregates has seen it.
 */

import { ConfigError } from '../../errors/errors.ts';
import type { Countable } from './distinct-sketch.ts';

declare const TYPES: unique symbol;

/** An aggregate over events of type E with result R. Made by the functions of this module. */
export interface Aggregate<E, R> {
  readonly definition: AggregateDefinition;
  readonly [TYPES]?: (event: E) => R;
}

/** Named aggregates of one window. */
export type Aggregates<E> = Readonly<Record<string, Aggregate<E, unknown>>>;

/** `{ n: count(), p: percentile(f, 0.95) }` gives `{ n: number; p: number }`. */
export type AggregateResults<A> = { readonly [N in keyof A]: A[N] extends Aggregate<never, infer R> ? R : never };

/** Four functions that fold events into an accumulator of your own. */
export interface CustomAggregate<E, S, R> {
  /** A new, empty accumulator. Merging with it changes nothing. */
  readonly init: () => S;
  /** Gives the accumulator with the event; may change and return the one it was given. Throw before changing it. */
  readonly add: (accumulator: S, event: E) => S;
  /** Gives both together; may change and return `a`, never `b`. Sessions need it; sliding windows are faster with it. */
  readonly merge?: ((a: S, b: S) => S) | undefined;
  /** May be called several times, so it must not change the accumulator. */
  readonly result: (accumulator: S) => R;
}

export type AggregateDefinition =
  | { readonly kind: 'count' }
  | { readonly kind: 'sum' | 'min' | 'max' | 'mean'; readonly value: (event: never) => number }
  | { readonly kind: 'percentile'; readonly value: (event: never) => number; readonly q: number }
  | { readonly kind: 'distinct'; readonly value: (event: never) => Countable }
  | { readonly kind: 'custom'; readonly custom: CustomAggregate<never, unknown, unknown> }
  /** The events themselves, for `windowCollect`. */
  | { readonly kind: 'events'; readonly maxEvents: number };

/** Number of events. */
export function count(): Aggregate<unknown, number> {
  return { definition: { kind: 'count' } };
}

/** Sum in plain doubles, in order of arrival: exact for integers up to 2^53, else rounded at each step. */
export function sum<E>(value: (event: E) => number): Aggregate<E, number> {
  return { definition: { kind: 'sum', value: fn(value, 'sum') } };
}

export function min<E>(value: (event: E) => number): Aggregate<E, number> {
  return { definition: { kind: 'min', value: fn(value, 'min') } };
}

export function max<E>(value: (event: E) => number): Aggregate<E, number> {
  return { definition: { kind: 'max', value: fn(value, 'max') } };
}

/** Arithmetic mean: the sum (see `sum`) divided by the count. */
export function mean<E>(value: (event: E) => number): Aggregate<E, number> {
  return { definition: { kind: 'mean', value: fn(value, 'mean') } };
}

/**
 * The value of rank ceil(q * n): exact up to 32 values per window and key, then within 1 % of it,
 * in at most 32 KB per window and key (see percentile-sketch.ts).
 *
 * @param q - 0..1; 0.95 is the 95th percentile
 * @throws ConfigError when q is outside
 */
export function percentile<E>(value: (event: E) => number, q: number): Aggregate<E, number> {
  if (!(typeof q === 'number' && q >= 0 && q <= 1)) {
    throw new ConfigError('percentile.q', 'a share from 0 to 1', q, 'The 95th percentile is 0.95.');
  }
  return { definition: { kind: 'percentile', value: fn(value, 'percentile'), q } };
}

/**
 * Number of different values: exact up to 1,024 per window and key, then with a standard error of
 * 0.81 %, in 16 KB (see distinct-sketch.ts).
 */
export function distinct<E>(value: (event: E) => Countable): Aggregate<E, number> {
  return { definition: { kind: 'distinct', value: fn(value, 'distinct') } };
}

/**
 * An aggregate of your own.
 *
 * @example
 * const last = custom({ init: () => '', add: (_, e: Order) => e.id, result: (id) => id })
 */
export function custom<E, S, R>(functions: CustomAggregate<E, S, R>): Aggregate<E, R> {
  fn(functions.init, 'custom.init');
  fn(functions.add, 'custom.add');
  fn(functions.result, 'custom.result');
  if (functions.merge !== undefined) fn(functions.merge, 'custom.merge');
  return { definition: { kind: 'custom', custom: functions as unknown as CustomAggregate<never, unknown, unknown> } };
}

/** False: a sliding window has to keep each of its windows apart. */
export function canMerge(definition: AggregateDefinition): boolean {
  return definition.kind !== 'events' && (definition.kind !== 'custom' || definition.custom.merge !== undefined);
}

function fn<F>(value: F, path: string): F {
  if (typeof value !== 'function') throw new ConfigError(path, 'a function of one event', value);
  return value;
}
