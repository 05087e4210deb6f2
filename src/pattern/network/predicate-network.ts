/**
 * Every distinct one-event predicate of all patterns, numbered, and which of them hold for the event at hand.
 *
 * Invariants (predicate-network.test.ts)
 * - Equal predicates have one number: order and nesting of `and`/`or`, double negation and swapped sides do not matter.
 * - A predicate is evaluated at most once per event, a field is read at most once per event.
 * - A number is reused only after all who held it have let go.
 */

import { FunctionNumbers } from '../function-numbers.ts';
import type { EventTruth, PredicateTable } from '../matcher.ts';
import { COMPARE, isOfType } from '../model/evaluate.ts';
import type { Predicate } from '../model/predicate.ts';
import { canonical, type CanonicalPredicate } from './canonical.ts';
import { Comparisons } from './comparisons.ts';
import { EventFields } from './event-fields.ts';

/** Stamps run up to here and then begin again, once in 500 million events. */
const LAST_STAMP = 2 ** 30;

/** How a numbered predicate is answered; operands are numbers of predicates. */
export type Test =
  | { readonly kind: 'true' }
  | { readonly kind: 'field'; readonly field: number; readonly holds: (value: unknown) => boolean }
  | { readonly kind: 'fields'; readonly left: number; readonly right: number; readonly holds: PairTest }
  | { readonly kind: 'event'; readonly holds: (event: never) => unknown }
  | { readonly kind: 'and' | 'or' | 'not'; readonly operands: readonly number[] };

type PairTest = (left: unknown, right: unknown) => boolean;

interface Entry {
  readonly key: string;
  readonly predicate: CanonicalPredicate;
  readonly test: Test;
  holders: number;
}

export class PredicateNetwork implements EventTruth {
  readonly #entries: (Entry | undefined)[] = [];
  readonly #tests: Test[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #free: number[] = [];
  readonly #calls = new FunctionNumbers();
  /** By predicate: the stamp of the last event that was asked about, plus one if it held. */
  #answers: Int32Array = new Int32Array(64);
  readonly #fields = new EventFields();
  readonly #comparisons = new Comparisons();
  #failure: { readonly cause: unknown } | undefined;
  #stamp = 0;

  /** Predicates held by somebody. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Turns to the next event: what was known of the last one is forgotten. */
  turnTo(event: unknown): void {
    this.#stamp += 2;
    if (this.#stamp >= LAST_STAMP) {
      this.#stamp = 2;
      this.#answers.fill(0);
      this.#fields.forget();
    }
    this.#fields.turnTo(event, this.#stamp);
  }

  holds(predicate: number): boolean {
    const answer = this.#answers[predicate] as number;
    if (answer >= this.#stamp) return answer > this.#stamp;
    const comparisons = this.#comparisons;
    const holds = comparisons.has(predicate)
      ? comparisons.holds(predicate, this.#fields)
      : this.#evaluate(this.#tests[predicate] as Test);
    this.#answers[predicate] = holds ? this.#stamp + 1 : this.#stamp;
    return holds;
  }

  /** A field of the event at hand. */
  value(field: number): unknown {
    return this.#fields.value(field);
  }

  /** What a function of the user has thrown first since the last call. */
  takeFailure(): { readonly cause: unknown } | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  /** The number by which `value` knows a field. */
  fieldId(name: string): number {
    return this.#fields.idOf(name);
  }

  /** The canonical form of a numbered predicate. */
  predicateOf(predicate: number): CanonicalPredicate {
    return (this.#entries[predicate] as Entry).predicate;
  }

  /** A table that keeps its predicates until it is released: one for each pattern. */
  table<E>(): PredicateHold<E> {
    const held: number[] = [];
    return {
      idOf: (predicate) => {
        const id = this.#hold(canonical(predicate as Predicate));
        held.push(id);
        return id;
      },
      release: () => held.splice(0).forEach((id) => this.#letGo(id)),
    };
  }

  #hold(predicate: CanonicalPredicate): number {
    const key = this.#keyOf(predicate);
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      (this.#entries[known] as Entry).holders += 1;
      return known;
    }
    const test = this.#testOf(predicate);
    const id = this.#free.pop() ?? this.#entries.length;
    this.#entries[id] = { key, predicate, test, holders: 1 };
    this.#tests[id] = test;
    this.#byKey.set(key, id);
    this.#comparisons.enter(id, predicate, this.#fields);
    if (id >= this.#answers.length) {
      const longer = new Int32Array(2 * id);
      longer.set(this.#answers);
      this.#answers = longer;
    }
    this.#answers[id] = 0;
    return id;
  }

  #letGo(id: number): void {
    const entry = this.#entries[id] as Entry;
    entry.holders -= 1;
    if (entry.holders > 0) return;
    this.#entries[id] = undefined;
    this.#byKey.delete(entry.key);
    this.#free.push(id);
    if ('operands' in entry.test) for (const operand of entry.test.operands) this.#letGo(operand);
  }

  #testOf(predicate: CanonicalPredicate): Test {
    switch (predicate.kind) {
      case 'true':
        return { kind: 'true' };
      case 'isType':
        return { kind: 'event', holds: (event: unknown) => isOfType(event, predicate.type) };
      case 'call':
        return { kind: 'event', holds: predicate.call };
      case 'compare': {
        const { op, literal } = predicate;
        const compare = COMPARE[op];
        return { kind: 'field', field: this.fieldId(predicate.field), holds: (value) => compare(value, literal) };
      }
      case 'compareFields': {
        const [left, right] = [this.fieldId(predicate.left), this.fieldId(predicate.right)];
        return { kind: 'fields', left, right, holds: COMPARE[predicate.op] };
      }
      case 'and':
      case 'or':
      case 'not':
        return { kind: predicate.kind, operands: predicate.operands.map((operand) => this.#hold(operand)) };
    }
  }

  #evaluate(test: Test): boolean {
    switch (test.kind) {
      case 'field':
        return test.holds(this.value(test.field));
      case 'and':
        for (const operand of test.operands) if (!this.holds(operand)) return false;
        return true;
      case 'or':
        for (const operand of test.operands) if (this.holds(operand)) return true;
        return false;
      case 'not':
        return !this.holds(test.operands[0] as number);
      case 'event':
        return this.#ask(test.holds);
      case 'fields':
        return test.holds(this.value(test.left), this.value(test.right));
      case 'true':
        return true;
    }
  }

  /** A function that throws does not hold. */
  #ask(holds: (event: never) => unknown): boolean {
    try {
      return Boolean(holds(this.#fields.event as never));
    } catch (cause) {
      this.#failure ??= { cause };
      return false;
    }
  }

  #keyOf(predicate: CanonicalPredicate): string {
    if (predicate.kind === 'call') return `call ${this.#calls.of(predicate.call)}`;
    if ('operands' in predicate) {
      const keys = predicate.operands.map((operand) => this.#keyOf(operand));
      return `${predicate.kind}(${keys.sort().join(',')})`;
    }
    return predicate.key;
  }
}

export interface PredicateHold<E> extends PredicateTable<E> {
  release(): void;
}
