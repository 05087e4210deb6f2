/** A step with its defaults filled in and its conditions numbered: what the compiler works on. */

import type { PredicateTable } from '../matcher.ts';
import type { Link, Quantifier, SingleStep, Step } from '../model/pattern.ts';
import { ALWAYS, conditionOf, type Condition } from './condition.ts';

export type Contiguity = 'strict' | 'relaxed' | 'any';

export interface Part<E> {
  /** Of groups and the like: not a name that binds. */
  readonly name: string;
  readonly body: Body<E>;
  readonly contiguity: Contiguity;
  readonly negation: 'none' | 'next' | 'following';
  /** Contiguity between repetitions. */
  readonly inner: Contiguity;
  readonly repeats: 'once' | 'counted' | 'unbounded';
  readonly from: number;
  readonly to: number;
  readonly isOptional: boolean;
  readonly isGreedy: boolean;
  readonly until: Condition<E> | undefined;
  readonly gapMs: number | undefined;
  readonly repeatGapMs: number | undefined;
}

export type Body<E> =
  | { readonly kind: 'single'; readonly condition: Condition<E> }
  | { readonly kind: 'group'; readonly parts: readonly Part<E>[] }
  | { readonly kind: 'choice'; readonly branches: readonly (readonly Part<E>[])[] }
  | { readonly kind: 'permutation'; readonly parts: readonly Part<E>[] };

export function partOf<E>(step: Step<E>, table: PredicateTable<E>): Part<E> {
  const quantifier = step.quantifier ?? {};
  return {
    name: 'name' in step ? step.name : nameOf(step),
    body: bodyOf(step, table),
    contiguity: CONTIGUITY[step.link ?? 'next'],
    negation: step.link === 'notNext' ? 'next' : step.link === 'notFollowedBy' ? 'following' : 'none',
    inner: quantifier.inner ?? 'relaxed',
    ...repetitionOf(quantifier),
    isGreedy: quantifier.greedy === true,
    until: quantifier.until === undefined ? undefined : conditionOf(quantifier.until, table),
    gapMs: step.gapMs,
    repeatGapMs: quantifier.gapMs,
  };
}

const CONTIGUITY: Readonly<Record<Link, Contiguity>> = {
  next: 'strict',
  followedBy: 'relaxed',
  followedByAny: 'any',
  notNext: 'strict',
  notFollowedBy: 'relaxed',
};

function nameOf(step: Exclude<Step<never>, SingleStep<never>>): string {
  if ('group' in step) return '(group)';
  return 'anyOf' in step ? '(choice)' : '(permutation)';
}

function bodyOf<E>(step: Step<E>, table: PredicateTable<E>): Body<E> {
  const partsOf = (steps: readonly Step<E>[]): Part<E>[] => steps.map((one) => partOf(one, table));
  if ('group' in step) return { kind: 'group', parts: partsOf(step.group) };
  if ('anyOf' in step) return { kind: 'choice', branches: step.anyOf.map(partsOf) };
  if ('permute' in step) return { kind: 'permutation', parts: partsOf(step.permute) };
  return { kind: 'single', condition: step.where === undefined ? ALWAYS : conditionOf(step.where, table) };
}

type Repetition = Pick<Part<never>, 'repeats' | 'from' | 'to' | 'isOptional'>;

/** `{0,n}` is an optional `{1,n}`. */
function repetitionOf(quantifier: Quantifier<never>): Repetition {
  const { min, max, optional } = quantifier;
  const isOptional = optional === true || min === 0;
  if (min === undefined && max === undefined) return { repeats: 'once', from: 1, to: 1, isOptional };
  const from = Math.max(1, min ?? 1);
  if (max === null) return { repeats: 'unbounded', from, to: from, isOptional };
  return { repeats: 'counted', from, to: Math.max(from, max ?? from), isOptional };
}
