/**
 * Conditions of DEFINE and values of MEASURES.
 *
 *     condition  = conjunction { OR conjunction }
 *     conjunction= negation { AND negation }
 *     negation   = [ NOT ] ( "(" condition ")" | TRUE | comparison | THIS IS OF "(" type ")"
 *                        | ( CONTAINS | STARTS_WITH ) "(" value "," value ")" )
 *     comparison = value ( operator value | [NOT] IN "(" literals ")" | [NOT] BETWEEN value AND value
 *                        | [NOT] LIKE 'text%' | IS [NOT] NULL )
 *     value      = literal | field | step "." field
 *                | aggregate "(" [ EARLIER ] step "." ( field | "*" ) [ AND THIS ] ")" | LAST "(" step "." field "," 1 ")"
 *
 * In the condition of a step, its own events include the one under test, as in SQL; LAST(step.field, 1) is the one before.
 * EARLIER leaves the event under test out, AND THIS takes it in.
 */

import type { AggregateName, AggregateTerm, Comparison, Literal, Predicate, Term } from '../model/predicate.ts';
import { PatternError } from '../model/error.ts';
import type { Cursor } from './cursor.ts';
import { hintFor } from './hints.ts';

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
  const { place } = cursor;
  const name = cursor.takes('word', 'a value: a literal, a field, step.field or an aggregate');
  if (cursor.sees('(')) throw unknownFunction(name, place);
  if (!cursor.accepts('.')) return { field: name };
  const field = cursor.takes('word', 'a field');
  return name === own ? { field } : { agg: 'last', of: name, field };
}

function unknownFunction(name: string, place: string): PatternError {
  const hint = hintFor(name);
  const known = [...AGGREGATES, 'contains', 'starts_with'].map((one) => one.toUpperCase()).join(', ');
  return new PatternError(place, hint === undefined ? `one of ${known}` : `one of ${known} (${hint})`, name);
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
  const text = TEXTUAL.find(([word]) => cursor.accepts(word, '('));
  if (text !== undefined) return readTextual(cursor, text[1], own);
  if (cursor.accepts('THIS', 'IS', 'OF', '(')) return readType(cursor);
  const value = readValue(cursor, own);
  if (value === true && !seesOperator(cursor)) return { true: true };
  return readComparison(cursor, value, own);
}

const TEXTUAL = [
  ['CONTAINS', 'contains'],
  ['STARTS_WITH', 'startsWith'],
] as const;

function readTextual(cursor: Cursor, operator: Comparison, own: string | undefined): Predicate {
  const left = readValue(cursor, own);
  cursor.expects(',');
  const right = readValue(cursor, own);
  cursor.expects(')');
  return { cmp: [left, operator, right] };
}

function readType(cursor: Cursor): Predicate {
  const isType = cursor.takes('string', "a type such as 'Trade'");
  cursor.expects(')');
  return { isType };
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
  if (operator === undefined) {
    const isSum = ['+', '-', '*'].some((one) => cursor.sees(one));
    throw cursor.error(`a comparison: = <> < <= > >= IN BETWEEN LIKE IS${isSum ? '; there is no arithmetic' : ''}`);
  }
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
  const { isQuoted } = cursor.token;
  let of = cursor.takes('word', 'the name of a step');
  const isEarlier = !isQuoted && of.toUpperCase() === 'EARLIER' && cursor.token.kind === 'word';
  if (isEarlier) of = cursor.takes('word', 'the name of a step');
  let field: string | undefined;
  if (cursor.accepts('.') && !cursor.accepts('*')) field = cursor.takes('word', 'a field or *');
  if (agg !== 'count' && field === undefined) throw cursor.error(`a field in ${agg.toUpperCase()}(${of}.field)`);
  const isBefore = agg === 'last' && cursor.accepts(',');
  if (isBefore && cursor.integer() !== 1) throw cursor.error('1: the event before');
  const isWithThis = !isBefore && cursor.accepts('AND', 'THIS');
  cursor.expects(')');
  const term: AggregateTerm = { agg, of, ...(field === undefined ? {} : { field }) };
  if (isWithThis) return { ...term, plusCurrent: true };
  if (of !== own || isBefore || isEarlier) return term;
  return agg === 'last' && field !== undefined ? { field } : { ...term, plusCurrent: true };
}

function readLiteral(cursor: Cursor): Literal | undefined {
  const { kind } = cursor.token;
  if (kind === 'number') return cursor.number();
  if (kind === 'string') return cursor.takes('string', 'a string');
  if (cursor.accepts('-')) return -cursor.number();
  if (cursor.accepts('TRUE')) return true;
  if (cursor.accepts('FALSE')) return false;
  return cursor.accepts('NULL') ? null : undefined;
}

function readListed(cursor: Cursor): Literal {
  const literal = readLiteral(cursor);
  if (literal === undefined) throw cursor.error('a literal');
  return literal;
}
