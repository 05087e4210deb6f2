/**
 * Conditions of DEFINE and values of MEASURES.
 *
 *     condition  = conjunction { OR conjunction }
 *     conjunction= negation { AND negation }
 *     negation   = [ NOT ] ( "(" condition ")" | TRUE | comparison )
 *     comparison = value ( operator value | [NOT] IN "(" literals ")" | [NOT] BETWEEN value AND value
 *                        | [NOT] LIKE 'text%' | IS [NOT] NULL )
 *     value      = literal | field | step "." field | aggregate "(" step "." ( field | "*" ) [ "," 1 ] ")"
 *
 * In the condition of a step, its own events include the one under test, as in SQL; LAST(step.field, 1) is the one before.
 */

import type { AggregateName, AggregateTerm, Comparison, Literal, Predicate, Term } from '../model/predicate.ts';
import { PatternError } from '../model/error.ts';
import type { Cursor } from './cursor.ts';

/** @param own - the step that is being defined; undefined in MEASURES */
export function readCondition(cursor: Cursor, own: string | undefined): Predicate {
  return cursor.nested(() => {
    const parts = [readConjunction(cursor, own)];
    while (cursor.accepts('OR')) parts.push(readConjunction(cursor, own));
    return joined('or', parts);
  });
}

export function readValue(cursor: Cursor, own: string | undefined): Term {
  const literal = readLiteral(cursor);
  if (literal !== undefined) return literal;
  const aggregate = AGGREGATES.find((name) => cursor.accepts(name.toUpperCase(), '('));
  if (aggregate !== undefined) return readAggregate(cursor, aggregate, own);
  const name = cursor.takes('word', 'a value: a literal, a field, step.field or an aggregate');
  if (!cursor.accepts('.')) return { field: name };
  const field = cursor.takes('word', 'a field');
  return name === own ? { field } : { agg: 'last', of: name, field };
}

function readConjunction(cursor: Cursor, own: string | undefined): Predicate {
  const parts = [readNegation(cursor, own)];
  while (cursor.accepts('AND')) parts.push(readNegation(cursor, own));
  return joined('and', parts);
}

function joined(how: 'and' | 'or', parts: readonly Predicate[]): Predicate {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return how === 'and' ? { and: parts } : { or: parts };
}

function readNegation(cursor: Cursor, own: string | undefined): Predicate {
  if (cursor.accepts('NOT')) return { not: cursor.nested(() => readNegation(cursor, own)) };
  if (cursor.accepts('(')) {
    const condition = readCondition(cursor, own);
    cursor.expects(')');
    return condition;
  }
  const value = readValue(cursor, own);
  if (value === true && !seesOperator(cursor)) return { true: true };
  return readComparison(cursor, value, own);
}

const OPERATORS: Readonly<Record<string, Comparison>> = {
  '=': '==',
  '<>': '!=',
  '!=': '!=',
  '<=': '<=',
  '>=': '>=',
  '<': '<',
  '>': '>',
};

function seesOperator(cursor: Cursor): boolean {
  return [...Object.keys(OPERATORS), 'NOT', 'IN', 'BETWEEN', 'LIKE', 'IS'].some((sign) => cursor.sees(sign));
}

function readComparison(cursor: Cursor, left: Term, own: string | undefined): Predicate {
  if (cursor.accepts('NOT')) return { not: readComparison(cursor, left, own) };
  if (cursor.accepts('IN', '(')) {
    const values = cursor.several(() => readListed(cursor));
    cursor.expects(')');
    return joined(
      'or',
      values.map((value) => ({ cmp: [left, '==', value] })),
    );
  }
  if (cursor.accepts('BETWEEN')) {
    const low = readValue(cursor, own);
    cursor.expects('AND');
    return { and: [{ cmp: [left, '>=', low] }, { cmp: [left, '<=', readValue(cursor, own)] }] };
  }
  if (cursor.accepts('LIKE')) return readLike(cursor, left);
  if (cursor.accepts('IS')) return readNull(cursor, left);
  const sign = Object.keys(OPERATORS).find((one) => cursor.accepts(one));
  const operator = sign === undefined ? undefined : OPERATORS[sign];
  if (operator === undefined) throw cursor.error('a comparison: = <> < <= > >= IN BETWEEN LIKE IS');
  return { cmp: [left, operator, readValue(cursor, own)] };
}

/** Only what an index can answer: an equality, a beginning, a part. */
function readLike(cursor: Cursor, left: Term): Predicate {
  const { place } = cursor;
  const text = cursor.takes('string', "a text such as 'abc%' or '%abc%'");
  const isPart = text.startsWith('%') && text.endsWith('%') && text.length > 1;
  const core = isPart ? text.slice(1, -1) : text.endsWith('%') ? text.slice(0, -1) : text;
  if (/[%_]/.test(core)) throw new PatternError(place, '% at the end or at both ends, and no _', text);
  if (isPart) return { cmp: [left, 'contains', core] };
  return { cmp: [left, core === text ? '==' : 'startsWith', core] };
}

/** An aggregate over no events is null; a field is null where it is null. */
function readNull(cursor: Cursor, left: Term): Predicate {
  const isNot = cursor.accepts('NOT');
  cursor.expects('NULL');
  const isNull: Predicate =
    typeof left === 'object' && left !== null && 'agg' in left
      ? { cmp: [{ agg: 'count', of: left.of }, '==', 0] }
      : { cmp: [left, '==', null] };
  return isNot ? { not: isNull } : isNull;
}

const AGGREGATES: readonly AggregateName[] = ['sum', 'count', 'first', 'last', 'min', 'max', 'avg'];

function readAggregate(cursor: Cursor, agg: AggregateName, own: string | undefined): Term {
  const of = cursor.takes('word', 'the name of a step');
  let field: string | undefined;
  if (cursor.accepts('.') && !cursor.accepts('*')) field = cursor.takes('word', 'a field or *');
  if (agg !== 'count' && field === undefined) throw cursor.error(`a field in ${agg.toUpperCase()}(${of}.field)`);
  const isBefore = agg === 'last' && cursor.accepts(',');
  if (isBefore && cursor.integer() !== 1) throw cursor.error('1: the event before');
  cursor.expects(')');
  if (of === own && agg === 'last' && !isBefore && field !== undefined) return { field };
  const term: AggregateTerm = { agg, of, ...(field === undefined ? {} : { field }) };
  return of === own && !isBefore ? { ...term, plusCurrent: true } : term;
}

function readLiteral(cursor: Cursor): Literal | undefined {
  const { kind } = cursor.token;
  if (kind === 'number') return Number(cursor.takes('number', 'a number'));
  if (kind === 'string') return cursor.takes('string', 'a string');
  if (cursor.accepts('-')) return -Number(cursor.takes('number', 'a number'));
  if (cursor.accepts('TRUE')) return true;
  if (cursor.accepts('FALSE')) return false;
  return cursor.accepts('NULL') ? null : undefined;
}

function readListed(cursor: Cursor): Literal {
  const literal = readLiteral(cursor);
  if (literal === undefined) throw cursor.error('a literal');
  return literal;
}
