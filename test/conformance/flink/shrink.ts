/** Smaller cases: everything that is one part less than the given one. */

import type { PatternModel, Step } from '../../../src/pattern/model/pattern.ts';
import type { Predicate } from '../../../src/pattern/model/predicate.ts';
import type { CaseEvent } from '../cases.ts';
import type { Question } from './random-case.ts';

export function smallerThan(one: Question): Question[] {
  const { pattern } = one;
  return [...fewerInputs(one), ...simplerPatterns(pattern).map((simpler) => ({ ...one, pattern: simpler }))];
}

/** How much there is to read. */
export function sizeOf({ pattern, input }: Question): number {
  return JSON.stringify(pattern).length + input.length * 20;
}

function fewerInputs(one: Question): Question[] {
  return one.input.map((_, index) => {
    const input = one.input.filter((_, other) => other !== index);
    const used = new Set(input.flatMap((each) => ('event' in each ? [each.event] : [])));
    const events = Object.fromEntries(Object.entries(one.events).filter(([label]) => used.has(label)));
    return { ...one, input, events };
  });
}

function simplerPatterns(pattern: PatternModel<CaseEvent>): PatternModel<CaseEvent>[] {
  const { within, skip, ...rest } = pattern;
  return [
    ...simplerSequences(pattern.steps).map((steps) => ({ ...pattern, steps })),
    ...(within === undefined ? [] : [{ ...rest, ...(skip === undefined ? {} : { skip }) }]),
    ...(skip === undefined || skip.strategy === 'noSkip'
      ? []
      : [{ ...pattern, skip: { strategy: 'noSkip' as const } }]),
    ...(skip?.errorOnMiss === true ? [{ ...pattern, skip: without(skip, 'errorOnMiss') }] : []),
  ];
}

function simplerSequences(steps: readonly Step<CaseEvent>[]): Step<CaseEvent>[][] {
  const shorter =
    steps.length === 1 ? [] : steps.map((_, index) => headed(steps.filter((_, other) => other !== index)));
  const simpler = steps.flatMap((step, index) =>
    simplerSteps(step).map((one) => headed([...steps.slice(0, index), ...one, ...steps.slice(index + 1)])),
  );
  return [...shorter, ...simpler];
}

function headed([first, ...others]: readonly Step<CaseEvent>[]): Step<CaseEvent>[] {
  return first === undefined ? [] : [{ ...first, link: null }, ...others];
}

function simplerSteps(step: Step<CaseEvent>): Step<CaseEvent>[][] {
  const { quantifier } = step;
  const simpler: Step<CaseEvent>[] = [];
  if (step.gapMs !== undefined) simpler.push(without(step, 'gapMs'));
  if (quantifier !== undefined) {
    simpler.push(without(step, 'quantifier'));
    for (const key of ['greedy', 'optional', 'until', 'gapMs'] as const) {
      if (key in quantifier) simpler.push({ ...step, quantifier: without(quantifier, key) });
    }
    const { min = 1, max } = quantifier;
    if (min > 1) simpler.push({ ...step, quantifier: { ...quantifier, min: min - 1 } });
    if (typeof max === 'number' && max > Math.max(1, min))
      simpler.push({ ...step, quantifier: { ...quantifier, max: max - 1 } });
    if (quantifier.until !== undefined) {
      for (const until of simplerPredicates(quantifier.until))
        simpler.push({ ...step, quantifier: { ...quantifier, until } });
    }
  }
  if (step.link === 'followedByAny') simpler.push({ ...step, link: 'followedBy' });
  if ('name' in step && step.where !== undefined) {
    for (const where of simplerPredicates(step.where)) simpler.push({ ...step, where });
  }
  if (!('group' in step)) return simpler.map((one) => [one]);
  for (const group of simplerSequences(step.group)) simpler.push({ ...step, group });
  const [head, ...others] = step.group;
  const flat = head === undefined ? [] : [[{ ...head, link: step.link }, ...others]];
  return [...flat, ...simpler.map((one) => [one])];
}

function simplerPredicates(predicate: Predicate<CaseEvent>): Predicate<CaseEvent>[] {
  if ('and' in predicate) return [...predicate.and];
  if ('or' in predicate) return [...predicate.or];
  return 'not' in predicate ? [predicate.not] : [];
}

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

function without<T extends object, K extends keyof T & string>(from: T, key: K): Without<T, K> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => name !== key)) as Without<T, K>;
}
