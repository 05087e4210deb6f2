/** One model, three forms: what is written in one and read back is the same pattern, for random patterns of every construct. */

import { expect, test } from 'vitest';
import { anyOf, inAnyOrder, type Block } from '../../src/pattern/builder/block.ts';
import { pattern, PatternBuilder } from '../../src/pattern/builder/builder.ts';
import type { Shapes } from '../../src/pattern/builder/types.ts';
import { patternFromJson } from '../../src/pattern/json.ts';
import { isOptional } from '../../src/pattern/model/check.ts';
import type { Link, PatternModel, Quantifier, SingleStep, Skip, Step } from '../../src/pattern/model/pattern.ts';
import type { Predicate, Term } from '../../src/pattern/model/predicate.ts';
import { patternToText } from '../../src/pattern/text/print.ts';
import { patternFromText } from '../../src/pattern/text/text.ts';
import type { CaseEvent } from './cases.ts';
import { randomQuestion } from './flink/random-case.ts';
import { randomCase } from './random-pattern.ts';

type Model = PatternModel<CaseEvent>;
type Builder = PatternBuilder<CaseEvent, Shapes, string>;

const SEEDS = 1_500 * Number(process.env['FUZZ_FACTOR'] ?? 1);

function models(): Model[] {
  const drawn = Array.from({ length: SEEDS }, (_, seed) => [
    randomQuestion(seed).pattern,
    randomCase(seed).pattern,
  ]).flat();
  return drawn.filter((model) => {
    try {
      patternFromJson(model);
    } catch {
      return false;
    }
    // Asked of a step that repeats, it means nothing, and only JSON can say it.
    return !model.steps.some(hasGapAndLoop);
  });
}

function hasGapAndLoop(step: Step<CaseEvent>): boolean {
  if (step.gapMs !== undefined && (step.quantifier?.min !== undefined || step.quantifier?.max !== undefined))
    return true;
  return innerOf(step).some(hasGapAndLoop);
}

function innerOf(step: Step<CaseEvent>): readonly Step<CaseEvent>[] {
  if ('group' in step) return step.group;
  return 'anyOf' in step ? step.anyOf.flat() : 'permute' in step ? step.permute : [];
}

/** Defaults written out, and what means the same written the same way. */
function normal({ steps, within, skip = { strategy: 'noSkip' } }: Model): unknown {
  return { steps: steps.map(normalStep), within, skip: normalSkip(skip) };
}

const normalSkip = ({ strategy, ref, errorOnMiss = false }: Skip): unknown => ({ strategy, ref, errorOnMiss });

function normalStep(step: Step<CaseEvent>): unknown {
  const base = { link: step.link, gapMs: step.gapMs, quantifier: normalLoop(step.quantifier, 'name' in step) };
  if ('name' in step) return { ...base, name: step.name, where: step.where && normalPredicate(step.where) };
  if ('permute' in step) return { ...base, permute: step.permute.map(normalStep) };
  if ('anyOf' in step) return { ...base, anyOf: step.anyOf.map((branch) => branch.map(normalStep)) };
  const [only, ...others] = step.group;
  if (only !== undefined && others.length === 0 && 'anyOf' in only && only.quantifier === undefined) {
    return normalStep({
      ...only,
      ...(step.quantifier === undefined ? {} : { quantifier: step.quantifier }),
      link: step.link,
    });
  }
  return { ...base, group: step.group.map(normalStep) };
}

function normalLoop(quantifier: Quantifier<CaseEvent> | undefined, isSingle: boolean): unknown {
  if (quantifier === undefined) return undefined;
  const isMaybe = isOptional(quantifier);
  if (quantifier.min === undefined && quantifier.max === undefined) return isMaybe ? { isMaybe } : undefined;
  const least = Math.max(1, quantifier.min ?? 1);
  const { max = least, inner = 'relaxed', gapMs, greedy = false, until } = quantifier;
  const isGreedy = isSingle && greedy && max !== least;
  return { isMaybe, least, max, inner, gapMs, isGreedy, until: until && normalPredicate(until) };
}

function normalPredicate(predicate: Predicate<CaseEvent>): unknown {
  if ('and' in predicate || 'or' in predicate) {
    const parts = 'and' in predicate ? predicate.and : predicate.or;
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return normalPredicate(only);
    return { [Object.keys(predicate)[0] ?? '']: parts.map(normalPredicate) };
  }
  if ('not' in predicate) return { not: normalPredicate(predicate.not) };
  return 'cmp' in predicate ? { cmp: predicate.cmp.map(normalTerm) } : predicate;
}

function normalTerm(term: Term): unknown {
  return typeof term === 'object' && term !== null && 'agg' in term ? { plusCurrent: false, ...term } : term;
}

/** The pattern as calls of the builder. */
function built({ steps, within, skip }: Model): Builder {
  let builder = builtSteps(steps);
  if (within !== undefined) builder = builder.within(within.ms);
  if (skip === undefined) return builder;
  const { strategy, ref, errorOnMiss } = skip;
  if (strategy !== 'toFirst' && strategy !== 'toLast') return builder.skip(strategy);
  return builder.skip(strategy, ref ?? '', errorOnMiss === undefined ? {} : { errorOnMiss });
}

function builtSteps(steps: readonly Step<CaseEvent>[]): Builder {
  let builder: Builder | undefined;
  for (const step of steps) builder = qualified(linked(builder, step), step);
  if (builder === undefined) throw new Error('no steps');
  return builder;
}

function linked(before: Builder | undefined, step: Step<CaseEvent>): Builder {
  const { link } = step;
  if ('name' in step) {
    const { where = { true: true } } = step;
    const name = step.name as never;
    if (before === undefined || link === null) return pattern<CaseEvent>().begin(step.name, where) as Builder;
    return follow[link](before, name, where);
  }
  const block = blockOf(step);
  if (before === undefined || link === null) return pattern<CaseEvent>().begin(block);
  if (link === 'notNext' || link === 'notFollowedBy') throw new Error('a negation of one step');
  if (link === 'next') return before.next(block);
  return link === 'followedBy' ? before.followedBy(block) : before.followedByAny(block);
}

type Follow = (before: Builder, name: never, where: Predicate<CaseEvent>) => Builder;

const follow: Readonly<Record<Link, Follow>> = {
  next: (before, name, where) => before.next(name, where) as Builder,
  followedBy: (before, name, where) => before.followedBy(name, where) as Builder,
  followedByAny: (before, name, where) => before.followedByAny(name, where) as Builder,
  notNext: (before, name, where) => before.notNext(name, where) as Builder,
  notFollowedBy: (before, name, where) => {
    const open = before.notFollowedBy(name, where);
    if (!isBuilder(open)) throw new Error('what is open at its end is a builder too');
    return open;
  },
};

const isBuilder = (one: unknown): one is Builder => one instanceof PatternBuilder;

function blockOf(step: Exclude<Step<CaseEvent>, SingleStep<CaseEvent>>): Block<CaseEvent, Shapes> {
  if ('group' in step) return builtSteps(step.group);
  if ('permute' in step) return inAnyOrder(builtSteps(step.permute));
  const [first, second] = step.anyOf.map(builtSteps);
  if (first === undefined || second === undefined) throw new Error('two branches');
  return anyOf(first, second);
}

function qualified(builder: Builder, { quantifier, gapMs }: Step<CaseEvent>): Builder {
  let next = builder;
  if (quantifier?.min !== undefined) {
    const { min, max = min, inner, gapMs: gap } = quantifier;
    const options = {
      ...(inner === undefined ? {} : { contiguity: inner }),
      ...(gap === undefined ? {} : { gap }),
    };
    next = max === null ? next.atLeast(min, options) : next.times(min, { max, ...options });
  }
  if (quantifier?.optional === true) next = next.optional();
  if (quantifier?.greedy === true) next = next.greedy();
  if (quantifier?.until !== undefined) next = next.until(quantifier.until);
  return gapMs === undefined ? next : next.gap(gapMs);
}

/** The builder writes a condition for every step. */
function everywhere(step: Step<CaseEvent>): Step<CaseEvent> {
  if ('name' in step) return { ...step, where: step.where ?? { true: true } };
  if ('group' in step) return { ...step, group: step.group.map(everywhere) };
  if ('anyOf' in step) return { ...step, anyOf: step.anyOf.map((branch) => branch.map(everywhere)) };
  return { ...step, permute: step.permute.map((one) => ({ ...one, where: one.where ?? { true: true as const } })) };
}

test('JSON, text and builder give the same model', () => {
  const all = models();
  expect(all.length).toBeGreaterThan(SEEDS * 1.7);
  for (const model of all) {
    const shown = JSON.stringify(model);
    expect(patternFromJson(JSON.parse(shown)), shown).toEqual(model);
    const text = patternToText(model);
    expect(normal(patternFromText<CaseEvent>(text).model), `${text}\n${shown}`).toEqual(normal(model));
    const full = { ...model, steps: model.steps.map(everywhere) };
    expect(normal(built(full).model), shown).toEqual(normal(full));
  }
});

test('names that are words of the language, or no words at all, are quoted', () => {
  const names = [
    'and',
    'PERMUTE',
    'Last',
    'earlier',
    'gap',
    'a b',
    'it"s',
    'a*',
    'true',
    'next',
    'this',
    'contains',
    'any',
  ];
  const steps = names.map((name, index) => ({
    link: index === 0 ? null : ('next' as const),
    name,
    where: { cmp: [{ field: name }, '==', { agg: 'last', of: names[0], field: name }] },
    quantifier: { min: 1, max: null, inner: 'strict' as const, until: { cmp: [{ field: name }, '!=', "it's"] } },
  }));
  const model = patternFromJson<CaseEvent>({ steps });
  expect(normal(patternFromText<CaseEvent>(patternToText(model)).model)).toEqual(normal(model));
});

test('a condition that is a function has no text', () => {
  const { model } = pattern<CaseEvent>().begin('a', (event) => event.price > 1);
  expect(() => patternToText(model)).toThrow(/a: expected a condition that is data/);
});
