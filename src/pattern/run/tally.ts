/**
 * Aggregates over what a partial match holds, kept up to date as events are bound: nothing walks the events again.
 * A tally is an immutable list of running values, one per distinct aggregate, shared between branches.
 */

import { aggregatesIn, fieldOf } from '../model/evaluate.ts';
import type { AggregateTerm, Predicate } from '../model/predicate.ts';
import type { Bound } from './run.ts';

interface Slot {
  readonly kind: Exclude<AggregateTerm['agg'], 'avg'>;
  readonly of: string;
  readonly field: string | undefined;
}

export class TallySheet<E> {
  readonly #slots: Slot[] = [];
  readonly #slotOf = new Map<AggregateTerm, readonly number[]>();
  readonly #slotsByStep = new Map<string, number[]>();
  readonly empty: readonly unknown[];

  constructor(predicates: readonly Predicate<E>[]) {
    for (const term of predicates.flatMap((predicate) => aggregatesIn(predicate))) {
      const kinds: readonly Slot['kind'][] = term.agg === 'avg' ? ['sum', 'count'] : [term.agg];
      const slots = kinds.map((kind) => this.#slot({ kind, of: term.of, field: term.field }));
      this.#slotOf.set(term, slots);
    }
    this.empty = this.#slots.map(({ kind }) => (kind === 'sum' || kind === 'count' ? 0 : undefined));
  }

  #slot(slot: Slot): number {
    const known = this.#slots.findIndex(
      ({ kind, of, field }) => kind === slot.kind && of === slot.of && field === slot.field,
    );
    if (known !== -1) return known;
    const index = this.#slots.push(slot) - 1;
    const ofStep = this.#slotsByStep.get(slot.of);
    if (ofStep === undefined) this.#slotsByStep.set(slot.of, [index]);
    else ofStep.push(index);
    return index;
  }

  /** The tally after this step has bound the event. */
  with(tally: readonly unknown[], step: string, event: E): readonly unknown[] {
    const slots = this.#slotsByStep.get(step);
    if (slots === undefined) return tally;
    const next = tally.slice();
    for (const index of slots) next[index] = advanced(this.#slots[index] as Slot, next[index], event);
    return next;
  }

  /** The tally of a whole chain, for one that comes out of a snapshot. */
  of(last: Bound<E> | undefined): readonly unknown[] {
    const chain: Bound<E>[] = [];
    for (let bound = last; bound !== undefined; bound = bound.before) chain.push(bound);
    return chain.reduceRight((tally, { name, event }) => this.with(tally, name, event), this.empty);
  }

  value(term: AggregateTerm, tally: readonly unknown[], event: E): unknown {
    if (term.plusCurrent !== true) return this.known(term, tally);
    const [first, second] = this.#slotOf.get(term) ?? NO_SLOTS;
    return valueOf(term, this.#plus(first, tally, event), this.#plus(second, tally, event));
  }

  /** Over what is bound, without an event under test. */
  known(term: AggregateTerm, tally: readonly unknown[]): unknown {
    const [first = NO_SLOT, second = NO_SLOT] = this.#slotOf.get(term) ?? NO_SLOTS;
    return valueOf(term, tally[first], tally[second]);
  }

  #plus(index: number | undefined, tally: readonly unknown[], event: E): unknown {
    return index === undefined ? undefined : advanced(this.#slots[index] as Slot, tally[index], event);
  }
}

function valueOf({ agg }: AggregateTerm, value: unknown, count: unknown): unknown {
  if (agg !== 'avg') return value;
  return count === 0 ? undefined : (value as number) / (count as number);
}

const NO_SLOT = -1;

const NO_SLOTS: readonly number[] = [];

function advanced({ kind, field }: Slot, value: unknown, event: unknown): unknown {
  if (kind === 'count') return (value as number) + 1;
  const added = field === undefined ? undefined : fieldOf(event, field);
  if (kind === 'last') return added;
  if (kind === 'first') return value === undefined ? added : value;
  if (typeof added !== 'number') return value;
  if (kind === 'sum') return (value as number) + added;
  if (typeof value !== 'number') return added;
  return kind === 'min' ? Math.min(value, added) : Math.max(value, added);
}
