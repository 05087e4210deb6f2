/** Patterns back to text: what `patternFromText` reads, it reads as the same model. */

import { PatternError } from '../model/error.ts';
import { isField, isLiteral } from '../model/evaluate.ts';
import { isOptional } from '../model/check.ts';
import type { Link, PatternModel, Quantifier, SingleStep, Skip, Step } from '../model/pattern.ts';
import type { AggregateTerm, Predicate, Term } from '../model/predicate.ts';
import { CONTIGUITY } from './sequence.ts';

/**
 * The text form of a pattern whose conditions are data.
 *
 * @throws PatternError for a condition that is a function
 */
export function patternToText({ steps, within, skip }: PatternModel<never>): string {
  const pattern = `PATTERN (${sequence(steps)})${within === undefined ? '' : ` WITHIN ${within.ms}`}`;
  const definitions = singles(steps).flatMap(({ name, where }) =>
    where === undefined ? [] : [`${quoted(name)} AS ${condition(where, name)}`],
  );
  const define = definitions.length === 0 ? [] : [`DEFINE ${definitions.join(',\n  ')}`];
  return [`AFTER MATCH ${skipping(skip)}`, pattern, ...define].join('\n');
}

function singles(steps: readonly Step<never>[]): readonly SingleStep<never>[] {
  return steps.flatMap((step) => {
    if ('group' in step) return singles(step.group);
    if ('anyOf' in step) return step.anyOf.flatMap(singles);
    return 'permute' in step ? step.permute : [step];
  });
}

function skipping({ strategy, ref = '', errorOnMiss = false }: Skip = { strategy: 'noSkip' }): string {
  const target = `${quoted(ref)}${errorOnMiss ? ' OR ERROR' : ''}`;
  switch (strategy) {
    case 'noSkip':
      return 'NO SKIP';
    case 'toNext':
      return 'SKIP TO NEXT ROW';
    case 'pastLast':
      return 'SKIP PAST LAST ROW';
    case 'toFirst':
      return `SKIP TO FIRST ${target}`;
    case 'toLast':
      return `SKIP TO LAST ${target}`;
  }
}

const LINKS: Readonly<Record<Link, string>> = {
  next: '',
  followedBy: '-> ',
  followedByAny: '->> ',
  notNext: '!',
  notFollowedBy: '!-> ',
};

function sequence(steps: readonly Step<never>[]): string {
  return steps.map((step) => `${step.link === null ? '' : LINKS[step.link]}${element(step)}`).join(' ');
}

function element(step: Step<never>): string {
  const { gapMs, quantifier = {}, link } = step;
  const gap = quantifier.gapMs ?? gapMs;
  return `${body(step)}${loop(quantifier, link, 'name' in step)}${gapped(gap)}`;
}

function body(step: Step<never>): string {
  if ('group' in step) return `(${sequence(step.group)})`;
  if ('anyOf' in step) return `(${step.anyOf.map(sequence).join(' | ')})`;
  return 'permute' in step ? `PERMUTE(${step.permute.map(permuted).join('')})` : quoted(step.name);
}

function permuted({ link, name, gapMs }: SingleStep<never>): string {
  const separator = link === null ? '' : link === 'next' ? ', ' : ` ${LINKS[link]}`;
  return `${separator}${quoted(name)}${gapped(gapMs)}`;
}

const gapped = (ms: number | undefined): string => (ms === undefined ? '' : ` GAP ${ms}`);

function loop(quantifier: Quantifier<never>, link: Link | null, isSingle: boolean): string {
  const { min = 1, max = Math.max(1, min), inner = 'relaxed', greedy = false, until } = quantifier;
  if (quantifier.min === undefined && quantifier.max === undefined) return isOptional(quantifier) ? '?' : '';
  const isShort = isOptional(quantifier) && min <= 1;
  const range = `{${isShort ? 0 : min}${max === min && !isShort ? '' : `,${max ?? ''}`}}`;
  const reluctant = isSingle && !greedy && max !== Math.max(1, min) ? '?' : '';
  const contiguity = inner === CONTIGUITY[link ?? 'next'] ? '' : `:${inner}`;
  const optional = isOptional(quantifier) && !isShort ? ' OPTIONAL' : '';
  const end = until === undefined ? '' : ` UNTIL (${condition(until, undefined)})`;
  return `${range}${reluctant}${contiguity}${optional}${end}`;
}

/** @param own - the step that is defined: its aggregates include the event under test unless they say EARLIER */
function condition(predicate: Predicate<never>, own: string | undefined): string {
  if ('true' in predicate) return 'TRUE';
  if ('and' in predicate) return predicate.and.map((part) => operand(part, own)).join(' AND ');
  if ('or' in predicate) return predicate.or.map((part) => operand(part, own)).join(' OR ');
  if ('not' in predicate) return `NOT ${operand(predicate.not, own)}`;
  if ('isType' in predicate) return `THIS IS OF (${literal(predicate.isType)})`;
  if (!('cmp' in predicate)) throw new PatternError(own ?? 'until', 'a condition that is data', predicate);
  const [left, operator, right] = predicate.cmp;
  const [one, other] = [term(left, own), term(right, own)];
  if (operator === 'contains') return `CONTAINS(${one}, ${other})`;
  if (operator === 'startsWith') return `STARTS_WITH(${one}, ${other})`;
  return `${one} ${operator === '==' ? '=' : operator} ${other}`;
}

function operand(predicate: Predicate<never>, own: string | undefined): string {
  const text = condition(predicate, own);
  return 'and' in predicate || 'or' in predicate ? `(${text})` : text;
}

function term(value: Term, own: string | undefined): string {
  if (isLiteral(value)) return literal(value);
  return isField(value) ? quoted(value.field) : aggregate(value, own);
}

function literal(value: string | number | boolean | null): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value).toUpperCase();
}

function aggregate({ agg, of, field, plusCurrent = false }: AggregateTerm, own: string | undefined): string {
  const inner = `${quoted(of)}.${field === undefined ? '*' : quoted(field)}`;
  const isOwn = of === own;
  const earlier = isOwn && !plusCurrent ? 'EARLIER ' : '';
  const withThis = plusCurrent && (!isOwn || agg === 'last') ? ' AND THIS' : '';
  return `${agg.toUpperCase()}(${earlier}${inner}${withThis})`;
}

/** Words that mean something are quoted, and so is what is no word. */
function quoted(name: string): string {
  const isPlain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !KEYWORDS.has(name.toUpperCase());
  return isPlain ? name : `"${name.replaceAll('"', '""')}"`;
}

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'AND ANY AS AVG BETWEEN CONTAINS COUNT DEFINE EARLIER ERROR FALSE FIRST GAP IN INTERVAL IS LAST LIKE MAX MIN NEXT NOT ' +
    'NULL OF OPTIONAL OR PERMUTE RELAXED STARTS_WITH STRICT SUM THIS TRUE UNTIL WITHIN'
  ).split(' '),
);
