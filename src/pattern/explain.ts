/** How a pattern will be matched: which matcher and why, its automaton, what its conditions cost, what bounds its memory. */

import { chooseMatcher, type MatcherWishes } from './dag/choose.ts';
import type { PredicateTable } from './matcher.ts';
import { forEachPredicate } from './model/check.ts';
import { isField, isLiteral, looksAtEventOnly } from './model/evaluate.ts';
import type { PatternModel } from './model/pattern.ts';
import type { Predicate } from './model/predicate.ts';
import { shownPredicate } from './model/show.ts';
import { mermaidOf } from './run/mermaid.ts';
import { automatonOf } from './run/program.ts';

/**
 * `indexed`: found by the value of a field, with those of all other patterns. `shared`: asked once per event for all
 * patterns. `opaque`: a function, asked once per event. `per partial match`: it looks at earlier events.
 */
export type ConditionCost = 'indexed' | 'shared' | 'opaque' | 'per partial match';

export interface ExplainedCondition {
  /** Where it stands: `steps[1].where`. */
  readonly path: string;
  readonly text: string;
  readonly cost: ConditionCost;
}

export interface Explanation {
  readonly matcher: 'run' | 'dag';
  /** Why this matcher: one sentence. */
  readonly reason: string;
  /** A flowchart in Mermaid: https://mermaid.js.org. */
  readonly automaton: string;
  readonly conditions: readonly ExplainedCondition[];
  /** What bounds the memory of a key: one sentence. */
  readonly memory: string;
  /** All of it as text. */
  toString(): string;
}

export function explain<E>(model: PatternModel<E>, wishes: MatcherWishes = {}): Explanation {
  const { kind, reason } = chooseMatcher(model, wishes);
  const conditions: ExplainedCondition[] = [];
  forEachPredicate(model.steps, 'steps', (predicate, path) => {
    conditions.push({ path, text: shownPredicate(predicate), cost: costOf(predicate) });
  });
  const explained = {
    matcher: kind,
    reason,
    automaton: mermaidOf(automatonOf(model, new Counter<E>())),
    conditions,
    memory: memoryOf(model, kind),
  };
  return { ...explained, toString: () => textOf(explained) };
}

class Counter<E> implements PredicateTable<E> {
  #count = 0;

  idOf(): number {
    return this.#count++;
  }
}

/** The cost of its dearest part; of an `and`, the index needs only one that it can find. */
function costOf(predicate: Predicate<never>): ConditionCost {
  if (!looksAtEventOnly(predicate)) return 'per partial match';
  if (isIndexed(predicate)) return 'indexed';
  return hasCall(predicate) ? 'opaque' : 'shared';
}

function isIndexed(predicate: Predicate<never>): boolean {
  if ('and' in predicate) return predicate.and.some(isIndexed);
  if ('or' in predicate) return predicate.or.every(isIndexed);
  if (!('cmp' in predicate)) return false;
  const [left, operator, right] = predicate.cmp;
  const isOnField = (isField(left) && isLiteral(right)) || (isLiteral(left) && isField(right));
  return isOnField && INDEXED.includes(operator);
}

const INDEXED: readonly string[] = ['==', '<', '<=', '>', '>='];

function hasCall(predicate: Predicate<never>): boolean {
  if ('and' in predicate) return predicate.and.some(hasCall);
  if ('or' in predicate) return predicate.or.some(hasCall);
  return 'not' in predicate ? hasCall(predicate.not) : 'call' in predicate;
}

function memoryOf({ within }: PatternModel<never>, kind: 'run' | 'dag'): string {
  if (kind === 'dag') {
    const span = within === undefined ? 'while a partial match lives' : `for ${within.ms} ms at most`;
    return `memory grows with the events of a key that match some step, ${span}, and no further than maxNodes${advice(within)}`;
  }
  const span = within === undefined ? 'until it is complete or discarded' : `for ${within.ms} ms at most`;
  return `each partial match is kept ${span}, and no more than maxPartials of a key${advice(within)}`;
}

const advice = (within: PatternModel<never>['within']): string =>
  within === undefined ? ': without a within nothing else bounds what never completes' : '';

function textOf({ matcher, reason, automaton, conditions, memory }: Omit<Explanation, 'toString'>): string {
  const width = Math.max(0, ...conditions.map(({ cost }) => cost.length));
  return [
    `matcher: ${matcher} (${reason})`,
    `memory: ${memory}`,
    'conditions:',
    ...conditions.map(({ path, text, cost }) => `  ${cost.padEnd(width)}  ${path}: ${text}`),
    'automaton:',
    ...automaton.split('\n').map((line) => `  ${line}`),
  ].join('\n');
}
