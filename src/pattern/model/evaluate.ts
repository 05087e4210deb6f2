/**
 * Predicates as functions: closures from a few templates, never code from strings. Fields are an event's own properties.
 * What is missing or of another type compares false, with `!=` as the opposite of `==`; nothing here throws but a user's
 * own function.
 */

import type { AggregateTerm, Comparison, Predicate, Seen, Term } from './predicate.ts';

/** Where a predicate finds what earlier events of its partial match add up to. */
export interface SeenValues<E> {
  /** @param event - the event under test, for terms with `plusCurrent` */
  aggregate(term: AggregateTerm, event: E): unknown;
  /** For functions of the user. */
  readonly seen: Seen<E>;
}

export type EventCheck<E> = (event: E) => boolean;
export type SeenCheck<E> = (event: E, values: SeenValues<E>) => boolean;

/** True when the predicate looks at the event alone. */
export function looksAtEventOnly(predicate: Predicate<never>): boolean {
  if ('and' in predicate) return predicate.and.every(looksAtEventOnly);
  if ('or' in predicate) return predicate.or.every(looksAtEventOnly);
  if ('not' in predicate) return looksAtEventOnly(predicate.not);
  if ('cmp' in predicate) return aggregatesIn(predicate).length === 0;
  return !('callWithSeen' in predicate);
}

/** The aggregates that a predicate asks for. */
export function aggregatesIn(predicate: Predicate<never>): AggregateTerm[] {
  if ('and' in predicate) return predicate.and.flatMap(aggregatesIn);
  if ('or' in predicate) return predicate.or.flatMap(aggregatesIn);
  if ('not' in predicate) return aggregatesIn(predicate.not);
  if (!('cmp' in predicate)) return [];
  return [predicate.cmp[0], predicate.cmp[2]].filter(isAggregate);
}

/** @throws TypeError for a predicate that looks at earlier events: see `looksAtEventOnly`. */
export function eventCheck<E>(predicate: Predicate<E>): EventCheck<E> {
  const check = seenCheck(predicate);
  return (event) => check(event, NOTHING_SEEN);
}

export function seenCheck<E>(predicate: Predicate<E>): SeenCheck<E> {
  if ('true' in predicate) return () => true;
  if ('and' in predicate) return allOf(predicate.and.map(seenCheck));
  if ('or' in predicate) return anyOf(predicate.or.map(seenCheck));
  if ('not' in predicate) {
    const inner = seenCheck(predicate.not);
    return (event, values) => !inner(event, values);
  }
  if ('isType' in predicate) {
    const type = predicate.isType;
    return (event) => isOfType(event, type);
  }
  if ('call' in predicate) {
    const call = predicate.call;
    return (event) => Boolean(call(event));
  }
  if ('callWithSeen' in predicate) {
    const call = predicate.callWithSeen;
    return (event, values) => Boolean(call(event, values.seen));
  }
  return comparison(predicate.cmp);
}

const NOTHING_SEEN: SeenValues<never> = {
  aggregate: () => {
    throw new TypeError('this predicate looks at earlier events');
  },
  get seen(): Seen<never> {
    throw new TypeError('this predicate looks at earlier events');
  },
};

function allOf<E>(checks: readonly SeenCheck<E>[]): SeenCheck<E> {
  const [first, second] = checks;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (checks.length === 2) return (event, values) => first(event, values) && second(event, values);
  return (event, values) => {
    for (const check of checks) if (!check(event, values)) return false;
    return true;
  };
}

function anyOf<E>(checks: readonly SeenCheck<E>[]): SeenCheck<E> {
  const [first] = checks;
  if (checks.length === 1 && first !== undefined) return first;
  return (event, values) => {
    for (const check of checks) if (check(event, values)) return true;
    return false;
  };
}

type Reader<E> = (event: E, values: SeenValues<E>) => unknown;

/** The common shape, a field against a literal, has templates of its own. */
function comparison<E>([left, operator, right]: readonly [Term, Comparison, Term]): SeenCheck<E> {
  if (isField(left) && isLiteral(right)) {
    const { field } = left;
    if (operator === '==') return (event) => fieldOf(event, field) === right;
    const holds = COMPARE[operator];
    return (event) => holds(fieldOf(event, field), right);
  }
  const holds = COMPARE[operator];
  const readLeft = reader<E>(left);
  const readRight = reader<E>(right);
  return (event, values) => holds(readLeft(event, values), readRight(event, values));
}

function reader<E>(term: Term): Reader<E> {
  if (isLiteral(term)) return () => term;
  if (isField(term)) {
    const { field } = term;
    return (event) => fieldOf(event, field);
  }
  return (event, values) => values.aggregate(term, event);
}

/** How two values compare, by operator. */
export const COMPARE: Readonly<Record<Comparison, (left: unknown, right: unknown) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => order(left, right) < 0,
  '<=': (left, right) => order(left, right) <= 0,
  '>': (left, right) => order(left, right) > 0,
  '>=': (left, right) => order(left, right) >= 0,
  contains: (left, right) => typeof left === 'string' && typeof right === 'string' && left.includes(right),
  startsWith: (left, right) => typeof left === 'string' && typeof right === 'string' && left.startsWith(right),
};

/** Numbers order with numbers and strings with strings; NaN, of which all comparisons are false, for the rest. */
function order(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left < right ? -1 : left > right ? 1 : left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  return Number.NaN;
}

/** An event's own property; never one that it inherits. */
export function fieldOf(event: unknown, field: string): unknown {
  if (typeof event !== 'object' || event === null || !Object.hasOwn(event, field)) return undefined;
  return (event as Readonly<Record<string, unknown>>)[field];
}

/** By the event's `type`, else by its class and the classes it extends. */
export function isOfType(event: unknown, type: string): boolean {
  if (typeof event !== 'object' || event === null) return false;
  if (fieldOf(event, 'type') === type) return true;
  for (let proto: unknown = Object.getPrototypeOf(event); typeof proto === 'object' && proto !== null;) {
    const { constructor: maker } = proto;
    if (typeof maker === 'function' && maker.name === type && maker !== Object) return true;
    proto = Object.getPrototypeOf(proto);
  }
  return false;
}

export function isLiteral(term: Term): term is Exclude<Term, object> | null {
  return typeof term !== 'object' || term === null;
}

export function isField(term: Term): term is { readonly field: string } {
  return !isLiteral(term) && !('agg' in term);
}

export function isAggregate(term: Term): term is AggregateTerm {
  return !isLiteral(term) && 'agg' in term;
}
