import { isField, isLiteral } from '../model/evaluate.ts';
import type { Comparison, Literal, Predicate, Term } from '../model/predicate.ts';

/**
 * A one-event predicate in the one form that all equal ones share: nested `and` and `or` are flat, without repetitions, double
 * negations are gone, and a literal stands on the right. `key` names a leaf: equal leaves, equal keys.
 */
export type CanonicalPredicate =
  | { readonly kind: 'true'; readonly key: string }
  | { readonly kind: 'isType'; readonly key: string; readonly type: string }
  | {
      readonly kind: 'compare';
      readonly key: string;
      readonly field: string;
      readonly op: Comparison;
      readonly literal: Literal;
    }
  | {
      readonly kind: 'compareFields';
      readonly key: string;
      readonly left: string;
      readonly op: Comparison;
      readonly right: string;
    }
  | { readonly kind: 'call'; readonly call: (event: never) => unknown }
  | { readonly kind: 'and' | 'or' | 'not'; readonly operands: readonly CanonicalPredicate[] };

const TRUE: CanonicalPredicate = { kind: 'true', key: 'true' };
const FALSE: CanonicalPredicate = { kind: 'not', operands: [TRUE] };

/** @throws TypeError when the predicate looks at earlier events: it has no answer for an event alone. */
export function canonical(predicate: Predicate): CanonicalPredicate {
  if ('true' in predicate) return TRUE;
  if ('and' in predicate) return joined('and', predicate.and.map(canonical));
  if ('or' in predicate) return joined('or', predicate.or.map(canonical));
  if ('not' in predicate) return negated(canonical(predicate.not));
  if ('isType' in predicate) return { kind: 'isType', key: `is ${quoted(predicate.isType)}`, type: predicate.isType };
  if ('call' in predicate) return { kind: 'call', call: predicate.call };
  if ('cmp' in predicate) return comparison(predicate.cmp);
  throw new TypeError('a predicate over earlier events has no answer for one event alone');
}

function joined(kind: 'and' | 'or', parts: readonly CanonicalPredicate[]): CanonicalPredicate {
  const flat = parts.flatMap((part) => (part.kind === kind ? part.operands : [part]));
  const [neutral, absorbing] = kind === 'and' ? [TRUE, FALSE] : [FALSE, TRUE];
  if (flat.includes(absorbing)) return absorbing;
  const operands = distinct(flat.filter((part) => part !== neutral));
  const [only] = operands;
  if (only === undefined) return neutral;
  return operands.length === 1 ? only : { kind, operands };
}

function negated(predicate: CanonicalPredicate): CanonicalPredicate {
  const inner = predicate.kind === 'not' ? predicate.operands[0] : undefined;
  if (predicate === TRUE) return FALSE;
  return inner ?? { kind: 'not', operands: [predicate] };
}

/** Leaves once each; what has operands stays as it is. */
function distinct(parts: readonly CanonicalPredicate[]): CanonicalPredicate[] {
  const seen = new Set<unknown>();
  return parts.filter((part) => {
    const identity = part.kind === 'call' ? part.call : 'key' in part ? part.key : part;
    return !seen.has(identity) && seen.add(identity);
  });
}

function comparison([left, op, right]: readonly [Term, Comparison, Term]): CanonicalPredicate {
  if (isField(left) && isField(right)) {
    const key = `${quoted(left.field)} ${op} field ${quoted(right.field)}`;
    return { kind: 'compareFields', key, left: left.field, op, right: right.field };
  }
  if (isField(left) && isLiteral(right)) return compared(left.field, op, right);
  if (isLiteral(left) && isField(right)) {
    const swapped = SWAPPED[op];
    if (swapped !== undefined) return compared(right.field, swapped, left);
  }
  throw new TypeError('a comparison of one event has a field on the left and a field or a literal on the right');
}

const SWAPPED: Readonly<Partial<Record<Comparison, Comparison>>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

function compared(field: string, op: Comparison, literal: Literal): CanonicalPredicate {
  return { kind: 'compare', key: `${quoted(field)} ${op} ${quoted(literal)}`, field, op, literal };
}

const quoted = (value: Literal): string => JSON.stringify(value);
