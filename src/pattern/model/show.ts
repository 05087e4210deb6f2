import { isField, isLiteral } from './evaluate.ts';
import type { Predicate, Term } from './predicate.ts';

/** A predicate as a person would write it. */
export function shownPredicate(predicate: Predicate<never>): string {
  if ('true' in predicate) return 'any event';
  if ('and' in predicate) return predicate.and.map(operand).join(' and ');
  if ('or' in predicate) return predicate.or.map(operand).join(' or ');
  if ('not' in predicate) return `not ${operand(predicate.not)}`;
  if ('isType' in predicate) return `is a ${predicate.isType}`;
  if ('call' in predicate) return `${nameOf(predicate.call)}(event)`;
  if ('callWithSeen' in predicate) return `${nameOf(predicate.callWithSeen)}(event, seen)`;
  const [left, operator, right] = predicate.cmp;
  return `${shownTerm(left)} ${operator} ${shownTerm(right)}`;
}

function operand(predicate: Predicate<never>): string {
  const text = shownPredicate(predicate);
  return 'and' in predicate || 'or' in predicate ? `(${text})` : text;
}

function shownTerm(term: Term): string {
  if (isLiteral(term)) return JSON.stringify(term);
  if (isField(term)) return term.field;
  const { agg, of, field, plusCurrent } = term;
  const inner = field === undefined ? of : `${of}.${field}`;
  return `${agg}(${inner}${plusCurrent === true ? ' and this' : ''})`;
}

function nameOf({ name }: { readonly name: string }): string {
  return name === '' ? 'function' : name;
}
