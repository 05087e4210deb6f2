/**
 * Patterns as text: the part of SQL:2016's MATCH_RECOGNIZE that streams need, with `->`, `->>`, `!->` and `!` for what SQL
 * lacks. Parsed by hand into the same model as all other forms; no code in it can run.
 */

import { matchOperator } from '../match/match-collector.ts';
import type { Pattern } from '../builder/pattern.ts';
import { explain } from '../explain.ts';
import type { Bindings } from '../matcher.ts';
import { boundNames, checked } from '../model/check.ts';
import { PatternError } from '../model/error.ts';
import { fieldOf, isField, isLiteral } from '../model/evaluate.ts';
import type { PatternModel, Skip } from '../model/pattern.ts';
import type { AggregateTerm, Predicate, Term } from '../model/predicate.ts';
import { readCondition, readValue } from './condition.ts';
import { Cursor } from './cursor.ts';
import { readDuration } from './duration.ts';
import { stepsBefore } from './places.ts';
import { defined, readSequence } from './sequence.ts';

/** What a match of a text gives: its MEASURES by name; without any, the events of each step. */
export type Measured = Readonly<Record<string, unknown>>;

export interface TextPattern<E> extends Pattern<E, Measured> {
  /** Fields of PARTITION BY: the key. Empty: all events are of one. */
  readonly partitionBy: readonly string[];
  /** Field of ORDER BY: event time. */
  readonly orderBy: string | undefined;
}

/**
 * A pattern from its text form.
 *
 * @param name - for messages and metrics
 * @throws PatternError with line and column, what was expected and what stands there
 * @example
 * patternFromText(`
 *   PARTITION BY user ORDER BY ts
 *   MEASURES LAST(ok.ip) AS ip, COUNT(fail.*) AS tries
 *   AFTER MATCH SKIP PAST LAST ROW
 *   PATTERN (fail{3,10} ok) WITHIN INTERVAL '5' MINUTE
 *   DEFINE fail AS success = FALSE, ok AS success = TRUE AND ip = FIRST(fail.ip)`)
 */
export function patternFromText<E = unknown>(text: string, name = 'pattern'): TextPattern<E> {
  const cursor = new Cursor(text);
  const isWrapped = cursor.accepts('MATCH_RECOGNIZE', '(');
  const partitionBy = cursor.accepts('PARTITION', 'BY') ? cursor.several(() => readField(cursor)) : [];
  const orderBy = cursor.accepts('ORDER', 'BY') ? readField(cursor) : undefined;
  const measures = cursor.accepts('MEASURES') ? cursor.several(() => readMeasure(cursor)) : [];
  if (cursor.accepts('ONE', 'ROW')) cursor.expects('PER', 'MATCH');
  const skip = readSkip(cursor);
  cursor.expects('PATTERN');
  const { steps, places } = readSequence(cursor);
  const within = readWithin(cursor);
  const definitions = cursor.accepts('DEFINE')
    ? readDefinitions(cursor, allNames(steps))
    : new Map<string, Predicate>();
  if (isWrapped) cursor.expects(')');
  cursor.accepts(';');
  if (cursor.token.kind !== 'end') throw cursor.error('the end');
  const model = placed(places, { steps: defined(steps, definitions), ...within, skip }, checked<E>);
  checkMeasures(measures, model);
  return {
    name,
    model,
    partitionBy,
    orderBy,
    typed: (bindings) => bindings,
    explain: () => explain(model),
    operator: matchOperator,
    project: (bindings) => (measures.length === 0 ? { ...bindings } : measured(measures, bindings)),
  };
}

/** What is wrong with a step is said where its name stands. */
function placed<E>(
  places: readonly string[],
  model: PatternModel<E>,
  check: (model: PatternModel<E>) => PatternModel<E>,
): PatternModel<E> {
  try {
    return check(model);
  } catch (error) {
    if (!(error instanceof PatternError) || !error.path.startsWith('steps[')) throw error;
    const place = places[stepsBefore(model.steps, error.path) ?? 0];
    throw place === undefined ? error : new PatternError(place, error.expected, undefined, error.received);
  }
}

interface Measure {
  readonly name: string;
  readonly value: Term;
  readonly place: string;
}

function readField(cursor: Cursor): string {
  return cursor.takes('word', 'a field');
}

function readMeasure(cursor: Cursor): Measure {
  const { place } = cursor;
  const value = readValue(cursor, undefined);
  cursor.expects('AS');
  return { name: cursor.takes('word', 'a name for the measure'), value, place };
}

/** As in SQL, a match is skipped as a whole unless the text says otherwise. */
function readSkip(cursor: Cursor): Skip {
  if (!cursor.accepts('AFTER', 'MATCH')) return { strategy: 'pastLast' };
  if (cursor.accepts('NO', 'SKIP')) return { strategy: 'noSkip' };
  cursor.expects('SKIP');
  if (cursor.accepts('PAST')) {
    cursor.expects('LAST', 'ROW');
    return { strategy: 'pastLast' };
  }
  cursor.expects('TO');
  if (cursor.accepts('NEXT')) {
    cursor.expects('ROW');
    return { strategy: 'toNext' };
  }
  const strategy = cursor.accepts('FIRST') ? 'toFirst' : 'toLast';
  cursor.accepts('LAST');
  const ref = cursor.takes('word', 'the name of a step');
  return cursor.accepts('OR', 'ERROR') ? { strategy, ref, errorOnMiss: true } : { strategy, ref };
}

function readWithin(cursor: Cursor): Pick<PatternModel, 'within'> {
  return cursor.accepts('WITHIN') ? { within: { ms: readDuration(cursor), scope: 'firstToLast' } } : {};
}

/** A definition of no step is a misspelt name. */
function readDefinitions(cursor: Cursor, names: readonly string[]): Map<string, Predicate> {
  const definitions = new Map<string, Predicate>();
  cursor.several(() => {
    const { place } = cursor;
    const name = cursor.takes('word', 'the name of a step');
    if (!names.includes(name)) throw new PatternError(place, `a step of the pattern: ${names.join(', ')}`, name);
    if (definitions.has(name)) throw new PatternError(place, 'one definition per step', name);
    cursor.expects('AS');
    definitions.set(name, readCondition(cursor, name));
  });
  return definitions;
}

function allNames(steps: PatternModel['steps']): string[] {
  return steps.flatMap((step) => {
    if ('group' in step) return allNames(step.group);
    if ('anyOf' in step) return step.anyOf.flatMap(allNames);
    return 'permute' in step ? allNames(step.permute) : [step.name];
  });
}

function checkMeasures(measures: readonly Measure[], { steps }: PatternModel<never>): void {
  const names = boundNames(steps);
  for (const { value, place } of measures) {
    if (isField(value)) throw new PatternError(place, 'step.field or an aggregate', value.field);
    if (!isLiteral(value) && !names.includes(value.of)) {
      throw new PatternError(place, `a step that binds: ${names.join(', ')}`, value.of);
    }
  }
}

function measured(measures: readonly Measure[], bindings: Bindings<unknown>): Measured {
  return Object.fromEntries(measures.map(({ name, value }) => [name, valueOf(value, bindings)]));
}

function valueOf(term: Term, bindings: Bindings<unknown>): unknown {
  if (isLiteral(term)) return term;
  return isField(term) ? undefined : aggregateOf(term, bindings[term.of] ?? []);
}

/** Of no events: 0 for a count and a sum, else undefined. */
function aggregateOf({ agg, field = '' }: AggregateTerm, events: readonly unknown[]): unknown {
  if (agg === 'count') return events.length;
  if (agg === 'first') return fieldOf(events[0], field);
  if (agg === 'last') return fieldOf(events.at(-1), field);
  const numbers = events.map((event) => fieldOf(event, field)).filter((value) => typeof value === 'number');
  const sum = numbers.reduce((total, value) => total + value, 0);
  if (agg === 'sum') return sum;
  if (numbers.length === 0) return undefined;
  if (agg === 'avg') return sum / numbers.length;
  return numbers.reduce((best, value) => (agg === 'min' ? Math.min(best, value) : Math.max(best, value)));
}
