/** Steps as one: groups, alternatives, steps in any order. */

import { PatternError } from '../model/error.ts';
import type { Link, Step } from '../model/pattern.ts';
import { predicateOf, type Written } from './condition.ts';
import type { Merged, NoShapes, Optional, Shapes } from './types.ts';

/** Steps as one: a pattern within a pattern, or what `anyOf` and `inAnyOrder` give. */
export interface Block<E, S extends Shapes> {
  /** The steps as one step. */
  block(link: Link | null): Step<E>;
  /** Only a type: what the steps bind. */
  readonly shapes?: S;
}

/** Steps beside those of `S`: none of them has a name of these. */
export type Apart<E, S extends Shapes, T extends Shapes> = Block<E, T> &
  ([keyof S & keyof T] extends [never]
    ? unknown
    : string extends keyof S | keyof T
      ? unknown
      : { readonly 'two steps of one name': keyof S & keyof T });

/**
 * One of several sequences.
 *
 * @example
 * .followedBy(anyOf(pattern<E>().begin('sms', isSms), pattern<E>().begin('mail', isMail)))
 */
export function anyOf<E, S extends Shapes, T extends Shapes, U extends Shapes = NoShapes>(
  first: Block<E, S>,
  second: Apart<E, S, T>,
  third?: Apart<E, Merged<S, T>, U>,
): Block<E, Optional<Merged<Merged<S, T>, U>, keyof S | keyof T | keyof U>> {
  const branches = third === undefined ? [first, second] : [first, second, third];
  return {
    block: (link) => ({ link, anyOf: branches.map((branch) => stepsOf(branch.block(null))) }),
  };
}

/** All steps of a pattern, in any order. They must be single ones. */
export function inAnyOrder<E, S extends Shapes>(steps: Block<E, S>): Block<E, S> {
  return {
    block: (link) => {
      const permute = stepsOf(steps.block(null)).map((step, index) => {
        if (!('name' in step)) throw new PatternError(`inAnyOrder[${index}]`, 'a single step', step);
        return step;
      });
      return { link, permute };
    },
  };
}

function stepsOf<E>(step: Step<E>): readonly Step<E>[] {
  return 'group' in step && step.quantifier === undefined ? step.group : [step];
}

export function stepOf<E>(
  step: string | Block<E, Shapes>,
  link: Link | null,
  condition: Written<E> | undefined,
): Step<E> {
  if (typeof step !== 'string') return step.block(link);
  return { link, name: step, ...(condition === undefined ? {} : { where: predicateOf(condition) }) };
}
