/** Predicates that read like code and stay data: `f.price.gte(100).and(f.type.eq('SELL'))`. */

import { PatternError } from '../model/error.ts';
import type { AggregateName, AggregateTerm, Comparison, Literal, Predicate, Term } from '../model/predicate.ts';

/** A test of one event, or of one event against earlier ones. Immutable. */
export class FieldTest {
  /** As data: can be indexed, shared and written as JSON. */
  readonly predicate: Predicate;

  constructor(predicate: Predicate) {
    this.predicate = predicate;
  }

  and(other: FieldTest): FieldTest {
    return new FieldTest({ and: [this.predicate, other.predicate] });
  }

  or(other: FieldTest): FieldTest {
    return new FieldTest({ or: [this.predicate, other.predicate] });
  }

  not(): FieldTest {
    return new FieldTest({ not: this.predicate });
  }
}

/** A value to compare with: of the field's own type, another field, or an aggregate of `past`. */
export type Operand<V> = (V & Literal) | FieldRef<V> | AggregateTerm;

/** A field of the event under test. */
export interface FieldRef<V = unknown> {
  readonly field: string;
  eq(value: Operand<V>): FieldTest;
  ne(value: Operand<V>): FieldTest;
  lt(value: Operand<V>): FieldTest;
  lte(value: Operand<V>): FieldTest;
  gt(value: Operand<V>): FieldTest;
  gte(value: Operand<V>): FieldTest;
  /** One of these. */
  in(values: readonly (V & Literal)[]): FieldTest;
  contains(part: string): FieldTest;
  startsWith(part: string): FieldTest;
}

export type Fields<E> = { readonly [K in keyof E & string]-?: FieldRef<Exclude<E[K], undefined>> };

/**
 * The fields of an event type, each with its comparisons.
 *
 * @example
 * const f = fields<Trade>();
 * pattern<Trade>().begin('big', f.price.gte(100).and(f.side.eq('SELL')));
 */
export function fields<E>(): Fields<E> {
  const known = new Map<string, FieldRef>();
  const handler: ProxyHandler<Fields<E>> = {
    get(_, name) {
      if (typeof name !== 'string') return undefined;
      let ref = known.get(name);
      if (ref === undefined) known.set(name, (ref = fieldRef(name)));
      return ref;
    },
  };
  return new Proxy({} as Fields<E>, handler);
}

function fieldRef(field: string): FieldRef {
  const compare =
    (operator: Comparison) =>
    (value: Operand<unknown>): FieldTest =>
      new FieldTest({ cmp: [{ field }, operator, termOf(value)] });
  const eq = compare('==');
  return {
    field,
    eq,
    ne: compare('!='),
    lt: compare('<'),
    lte: compare('<='),
    gt: compare('>'),
    gte: compare('>='),
    contains: compare('contains'),
    startsWith: compare('startsWith'),
    in(values) {
      if (values.length === 0) throw new PatternError(`${field}.in`, 'one value or more', values);
      return new FieldTest({ or: values.map((value) => eq(value).predicate) });
    },
  };
}

function termOf(value: Operand<unknown>): Term {
  return typeof value === 'object' && value !== null && 'eq' in value ? { field: value.field } : value;
}

type OfField = (step: string, field: string, options?: PastOptions) => AggregateTerm;

export interface PastOptions {
  /** The event under test counts as one of them. Default false. */
  readonly plusCurrent?: boolean;
}

/**
 * What the events of a step, so far, add up to: kept up to date with each event, never computed anew.
 *
 * @example
 * f.price.gt(past.max('rise', 'price'))
 */
export const past: Readonly<Record<Exclude<AggregateName, 'count'>, OfField>> & {
  readonly count: (step: string, options?: PastOptions) => AggregateTerm;
} = {
  sum: aggregate('sum'),
  avg: aggregate('avg'),
  min: aggregate('min'),
  max: aggregate('max'),
  first: aggregate('first'),
  last: aggregate('last'),
  count: (step, options) => ({ agg: 'count', of: step, ...options }),
};

function aggregate(agg: AggregateName): OfField {
  return (step, field, options) => ({ agg, of: step, field, ...options });
}
