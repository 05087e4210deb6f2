/**
 * The automaton that a pattern becomes. Three kinds of edges: `take` binds the event and moves on, `ignore` passes over it,
 * `proceed` is free: what follows is tried on the same event.
 */

import { ALWAYS, type Condition } from './condition.ts';

/** `pending`: ends with a negation, and is a match once its time is over. */
export type StateKind = 'normal' | 'final' | 'stop' | 'pending';

export interface Edge<E> {
  readonly action: 'take' | 'ignore' | 'proceed';
  readonly from: State<E>;
  readonly to: State<E>;
  /** Narrowed while the automaton is built: greedy loops hold back what follows them. */
  condition: Condition<E>;
}

export interface State<E> {
  readonly index: number;
  /** Name of the step whose events its `take` edges bind. */
  readonly name: string;
  /** Unique. */
  readonly label: string;
  readonly kind: StateKind;
  readonly edges: Edge<E>[];
  /** Longest time since the event before while a partial match waits here. */
  readonly gapMs: number | undefined;
}

export interface Automaton<E> {
  readonly states: readonly State<E>[];
  readonly start: State<E>;
}

const DELIMITER = ':';

/** States under construction. */
export class StateTable<E> {
  readonly states: State<E>[] = [];
  readonly #labels = new Set<string>();

  /** @param gapMs - asked with whether another state of the same step exists already */
  add(name: string, kind: StateKind, gapMs: (isRepeated: boolean) => number | undefined = () => undefined): State<E> {
    const label = this.#freeLabel(name);
    return this.#keep({ index: this.states.length, name, label, kind, edges: [], gapMs: gapMs(label !== name) });
  }

  /** Like that one, without its edges and its gap. */
  twin({ name, kind, label }: State<E>): State<E> {
    const own = this.#freeLabel(label);
    return this.#keep({ index: this.states.length, name, label: own, kind, edges: [], gapMs: undefined });
  }

  #keep(state: State<E>): State<E> {
    this.states.push(state);
    return state;
  }

  #freeLabel(name: string): string {
    let label = name;
    for (let copy = 0; this.#labels.has(label); copy++) label = `${name}${DELIMITER}${copy}`;
    this.#labels.add(label);
    return label;
  }
}

export function connect<E>(
  from: State<E>,
  action: Edge<E>['action'],
  to: State<E>,
  condition: Condition<E> = ALWAYS,
): void {
  from.edges.push({ action, from, to, condition });
}
