import type { EventTest, Predicate, SeenTest } from '../model/predicate.ts';
import { FieldTest } from './fields.ts';

/** A condition in any of its forms, types forgotten. */
export type Written<E> = FieldTest | Predicate<E> | EventTest<E> | SeenTest<E>;

/** A function of two parameters wants to see the match so far; one of one parameter is asked once per event. */
export function predicateOf<E>(condition: Written<E>): Predicate<E> {
  if (condition instanceof FieldTest) return condition.predicate;
  if (!isFunction(condition)) return condition;
  return isEventTest(condition) ? { call: condition } : { callWithSeen: condition };
}

function isFunction<E>(condition: Predicate<E> | EventTest<E> | SeenTest<E>): condition is EventTest<E> | SeenTest<E> {
  return typeof condition === 'function';
}

function isEventTest<E>(condition: EventTest<E> | SeenTest<E>): condition is EventTest<E> {
  return condition.length < 2;
}
