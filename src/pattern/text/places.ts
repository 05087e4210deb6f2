/** From the path of a step in the model to the place of its name in the text. */

import type { PatternModel, Step } from '../model/pattern.ts';

/**
 * @param path - such as `steps[1].group[0].where`
 * @returns how many single steps stand before the first one at the path; undefined for a path of no step
 */
export function stepsBefore(steps: PatternModel<never>['steps'], path: string): number | undefined {
  const [, index, rest = ''] = /^\w*\[(\d+)\]\.?(.*)$/.exec(path) ?? [];
  if (index === undefined) return undefined;
  const step = steps[Number(index)];
  const before = singles(steps.slice(0, Number(index)));
  return before + (step === undefined ? 0 : (withinStep(step, rest) ?? 0));
}

function withinStep(step: Step<never>, path: string): number | undefined {
  if ('group' in step && path.startsWith('group')) return stepsBefore(step.group, path);
  if ('permute' in step && path.startsWith('permute')) return stepsBefore(step.permute, path);
  if (!('anyOf' in step)) return undefined;
  const [, branch, rest = ''] = /^anyOf\[(\d+)\](.*)$/.exec(path) ?? [];
  if (branch === undefined) return undefined;
  const before = step.anyOf.slice(0, Number(branch)).map(singles);
  return before.reduce((sum, count) => sum + count, 0) + (stepsBefore(step.anyOf[Number(branch)] ?? [], rest) ?? 0);
}

function singles(steps: PatternModel<never>['steps']): number {
  return steps.reduce((sum, step) => {
    if ('group' in step) return sum + singles(step.group);
    if ('anyOf' in step) return sum + step.anyOf.reduce((inner, branch) => inner + singles(branch), 0);
    return sum + ('permute' in step ? step.permute.length : 1);
  }, 0);
}
