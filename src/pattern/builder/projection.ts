import type { Bindings } from '../matcher.ts';
import { isNegative } from '../model/check.ts';
import type { Step } from '../model/pattern.ts';
import { repeats } from './loop.ts';

/** What `select` gets: an array for each step that may repeat, else one event or undefined. */
export function projected<E>(steps: readonly Step<never>[], bindings: Bindings<E>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    arities(steps).map(([name, isLoop]) => [name, isLoop ? (bindings[name] ?? []) : bindings[name]?.[0]]),
  );
}

/** Names that bind, and whether each binds an array. */
function arities(steps: readonly Step<never>[], isRepeated = false): [string, boolean][] {
  return steps.flatMap((step): [string, boolean][] => {
    const isLoop = isRepeated || repeats(step.quantifier);
    if ('group' in step) return arities(step.group, isLoop);
    if ('permute' in step) return arities(step.permute, isLoop);
    if ('anyOf' in step) return step.anyOf.flatMap((branch) => arities(branch, isLoop));
    return isNegative(step) ? [] : [[step.name, isLoop]];
  });
}
