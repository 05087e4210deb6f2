/**
 * States that only one comparison can move on: with a number that the partial match fixes. Whoever holds many partial matches
 * asks these numbers, and the partial matches only where they are met.
 *
 * The comparison is the one that the condition makes, on the same numbers: what it refuses the condition refuses.
 */

import type { Threshold } from '../matcher.ts';
import { isAggregate, isField, isLiteral } from '../model/evaluate.ts';
import type { AggregateTerm, Comparison, Predicate, Term } from '../model/predicate.ts';
import { partsOf, type Condition } from './condition.ts';
import { waits, type StateRow } from './table.ts';
import type { TallySheet } from './tally.ts';

export interface ThresholdRule {
  readonly field: string;
  readonly op: Threshold['op'];
  /** To which the field is added. */
  readonly sum: AggregateTerm | undefined;
  readonly limit: number | AggregateTerm;
}

/** undefined: more than one comparison decides. */
export function thresholdRuleOf<E>(row: StateRow<E>): ThresholdRule | undefined {
  for (const part of row.moves.flatMap(({ condition }) => partsOf(condition))) {
    const rule = part.kind === 'seen' ? ruleOf(part.predicate) : undefined;
    const fails = (one: Condition<E>): boolean | undefined => (one === part ? false : undefined);
    if (rule !== undefined && waits(row, false, fails)) return rule;
  }
  return undefined;
}

/** @returns undefined when the partial match fixes no number */
export function thresholdBy<E>(
  { field, op, sum, limit }: ThresholdRule,
  tallies: TallySheet<E>,
  tally: readonly unknown[],
): Threshold | undefined {
  const addend = sum === undefined ? 0 : tallies.known(sum, tally);
  const bound = typeof limit === 'number' ? limit : tallies.known(limit, tally);
  if (typeof addend !== 'number' || typeof bound !== 'number') return undefined;
  return { field, op, addend, limit: bound };
}

/** The operator with its sides exchanged. */
const MIRRORED: Readonly<Record<Threshold['op'], Threshold['op']>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '==': '==',
};

const isOrder = (op: Comparison): op is Threshold['op'] => op in MIRRORED;

function ruleOf<E>(predicate: Predicate<E>): ThresholdRule | undefined {
  if (!('cmp' in predicate)) return undefined;
  const [left, op, right] = predicate.cmp;
  if (!isOrder(op)) return undefined;
  return ruleFrom(left, op, right) ?? ruleFrom(right, MIRRORED[op], left);
}

function ruleFrom(left: Term, op: Threshold['op'], right: Term): ThresholdRule | undefined {
  const limit = fixed(right);
  if (limit === undefined) return undefined;
  if (isField(left)) return { field: left.field, op, sum: undefined, limit };
  if (!isAggregate(left) || left.agg !== 'sum' || left.plusCurrent !== true || left.field === undefined)
    return undefined;
  return { field: left.field, op, sum: left, limit };
}

/** What the event under test does not change. */
function fixed(term: Term): number | AggregateTerm | undefined {
  if (isLiteral(term)) return typeof term === 'number' ? term : undefined;
  return isAggregate(term) && term.plusCurrent !== true ? term : undefined;
}
