/**
 * What stands in PATTERN (...):
 *
 *     alternatives = sequence { "|" sequence }
 *     sequence     = element { [ "->" | "->>" | "!->" | "!" ] element }
 *     element      = ( name | "(" alternatives ")" | PERMUTE "(" names ")" ) [ quantifier [ "?" ] [ ":" contiguity ] ]
 *     quantifier   = "*" | "+" | "?" | "{" [n] [ "," [m] ] "}"
 */

import type { Link, Quantifier, SingleStep, Step } from '../model/pattern.ts';
import type { Predicate } from '../model/predicate.ts';
import type { Cursor } from './cursor.ts';

export type Definitions = ReadonlyMap<string, Predicate>;

/** The steps without their conditions: DEFINE stands after them. */
export function readSequence(cursor: Cursor): readonly Step[] {
  cursor.expects('(');
  const steps = cursor.nested(() => readAlternatives(cursor, null));
  cursor.expects(')');
  return steps;
}

/** The same steps with their conditions. */
export function defined(steps: readonly Step[], definitions: Definitions): Step[] {
  return steps.map((step): Step => {
    if ('group' in step) return { ...step, group: defined(step.group, definitions) };
    if ('anyOf' in step) return { ...step, anyOf: step.anyOf.map((branch) => defined(branch, definitions)) };
    if ('permute' in step)
      return { ...step, permute: step.permute.map((single) => withCondition(single, definitions)) };
    return withCondition(step, definitions);
  });
}

function withCondition(step: SingleStep, definitions: Definitions): SingleStep {
  const where = definitions.get(step.name);
  return where === undefined ? step : { ...step, where };
}

function readAlternatives(cursor: Cursor, link: Link | null): readonly Step[] {
  const branches = [readElements(cursor)];
  while (cursor.accepts('|')) branches.push(readElements(cursor));
  const [only] = branches;
  return branches.length === 1 && only !== undefined ? only : [{ link, anyOf: branches }];
}

function readElements(cursor: Cursor): Step[] {
  const steps: Step[] = [readElement(cursor, null)];
  while (!cursor.sees(')') && !cursor.sees('|')) {
    steps.push(readElement(cursor, readLink(cursor)));
  }
  return steps;
}

function readLink(cursor: Cursor): Link {
  if (cursor.accepts('->')) return 'followedBy';
  if (cursor.accepts('->>')) return 'followedByAny';
  if (cursor.accepts('!->')) return 'notFollowedBy';
  return cursor.accepts('!') ? 'notNext' : 'next';
}

function readElement(cursor: Cursor, link: Link | null): Step {
  const element = readPrimary(cursor, link);
  const quantifier = readQuantifier(cursor, link, 'name' in element);
  return quantifier === undefined ? element : { ...element, quantifier };
}

function readPrimary(cursor: Cursor, link: Link | null): Step {
  if (cursor.accepts('PERMUTE', '(')) {
    const names = cursor.several(() => cursor.takes('word', 'the name of a step'));
    cursor.expects(')');
    return { link, permute: names.map((name, index) => ({ link: index === 0 ? null : 'next', name })) };
  }
  if (!cursor.accepts('(')) return { link, name: cursor.takes('word', 'the name of a step, or (') };
  const steps = cursor.nested(() => readAlternatives(cursor, link));
  cursor.expects(')');
  const [only] = steps;
  const isChoice = steps.length === 1 && only !== undefined && 'anyOf' in only && only.quantifier === undefined;
  return isChoice ? { ...only, link } : { link, group: steps };
}

/** As in SQL, loops are greedy unless `?` follows; a group has no such choice. */
function readQuantifier(cursor: Cursor, link: Link | null, isSingle: boolean): Quantifier | undefined {
  const range = readRange(cursor);
  if (range === undefined) return undefined;
  if (range.min === undefined) return range;
  const isReluctant = cursor.accepts('?');
  const inner = cursor.accepts(':') ? readContiguity(cursor) : CONTIGUITY[link ?? 'next'];
  const isGreedy = isSingle && !isReluctant && range.max !== range.min;
  return { ...range, inner, ...(isGreedy ? { greedy: true } : {}) };
}

/** Repetitions follow each other as the step follows the one before, unless it says otherwise. */
const CONTIGUITY: Readonly<Record<Link, NonNullable<Quantifier['inner']>>> = {
  next: 'strict',
  followedBy: 'relaxed',
  followedByAny: 'any',
  notNext: 'strict',
  notFollowedBy: 'relaxed',
};

function readContiguity(cursor: Cursor): NonNullable<Quantifier['inner']> {
  if (cursor.accepts('STRICT')) return 'strict';
  if (cursor.accepts('RELAXED')) return 'relaxed';
  cursor.expects('ANY');
  return 'any';
}

function readRange(cursor: Cursor): Quantifier | undefined {
  if (cursor.accepts('?')) return { optional: true };
  if (cursor.accepts('+')) return { min: 1, max: null };
  if (cursor.accepts('*')) return { min: 1, max: null, optional: true };
  if (!cursor.accepts('{')) return undefined;
  const least = cursor.sees(',') ? 0 : cursor.integer();
  let most: number | null = least;
  if (cursor.accepts(',')) most = cursor.sees('}') ? null : cursor.integer();
  cursor.expects('}');
  const min = Math.max(1, least);
  return { min, max: most, ...(least === 0 ? { optional: true } : {}) };
}
