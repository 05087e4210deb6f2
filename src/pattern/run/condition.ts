/**
 * Conditions on edges of the automaton: trees over what is asked of the event alone (answered once per event for all
 * patterns, by number) and what also looks at the partial match.
 */

import type { EventTruth, PredicateTable } from '../matcher.ts';
import { looksAtEventOnly, seenCheck, type SeenCheck, type SeenValues } from '../model/evaluate.ts';
import type { Predicate } from '../model/predicate.ts';

export type Condition<E> =
  | { readonly kind: 'true' }
  /** Looks at the event alone; `id` in the table of predicates. */
  | { readonly kind: 'event'; readonly id: number; readonly predicate: Predicate<E> }
  /** Looks at what the partial match holds. */
  | { readonly kind: 'seen'; readonly check: SeenCheck<E>; readonly predicate: Predicate<E> }
  | { readonly kind: 'not'; readonly of: Condition<E> }
  | { readonly kind: 'and' | 'or'; readonly left: Condition<E>; readonly right: Condition<E> };

export const ALWAYS: { readonly kind: 'true' } = { kind: 'true' };

/** Splits a predicate so that as much of it as possible looks at the event alone. */
export function conditionOf<E>(predicate: Predicate<E>, table: PredicateTable<E>): Condition<E> {
  if ('true' in predicate) return ALWAYS;
  if (looksAtEventOnly(predicate)) return { kind: 'event', id: table.idOf(predicate), predicate };
  if ('and' in predicate) return predicate.and.map((part) => conditionOf(part, table)).reduce(and);
  if ('or' in predicate) return predicate.or.map((part) => conditionOf(part, table)).reduce(or);
  if ('not' in predicate) return not(conditionOf(predicate.not, table));
  return { kind: 'seen', check: seenCheck(predicate), predicate };
}

export function not<E>(of: Condition<E>): Condition<E> {
  return of.kind === 'not' ? of.of : { kind: 'not', of };
}

/** The right side is evaluated only where the left one holds: what looks at the event alone stands first. */
export function and<E>(left: Condition<E>, right: Condition<E>): Condition<E> {
  if (left.kind === 'true') return right;
  if (right.kind === 'true') return left;
  return isLocal(right) && !isLocal(left) ? { kind: 'and', left: right, right: left } : { kind: 'and', left, right };
}

export function or<E>(left: Condition<E>, right: Condition<E>): Condition<E> {
  if (left.kind === 'true' || right.kind === 'true') return ALWAYS;
  return isLocal(right) && !isLocal(left) ? { kind: 'or', left: right, right: left } : { kind: 'or', left, right };
}

/** @param values - of the partial match; unused by a condition that `isLocal` */
export function holds<E>(condition: Condition<E>, event: E, truth: EventTruth, values: SeenValues<E>): boolean {
  switch (condition.kind) {
    case 'true':
      return true;
    case 'event':
      return truth.holds(condition.id);
    case 'seen':
      return condition.check(event, values);
    case 'not':
      return !holds(condition.of, event, truth, values);
    case 'and':
      return holds(condition.left, event, truth, values) && holds(condition.right, event, truth, values);
    case 'or':
      return holds(condition.left, event, truth, values) || holds(condition.right, event, truth, values);
  }
}

/** The same with other numbers of the predicates that look at the event alone. */
export function renumbered<E>(condition: Condition<E>, numberOf: (id: number) => number): Condition<E> {
  switch (condition.kind) {
    case 'true':
    case 'seen':
      return condition;
    case 'event':
      return { ...condition, id: numberOf(condition.id) };
    case 'not':
      return { ...condition, of: renumbered(condition.of, numberOf) };
    case 'and':
    case 'or':
      return {
        ...condition,
        left: renumbered(condition.left, numberOf),
        right: renumbered(condition.right, numberOf),
      };
  }
}

/** True when it looks at the event alone. */
export function isLocal(condition: Condition<never>): boolean {
  return partsOf(condition).every(({ kind }) => kind !== 'seen');
}

/** What is known of a part that asks something; undefined: nothing. */
export type Knowledge<E> = (part: Condition<E>) => boolean | undefined;

/** No event predicate holds. */
export const AT_REST: Knowledge<never> = ({ kind }) => (kind === 'event' ? false : undefined);

/** Its value by what is known of its parts; undefined where that depends on the others. */
export function valueBy<E>(known: Knowledge<E>, condition: Condition<E>): boolean | undefined {
  switch (condition.kind) {
    case 'true':
      return true;
    case 'event':
    case 'seen':
      return known(condition);
    case 'not': {
      const value = valueBy(known, condition.of);
      return value === undefined ? undefined : !value;
    }
    case 'and':
    case 'or': {
      const decides = condition.kind === 'or';
      const left = valueBy(known, condition.left);
      const right = valueBy(known, condition.right);
      if (left === decides || right === decides) return decides;
      return left === undefined || right === undefined ? undefined : !decides;
    }
  }
}

/** What a condition is made of, without `not`, `and`, `or`. */
export function partsOf<E>(condition: Condition<E>): Condition<E>[] {
  switch (condition.kind) {
    case 'true':
    case 'event':
    case 'seen':
      return [condition];
    case 'not':
      return partsOf(condition.of);
    case 'and':
    case 'or':
      return [...partsOf(condition.left), ...partsOf(condition.right)];
  }
}
