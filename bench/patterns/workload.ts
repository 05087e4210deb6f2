/** Patterns and streams of the bench: made from fixed seeds, so that every run sees the same. */

import type { PatternModel, Predicate, Step } from 'daoflow/pattern';
import { seeded } from '../harness/seeded.ts';

export interface Tick {
  readonly type: string;
  readonly price: number;
  readonly key: number;
}

/** A set of patterns and the stream that it is measured on; the stream is fed again and again, later in time. */
export interface Workload {
  readonly patterns: readonly PatternModel<Tick>[];
  readonly events: readonly Tick[];
  /** Events that share a millisecond of event time. */
  readonly perMs: number;
  readonly isKeyed: boolean;
}

const KEYS = 10_000;
const EVENTS = 131_072;

export const typed = (type: string): Predicate<Tick> => ({ cmp: [{ field: 'type' }, '==', type] });
const price = (op: '>=' | '<', bound: number): Predicate<Tick> => ({ cmp: [{ field: 'price' }, op, bound] });
const within = (ms: number): Pick<PatternModel<Tick>, 'within'> => ({ within: { ms, scope: 'firstToLast' } });
const step = (link: Step['link'], name: string, where: Predicate<Tick>, more: object = {}): Step<Tick> => ({
  link,
  name,
  where,
  ...more,
});
const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

export function ticks(types: number, seed: number, count: number = EVENTS): Tick[] {
  const random = seeded(seed);
  const names = many(types, (i) => `t${i}`);
  const pick = (below: number): number => Math.floor(random() * below);
  return many(count, () => ({ type: names[pick(types)] as string, price: random() * 100, key: pick(KEYS) }));
}

/** 2,000 types, three steps of a type and a threshold each: an event concerns 1.5 steps of 1,000 patterns. Within 10 s at 10,000 events/s. */
export function sparse(count: number, types: number = 2000): Workload {
  const type = (p: number, k: number): Predicate<Tick> => typed(`t${(3 * p + k) % types}`);
  const patterns = many(count, (p) => ({
    steps: [0, 1, 2].map((k) => step(k === 0 ? null : 'followedBy', `s${k}`, { and: [type(p, k), price('>=', 20)] })),
    ...within(10_000),
  }));
  return { patterns, events: ticks(types, 1), perMs: 10, isKeyed: true };
}

/** One hot field: a start of its own type, then thresholds on the price, of which at least 150 hold for every event. */
export function dense(count: number): Workload {
  // Of `2 * count` thresholds the lowest 150 hold for any price.
  const bound = (i: number): number => (i < 150 ? 0 : (100 * (i - 150)) / (2 * count));
  const patterns = many(count, (p) => ({
    steps: [
      step(null, 'a', typed(`t${p % 1000}`)),
      step('followedBy', 'b', price('>=', bound(2 * p))),
      step('followedBy', 'c', price('>=', bound(2 * p + 1))),
    ],
    ...within(10_000),
  }));
  return { patterns, events: ticks(1000, 2), perMs: 10, isKeyed: true };
}

/** Every event begins a partial match of 150 patterns, for its key: what no index can spare. */
export function flooded(): Workload {
  const patterns = many(150, (p) => ({
    steps: [step(null, 'a', price('>=', p / 1e6)), step('followedBy', 'b', price('<', p / 1e6))],
    ...within(1000),
  }));
  return { patterns, events: ticks(10, 3, 16_384), perMs: 10, isKeyed: true };
}

/** a, then any combination of b, then what never comes, over ten types: 2^(window / 10) partial matches. */
export function combinations(windowMs: number, count = 1): Workload {
  const b = { quantifier: { min: 1, max: null, inner: 'any' } };
  const patterns = many(count, (p) => ({
    steps: [
      step(null, 'a', typed(`t${p % 10}`)),
      step('followedByAny', 'b', typed(`t${(p + 1 + Math.floor(p / 10)) % 10}`), b),
      step('followedByAny', 'ne', typed('never')),
    ],
    ...within(windowMs),
  }));
  return { patterns, events: ticks(10, 4), perMs: 1, isKeyed: false };
}

/** A sequence of steps of one type each over ten types. */
export function sequence(
  types: readonly string[],
  link: 'followedBy' | 'followedByAny',
  windowMs: number,
  count = 1,
): Workload {
  const steps = types.map((type, i) => step(i === 0 ? null : link, `s${i}`, typed(type)));
  return {
    patterns: many(count, () => ({ steps, ...within(windowMs) })),
    events: ticks(10, 5),
    perMs: 1,
    isKeyed: false,
  };
}

/** Conditions over what is matched so far: a price above the last one, then a running sum. */
export function iterative(count: number): Workload {
  const last = { agg: 'last', of: 'a', field: 'price' } as const;
  const sum = { agg: 'sum', of: 'b', field: 'price', plusCurrent: true } as const;
  const patterns = many(count, (p) => ({
    steps: [
      step(null, 'a', typed(`t${p % 1000}`)),
      step('followedBy', 'b', { cmp: [{ field: 'price' }, '>', last] }),
      step('followedBy', 'c', { cmp: [sum, '<', 120] }),
    ],
    ...within(10_000),
  }));
  return { patterns, events: ticks(1000, 6), perMs: 10, isKeyed: true };
}
