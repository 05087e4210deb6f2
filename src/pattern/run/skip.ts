/** What a complete match discards: others by the number of their first event. */

import { SkipTargetError } from '../model/error.ts';
import type { Skip } from '../model/pattern.ts';
import { SEED_START, type Bound, type Run } from './run.ts';

/** @returns undefined when nothing goes */
export function discardedBy(
  skip: Skip,
  { start, last }: Run<unknown>,
): ((other: { readonly start: number }) => boolean) | undefined {
  switch (skip.strategy) {
    case 'noSkip':
      return undefined;
    case 'toNext':
      return (other) => other.start <= start;
    case 'pastLast': {
      const end = last?.seq ?? start;
      return (other) => other.start <= end && other.start !== SEED_START;
    }
    case 'toFirst':
    case 'toLast':
      return beforeTarget(skip, start, last);
  }
}

function beforeTarget(
  { strategy, ref = '', errorOnMiss = false }: Skip,
  start: number,
  last: Bound<unknown> | undefined,
): ((other: { readonly start: number }) => boolean) | undefined {
  let target: number | undefined;
  for (let bound = last; bound !== undefined; bound = bound.before) {
    if (bound.name !== ref) continue;
    target = bound.seq;
    if (strategy === 'toLast') break;
  }
  if (errorOnMiss && target === undefined) throw new SkipTargetError('skipTargetMissing', ref);
  if (errorOnMiss && target === start) throw new SkipTargetError('skipTargetIsFirstElement', ref);
  if (target === undefined) return undefined;
  const first = target;
  return (other) => other.start < first;
}
