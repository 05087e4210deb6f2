/** Patterns and predicates from JSON: plain data of unknown origin in, a checked model out. No code in it can run. */

import { checked, MAX_DEPTH } from './model/check.ts';
import { PatternError } from './model/error.ts';
import type { Link, PatternModel, Quantifier, SingleStep, Skip, Step } from './model/pattern.ts';
import type { AggregateName, AggregateTerm, Comparison, Predicate, Term } from './model/predicate.ts';

/** Predicates nest at most so deep. */
const MAX_PREDICATE_DEPTH = 64;

/**
 * A pattern from its JSON form: the shape of `PatternModel` without functions.
 *
 * @param json - parsed JSON
 * @throws PatternError naming the path, what was expected and what was received; unknown keys are errors
 */
export function patternFromJson<E = unknown>(json: unknown): PatternModel<E> {
  const { steps, within, skip, only, limit } = fields(json, 'pattern', ['steps', 'within', 'skip', 'only', 'limit']);
  return checked<E>({
    steps: list(steps, 'steps', (step, path) => stepFrom<E>(step, path, 1)),
    ...optional('within', within, withinFrom),
    ...optional('skip', skip, skipFrom),
    ...optional('only', only, (value) => oneOf(value, ['first', 'last', 'longest', 'count'] as const, 'only')),
    ...optional('limit', limit, (value) => number(value, 'limit')),
  });
}

/** A predicate from its JSON form. */
export function predicateFromJson(json: unknown, path = 'predicate'): Predicate {
  return predicateFrom(json, path, 1);
}

function stepFrom<E>(json: unknown, path: string, depth: number): Step<E> {
  if (depth > MAX_DEPTH) throw new PatternError(path, `groups at most ${MAX_DEPTH} deep`, depth);
  const keys = ['link', 'name', 'where', 'group', 'anyOf', 'permute', 'quantifier', 'gapMs'];
  const step = fields(json, path, keys);
  const base = {
    link: step.link === null || step.link === undefined ? null : oneOf(step.link, LINKS, `${path}.link`),
    ...optional('quantifier', step.quantifier, (value) => quantifierFrom<E>(value, `${path}.quantifier`)),
    ...optional('gapMs', step.gapMs, (value) => number(value, `${path}.gapMs`)),
  };
  const kinds = ['name', 'group', 'anyOf', 'permute'].filter((key) => step[key] !== undefined);
  if (kinds.length !== 1) throw new PatternError(path, 'one of name, group, anyOf, permute', kinds.join(' and '));
  const inner = (value: unknown, at: string): Step<E> => stepFrom<E>(value, at, depth + 1);
  if (step.group !== undefined) return { ...base, group: list(step.group, `${path}.group`, inner) };
  if (step.anyOf !== undefined) {
    return { ...base, anyOf: list(step.anyOf, `${path}.anyOf`, (branch, at) => list(branch, at, inner)) };
  }
  if (step.permute !== undefined) {
    return { ...base, permute: list(step.permute, `${path}.permute`, (value, at) => single(inner(value, at), at)) };
  }
  return {
    ...base,
    name: string(step.name, `${path}.name`),
    ...optional('where', step.where, (value) => predicateFrom(value, `${path}.where`, 1)),
  };
}

function single<E>(step: Step<E>, path: string): SingleStep<E> {
  if ('name' in step) return step;
  throw new PatternError(path, 'a single step', step);
}

const LINKS: readonly Link[] = ['next', 'followedBy', 'followedByAny', 'notNext', 'notFollowedBy'];

function quantifierFrom<E>(json: unknown, path: string): Quantifier<E> {
  const keys = ['min', 'max', 'inner', 'gapMs', 'optional', 'greedy', 'until'];
  const { min, max, inner, gapMs, optional: isOptional, greedy, until } = fields(json, path, keys);
  return {
    ...optional('min', min, (value) => number(value, `${path}.min`)),
    ...optional('max', max, (value) => (value === null ? null : number(value, `${path}.max`))),
    ...optional('inner', inner, (value) => oneOf(value, ['strict', 'relaxed', 'any'] as const, `${path}.inner`)),
    ...optional('gapMs', gapMs, (value) => number(value, `${path}.gapMs`)),
    ...optional('optional', isOptional, (value) => boolean(value, `${path}.optional`)),
    ...optional('greedy', greedy, (value) => boolean(value, `${path}.greedy`)),
    ...optional('until', until, (value) => predicateFrom(value, `${path}.until`, 1)),
  };
}

function withinFrom(json: unknown): NonNullable<PatternModel['within']> {
  const { ms, scope } = fields(json, 'within', ['ms', 'scope']);
  return { ms: number(ms, 'within.ms'), scope: oneOf(scope ?? 'firstToLast', ['firstToLast'], 'within.scope') };
}

function skipFrom(json: unknown): Skip {
  const { strategy, ref, errorOnMiss } = fields(json, 'skip', ['strategy', 'ref', 'errorOnMiss']);
  return {
    strategy: oneOf(strategy, ['noSkip', 'toNext', 'pastLast', 'toFirst', 'toLast'] as const, 'skip.strategy'),
    ...optional('ref', ref, (value) => string(value, 'skip.ref')),
    ...optional('errorOnMiss', errorOnMiss, (value) => boolean(value, 'skip.errorOnMiss')),
  };
}

function predicateFrom(json: unknown, path: string, depth: number): Predicate {
  if (depth > MAX_PREDICATE_DEPTH) throw new PatternError(path, `at most ${MAX_PREDICATE_DEPTH} deep`, depth);
  const value = fields(json, path, ['and', 'or', 'not', 'true', 'isType', 'cmp']);
  const [kind, ...others] = Object.keys(value);
  if (kind === undefined || others.length > 0) {
    throw new PatternError(path, 'one of and, or, not, true, isType, cmp', json);
  }
  const inner = (one: unknown, at: string): Predicate => predicateFrom(one, at, depth + 1);
  if (kind === 'and') return { and: several(value.and, `${path}.and`, inner) };
  if (kind === 'or') return { or: several(value.or, `${path}.or`, inner) };
  if (kind === 'not') return { not: inner(value.not, `${path}.not`) };
  if (kind === 'isType') return { isType: string(value.isType, `${path}.isType`) };
  if (kind === 'cmp') return { cmp: comparisonFrom(value.cmp, `${path}.cmp`) };
  if (value.true !== true) throw new PatternError(`${path}.true`, 'true', value.true);
  return { true: true };
}

function several<T>(json: unknown, path: string, read: (one: unknown, path: string) => T): T[] {
  const read_ = list(json, path, read);
  if (read_.length === 0) throw new PatternError(path, 'one or more', json);
  return read_;
}

const OPERATORS: readonly Comparison[] = ['==', '!=', '<', '<=', '>', '>=', 'contains', 'startsWith'];

function comparisonFrom(json: unknown, path: string): readonly [Term, Comparison, Term] {
  if (!Array.isArray(json) || json.length !== 3) throw new PatternError(path, '[term, operator, term]', json);
  const [left, operator, right] = json as readonly unknown[];
  return [termFrom(left, `${path}[0]`), oneOf(operator, OPERATORS, `${path}[1]`), termFrom(right, `${path}[2]`)];
}

const AGGREGATES: readonly AggregateName[] = ['sum', 'count', 'first', 'last', 'min', 'max', 'avg'];

function termFrom(json: unknown, path: string): Term {
  if (json === null || typeof json === 'string' || typeof json === 'boolean') return json;
  if (typeof json === 'number') return number(json, path);
  const value = fields(json, path, ['field', 'agg', 'of', 'plusCurrent']);
  if (value.agg === undefined) return { field: string(value.field, `${path}.field`) };
  const term: AggregateTerm = {
    agg: oneOf(value.agg, AGGREGATES, `${path}.agg`),
    of: string(value.of, `${path}.of`),
    ...optional('field', value.field, (field) => string(field, `${path}.field`)),
    ...optional('plusCurrent', value.plusCurrent, (flag) => boolean(flag, `${path}.plusCurrent`)),
  };
  return term;
}

/** The object's own fields; any other key is a mistake. */
function fields(json: unknown, path: string, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new PatternError(path, 'an object', json);
  for (const key of Object.keys(json)) {
    if (!known.includes(key)) throw new PatternError(`${path}.${key}`, `one of ${known.join(', ')}`, key);
  }
  return { ...json };
}

function optional<K extends string, T>(key: K, value: unknown, read: (value: unknown) => T): { readonly [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: read(value) } as { readonly [P in K]?: T });
}

function list<T>(json: unknown, path: string, read: (one: unknown, path: string) => T): T[] {
  if (!Array.isArray(json)) throw new PatternError(path, 'an array', json);
  return json.map((one, index) => read(one, `${path}[${index}]`));
}

function oneOf<T extends string>(json: unknown, values: readonly T[], path: string): T {
  const value = values.find((one) => one === json);
  if (value === undefined) throw new PatternError(path, `one of ${values.join(', ')}`, json);
  return value;
}

function string(json: unknown, path: string): string {
  if (typeof json !== 'string') throw new PatternError(path, 'a string', json);
  return json;
}

function number(json: unknown, path: string): number {
  if (typeof json !== 'number' || !Number.isFinite(json)) throw new PatternError(path, 'a finite number', json);
  return json;
}

function boolean(json: unknown, path: string): boolean {
  if (typeof json !== 'boolean') throw new PatternError(path, 'true or false', json);
  return json;
}
