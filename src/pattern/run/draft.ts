/** The automaton while it is drawn: its states, the stop states that negations lead to, and copies with other edges. */

import { connect, StateTable, type Automaton, type Edge, type State, type StateKind } from './automaton.ts';
import { and, not, type Condition } from './condition.ts';
import type { Part } from './part.ts';
import { negationsBefore, takeOf, type Place } from './place.ts';

export class Draft<E> {
  readonly #table = new StateTable<E>();
  readonly #stops = new Map<string, State<E>>();

  finished(start: State<E>): Automaton<E> {
    return { states: this.#table.states, start };
  }

  final(): State<E> {
    return this.#table.add('(end)', 'final');
  }

  /** A gap is asked of each state of a step that stands alone, and of all but the last of one that repeats. */
  state(part: Part<E>, kind: StateKind = 'normal'): State<E> {
    return this.#table.add(part.name, kind, (isRepeated) => {
      if (part.repeats === 'once') return part.gapMs;
      return isRepeated ? part.repeatGapMs : undefined;
    });
  }

  /** A second state of a part, for after an event was passed over. It asks no gap. */
  waiting(part: Part<E>): State<E> {
    return this.#table.add(part.name, 'normal');
  }

  stop(name: string, condition: Condition<E>): State<E> {
    const existing = this.#stops.get(name);
    if (existing !== undefined) return existing;
    const stop = this.#table.add(name, 'stop');
    connect(stop, 'take', stop, condition);
    this.#stops.set(name, stop);
    return stop;
  }

  /** What must not come before a part ends the match while it waits here. */
  addStops(place: Place<E>, state: State<E>): void {
    for (const { condition, name } of negationsBefore(place)) {
      connect(state, 'proceed', this.stop(name, condition), condition);
    }
  }

  /** What must not come after a loop ends it while a repetition is awaited. */
  addStopOfFollowing({ following, frame }: Place<E>, state: State<E>): void {
    if (following?.negation !== 'following') return;
    const condition = takeOf({ frame }, following);
    connect(state, 'proceed', this.stop(following.name, condition), condition);
  }

  copy(state: State<E>): State<E> {
    const copy = this.#table.twin(state);
    for (const { action, to, condition } of state.edges) connect(copy, action, to === state ? copy : to, condition);
    return copy;
  }

  /** An event that an optional part takes ends the negations before it: what follows must not know them. */
  withoutNegations(place: Place<E>, part: Part<E>, sink: State<E>): State<E> {
    const negations = negationsBefore(place);
    if (negations.length === 0 || !part.isOptional) return sink;
    const ended = new Set(negations.map(({ name }) => name));
    const edgesOf = ({ edges }: State<E>): readonly Edge<E>[] =>
      edges.filter(({ to }) => to.kind !== 'stop' || !ended.has(to.label));
    return this.#freeCopy(sink, edgesOf, true);
  }

  /** Where a stop would end a match with all its branches, the branch that comes this way ends alone. */
  stoppingAlone(sink: State<E>): State<E> {
    const edgesOf = ({ edges }: State<E>): readonly Edge<E>[] => {
      const unless = edges.filter(({ to }) => to.kind === 'stop').map(({ condition }) => not(condition));
      const others = edges.filter(({ to }) => to.kind !== 'stop');
      return others.map((edge) => ({ ...edge, condition: [edge.condition, ...unless].reduce(and) }));
    };
    return this.#freeCopy(sink, edgesOf, false);
  }

  /**
   * A copy of a state and of all that it leads to for free, each with the edges that it is given.
   *
   * @param staysThere - what waits after an event was passed over waits in the copy, not in the original
   */
  #freeCopy(state: State<E>, edgesOf: (state: State<E>) => readonly Edge<E>[], staysThere: boolean): State<E> {
    const copies = new Map<State<E>, State<E>>();
    const copyOf = (original: State<E>): State<E> => {
      const known = copies.get(original);
      if (known !== undefined) return known;
      const copy = this.#table.twin(original);
      copies.set(original, copy);
      for (const { action, to, condition } of edgesOf(original)) {
        if (action === 'proceed') connect(copy, action, to.kind === 'stop' ? to : copyOf(to), condition);
        else connect(copy, action, to === original && staysThere ? copy : to, condition);
      }
      return copy;
    };
    return copyOf(state);
  }
}
