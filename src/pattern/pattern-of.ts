import { matchOperator } from './match/match-collector.ts';
import type { Pattern } from './builder/pattern.ts';
import { explain } from './explain.ts';
import { checked } from './model/check.ts';
import type { PatternModel } from './model/pattern.ts';

/**
 * A pattern from its data, for `stream.match` and `run.patterns`. Its matches give the events of each step.
 *
 * @param name - for messages and metrics
 * @throws PatternError when it is not a pattern
 * @example
 * stream.match(patternOf(patternFromJson(JSON.parse(text)), 'probe'))
 */
export function patternOf<E>(model: PatternModel<E>, name = 'pattern'): Pattern<E> {
  const valid = checked(model);
  return {
    name,
    model: valid,
    project: (bindings) => bindings,
    typed: (bindings) => bindings,
    explain: () => explain(valid),
    operator: matchOperator,
  };
}
