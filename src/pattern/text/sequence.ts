/**
 * What stands in PATTERN (...):
 *
 *     alternatives = sequence { "|" sequence }
 *     sequence     = element { [ "->" | "->>" | "!->" | "!" ] element }
 *     element      = ( name | "(" alternatives ")" | PERMUTE "(" names ")" ) [ loop ] [ GAP duration ]
 *     names        = name { ( "," | "->" | "->>" ) name }
 *     loop         = quantifier [ "?" ] [ ":" contiguity ] [ OPTIONAL ] [ UNTIL "(" condition ")" ]
 *     quantifier   = "*" | "+" | "?" | "{" [n] [ "," [m] ] "}"
 *
 * GAP is the longest time since the event before; of a loop, between its events.
 */

import type { Link, Quantifier, SingleStep, Step } from '../model/pattern.ts';
import type { Predicate } from '../model/predicate.ts';
import { readCondition } from './condition.ts';
import type { Cursor } from './cursor.ts';
import { readDuration } from './duration.ts';

export type Definitions = ReadonlyMap<string, Predicate>;

export interface ReadSteps {
  /** Without their conditions: DEFINE stands after them. */
  readonly steps: readonly Step[];
  /** Where the name of each single step stands, in order. */
  readonly places: readonly string[];
}

export function readSequence(cursor: Cursor): ReadSteps {
  const places: string[] = [];
  cursor.expects('(');
  const steps = cursor.nested(() => readAlternatives(cursor, null, places));
  cursor.expects(')');
  return { steps, places };
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

function readAlternatives(cursor: Cursor, link: Link | null, places: string[]): readonly Step[] {
  const branches = [readElements(cursor, places)];
  while (cursor.accepts('|')) branches.push(readElements(cursor, places));
  const [only] = branches;
  return branches.length === 1 && only !== undefined ? only : [{ link, anyOf: branches }];
}

function readElements(cursor: Cursor, places: string[]): Step[] {
  const steps: Step[] = [readElement(cursor, null, places)];
  while (!cursor.sees(')') && !cursor.sees('|')) {
    steps.push(readElement(cursor, readLink(cursor), places));
  }
  return steps;
}

function readLink(cursor: Cursor): Link {
  if (cursor.accepts('->')) return 'followedBy';
  if (cursor.accepts('->>')) return 'followedByAny';
  if (cursor.accepts('!->')) return 'notFollowedBy';
  return cursor.accepts('!') ? 'notNext' : 'next';
}

function readElement(cursor: Cursor, link: Link | null, places: string[]): Step {
  const element = readPrimary(cursor, link, places);
  const quantifier = readQuantifier(cursor, link, 'name' in element);
  const gapMs = cursor.accepts('GAP') ? readDuration(cursor) : undefined;
  const gap = gapMs === undefined ? {} : { gapMs };
  if (quantifier === undefined) return { ...element, ...gap };
  if (quantifier.min === undefined) return { ...element, quantifier, ...gap };
  return { ...element, quantifier: { ...quantifier, ...gap } };
}

function readPrimary(cursor: Cursor, link: Link | null, places: string[]): Step {
  if (cursor.accepts('PERMUTE', '(')) {
    const permute = [readPermuted(cursor, null, places)];
    while (!cursor.accepts(')')) permute.push(readPermuted(cursor, readSeparator(cursor), places));
    return { link, permute };
  }
  if (!cursor.accepts('(')) return { link, name: readName(cursor, 'the name of a step, or (', places) };
  const steps = cursor.nested(() => readAlternatives(cursor, link, places));
  cursor.expects(')');
  const [only] = steps;
  const isChoice = steps.length === 1 && only !== undefined && 'anyOf' in only && only.quantifier === undefined;
  return isChoice ? { ...only, link } : { link, group: steps };
}

function readName(cursor: Cursor, expected: string, places: string[]): string {
  places.push(cursor.place);
  return cursor.takes('word', expected);
}

function readPermuted(cursor: Cursor, link: Link | null, places: string[]): SingleStep {
  const name = readName(cursor, 'the name of a step', places);
  return cursor.accepts('GAP') ? { link, name, gapMs: readDuration(cursor) } : { link, name };
}

function readSeparator(cursor: Cursor): Link {
  if (cursor.accepts(',')) return 'next';
  if (cursor.accepts('->')) return 'followedBy';
  if (cursor.accepts('->>')) return 'followedByAny';
  throw cursor.error(', or -> or ->> or )');
}

/** As in SQL, loops are greedy unless `?` follows; a group has no such choice. */
function readQuantifier(cursor: Cursor, link: Link | null, isSingle: boolean): Quantifier | undefined {
  const range = readRange(cursor);
  if (range === undefined) return undefined;
  if (range.min === undefined) return range;
  const isReluctant = cursor.accepts('?');
  const inner = cursor.accepts(':') ? readContiguity(cursor) : CONTIGUITY[link ?? 'next'];
  const isGreedy = isSingle && !isReluctant && range.max !== range.min;
  const optional = cursor.accepts('OPTIONAL') ? { optional: true } : {};
  const until = cursor.accepts('UNTIL') ? { until: readUntil(cursor) } : {};
  return { ...range, inner, ...(isGreedy ? { greedy: true } : {}), ...optional, ...until };
}

/** About the event that would come next: the loop holds only what came before it. */
function readUntil(cursor: Cursor): Predicate {
  cursor.expects('(');
  const until = readCondition(cursor, undefined);
  cursor.expects(')');
  return until;
}

/** Repetitions follow each other as the step follows the one before, unless it says otherwise. */
export const CONTIGUITY: Readonly<Record<Link, NonNullable<Quantifier['inner']>>> = {
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
