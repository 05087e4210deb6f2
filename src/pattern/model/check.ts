/**
 * What no pattern may be, whichever form it was written in. The types of the model hold already; this is about what
 * they cannot say.
 */

import { aggregatesIn } from './evaluate.ts';
import { PatternError } from './error.ts';
import type { PatternModel, Quantifier, SingleStep, Step } from './pattern.ts';
import type { Predicate } from './predicate.ts';

/** A number of repetitions becomes as many states. */
export const MAX_REPETITIONS = 1_000;
/** All orders of n steps are told apart by 2^n states. */
export const MAX_PERMUTED = 6;
export const MAX_DEPTH = 16;
export const MAX_STEPS = 200;

/**
 * @returns the same model
 * @throws PatternError naming the step, what was expected and what was received
 */
export function checked<E>(model: PatternModel<E>): PatternModel<E> {
  if (model.steps.length === 0) throw new PatternError('steps', 'at least one step', model.steps);
  const names = new Map<string, string>();
  checkSequence(model.steps, 'steps', names, 1);
  if (names.size > MAX_STEPS) throw new PatternError('steps', `at most ${MAX_STEPS} names`, names.size);
  if (model.within !== undefined) checkDuration(model.within.ms, 'within.ms');
  checkEnd(model);
  checkSkip(model, names);
  checkSelection(model);
  forEachPredicate(model.steps, 'steps', (predicate, path) => checkReferences(predicate, path, names));
  return model;
}

/** Names of single steps that bind, in order; those inside groups too. */
export function boundNames(steps: readonly Step<never>[]): string[] {
  return steps.flatMap((step) => {
    if ('group' in step) return boundNames(step.group);
    if ('anyOf' in step) return step.anyOf.flatMap(boundNames);
    if ('permute' in step) return boundNames(step.permute);
    return isNegative(step) ? [] : [step.name];
  });
}

export function isNegative({ link }: Pick<Step<never>, 'link'>): boolean {
  return link === 'notNext' || link === 'notFollowedBy';
}

/** True when the steps can match no event at all. */
export function canBeEmpty(steps: readonly Step<never>[]): boolean {
  return steps.every((step) => isNegative(step) || isOptional(step.quantifier) || hasEmptyBody(step));
}

export function isOptional(quantifier: Quantifier<never> | undefined): boolean {
  return quantifier?.optional === true || quantifier?.min === 0;
}

function hasEmptyBody(step: Step<never>): boolean {
  return 'group' in step && canBeEmpty(step.group);
}

/** The head of an alternative decides between them: one that may be missing would wait twice, for itself and for the next. */
function headMayBeMissing([head]: readonly Step<never>[]): boolean {
  if (head === undefined || isOptional(head.quantifier)) return true;
  return 'group' in head && headMayBeMissing(head.group);
}

function checkSequence<E>(steps: readonly Step<E>[], path: string, names: Map<string, string>, depth: number): void {
  if (depth > MAX_DEPTH) throw new PatternError(path, `groups at most ${MAX_DEPTH} deep`, depth);
  if (steps.length === 0) throw new PatternError(path, 'at least one step', steps);
  steps.forEach((step, index) => {
    const at = `${path}[${index}]`;
    if (index === 0 && step.link !== null) throw new PatternError(`${at}.link`, 'null for the first step', step.link);
    if (index > 0 && step.link === null) throw new PatternError(`${at}.link`, 'how it follows the step before', null);
    if (step.gapMs !== undefined) checkDuration(step.gapMs, `${at}.gapMs`);
    checkStep(step, at, names, depth);
  });
}

function checkStep<E>(step: Step<E>, path: string, names: Map<string, string>, depth: number): void {
  if (step.quantifier !== undefined) checkQuantifier(step, step.quantifier, `${path}.quantifier`);
  if (isNegative(step) && !('name' in step)) throw new PatternError(path, 'a single step for a negation', step);
  if ('group' in step) checkSequence(step.group, `${path}.group`, names, depth + 1);
  else if ('anyOf' in step) {
    if (step.anyOf.length < 2) throw new PatternError(`${path}.anyOf`, 'two sequences or more', step.anyOf);
    step.anyOf.forEach((branch, index) => {
      checkSequence(branch, `${path}.anyOf[${index}]`, names, depth + 1);
      if (headMayBeMissing(branch)) {
        throw new PatternError(`${path}.anyOf[${index}][0]`, 'a first step that must come', branch[0]);
      }
    });
  } else if ('permute' in step) checkPermutation(step.permute, `${path}.permute`, names, depth);
  else checkName(step.name, `${path}.name`, names);
}

function checkPermutation<E>(
  steps: readonly SingleStep<E>[],
  path: string,
  names: Map<string, string>,
  depth: number,
): void {
  if (steps.length < 2 || steps.length > MAX_PERMUTED) {
    throw new PatternError(path, `2 to ${MAX_PERMUTED} steps`, steps.length);
  }
  checkSequence(steps, path, names, depth + 1);
  steps.forEach((step, index) => {
    const at = `${path}[${index}]`;
    if (!('name' in step) || isNegative(step)) throw new PatternError(at, 'a single step that binds', step);
    if (step.quantifier !== undefined) throw new PatternError(`${at}.quantifier`, 'nothing', step.quantifier);
  });
}

function checkName(name: string, path: string, names: Map<string, string>): void {
  // `__proto__` and its like are not keys of an object's own from the start.
  if (name === '' || name in Object.prototype) throw new PatternError(path, 'a name', name);
  const other = names.get(name);
  if (other !== undefined) throw new PatternError(path, `a name of its own, ${other} has it`, name);
  names.set(name, path);
}

function checkQuantifier<E>(step: Step<E>, quantifier: Quantifier<E>, path: string): void {
  if (isNegative(step)) throw new PatternError(path, 'nothing for a negation', quantifier);
  const { min, max, gapMs } = quantifier;
  const least = min ?? 1;
  if (!Number.isInteger(least) || least < 0 || least > MAX_REPETITIONS) {
    throw new PatternError(`${path}.min`, `an integer from 0 to ${MAX_REPETITIONS}`, min);
  }
  if (typeof max === 'number' && (!Number.isInteger(max) || max < Math.max(1, least) || max > MAX_REPETITIONS)) {
    throw new PatternError(`${path}.max`, `null, or an integer from ${Math.max(1, least)} to ${MAX_REPETITIONS}`, max);
  }
  if (quantifier.until !== undefined && max !== null && (max ?? least) <= 1) {
    throw new PatternError(`${path}.until`, 'a step that repeats', undefined, 'one that comes once at most');
  }
  if (gapMs !== undefined) checkDuration(gapMs, `${path}.gapMs`);
  if (quantifier.greedy === true && !('name' in step)) throw new PatternError(`${path}.greedy`, 'a single step', true);
}

function checkDuration(ms: number, path: string): void {
  if (!Number.isFinite(ms) || ms <= 0) throw new PatternError(path, 'milliseconds above 0', ms);
}

/** What must not come at the end needs a time until when. */
function checkEnd(model: PatternModel<never>): void {
  const last = model.steps.length - 1;
  const step = model.steps[last];
  if (step?.link !== 'notFollowedBy' || model.within !== undefined || step.gapMs !== undefined) return;
  const expected = 'within, or a gap: until when it must not come, since nothing follows it';
  throw new PatternError(`steps[${last}]`, expected, undefined, 'neither');
}

function checkSkip(model: PatternModel<never>, names: ReadonlyMap<string, string>): void {
  const { strategy, ref } = model.skip ?? { strategy: 'noSkip' };
  if (strategy !== 'toFirst' && strategy !== 'toLast') {
    if (ref !== undefined) throw new PatternError('skip.ref', `nothing for ${strategy}`, ref);
    return;
  }
  if (ref === undefined || !names.has(ref) || !boundNames(model.steps).includes(ref)) {
    throw new PatternError('skip.ref', 'the name of a step that binds events', ref);
  }
}

function checkSelection({ only, limit }: PatternModel<never>): void {
  if (only !== undefined && !ONLY.includes(only)) throw new PatternError('only', ONLY.join(', '), only);
  if (limit === undefined) return;
  if (!Number.isInteger(limit) || limit < 1) throw new PatternError('limit', 'a whole number, at least 1', limit);
  if (only !== undefined) throw new PatternError('limit', `nothing beside only: '${only}'`, limit);
}

const ONLY: readonly NonNullable<PatternModel['only']>[] = ['first', 'last', 'longest', 'count'];

function checkReferences(predicate: Predicate<never>, path: string, names: ReadonlyMap<string, string>): void {
  for (const { of, agg, field } of aggregatesIn(predicate)) {
    if (!names.has(of)) throw new PatternError(path, `the name of a step in ${agg}()`, of);
    if (agg !== 'count' && field === undefined) throw new PatternError(path, `a field in ${agg}(${of})`, field);
  }
}

/** Visits every condition of the steps with its path. */
export function forEachPredicate<E>(
  steps: readonly Step<E>[],
  path: string,
  visit: (predicate: Predicate<E>, path: string) => void,
): void {
  steps.forEach((step, index) => {
    const at = `${path}[${index}]`;
    if (step.quantifier?.until !== undefined) visit(step.quantifier.until, `${at}.quantifier.until`);
    if ('group' in step) forEachPredicate(step.group, `${at}.group`, visit);
    else if ('permute' in step) forEachPredicate(step.permute, `${at}.permute`, visit);
    else if ('anyOf' in step) {
      step.anyOf.forEach((branch, number) => forEachPredicate(branch, `${at}.anyOf[${number}]`, visit));
    } else if (step.where !== undefined) visit(step.where, `${at}.where`);
  });
}
