/**
 * From steps to the automaton of the run matcher. The semantics are those of Flink CEP's NFA (Apache Flink 2.x, and
 * the SASE+ paper: Agrawal et al., "Efficient Pattern Matching over Event Streams", SIGMOD 2008): which states exist and
 * which edges leave them follows that reference, since its answers are the conformance suite; see docs/patterns/deviations.md.
 *
 * Parts are compiled from the last to the first: each is given the state that follows it (its sink).
 */

import { connect, type Automaton, type State } from './automaton.ts';
import { and, not, type Condition } from './condition.ts';
import { Draft } from './draft.ts';
import { addFork, addPermutation } from './fork.ts';
import type { Part } from './part.ts';
import {
  freely,
  headsOptionalGroup,
  ignoreExtended,
  ignoreOf,
  innerContiguity,
  leadsToNegation,
  outerContiguity,
  takeOf,
  untilExtended,
  type Frame,
  type Place,
} from './place.ts';

/** What a state for one event needs, beside its place. */
interface Single<E> {
  readonly sink: State<E>;
  /** Where it goes without an event when it is optional. */
  readonly bypass: State<E> | undefined;
  readonly take: Condition<E>;
  readonly ignore: Condition<E> | undefined;
  readonly isOptional: boolean;
  readonly isFirstPass: boolean;
}

/** @param hasWithin - a negation at the end waits for that time */
export function compileAutomaton<E>(parts: readonly Part<E>[], hasWithin: boolean): Automaton<E> {
  return new Compiler<E>(hasWithin).compile(parts);
}

class Compiler<E> {
  readonly #draft = new Draft<E>();
  /** Of a greedy loop with `until`: what follows, as it was before the loop held it back. */
  readonly #unhindered = new Map<State<E>, State<E>>();
  readonly #hasWithin: boolean;

  constructor(hasWithin: boolean) {
    this.#hasWithin = hasWithin;
  }

  compile(parts: readonly Part<E>[]): Automaton<E> {
    return this.#draft.finished(this.#sequence(parts, this.#draft.final(), undefined, undefined));
  }

  #sequence(
    parts: readonly Part<E>[],
    sink: State<E>,
    frame: Frame<E> | undefined,
    after: Part<E> | undefined,
  ): State<E> {
    let last = sink;
    let following = after;
    for (let index = parts.length - 1; index >= 0; index--) {
      const part = parts[index] as Part<E>;
      const place: Place<E> = { parts, index, following, frame };
      if (part.negation === 'following') last = this.#notFollowing(place, part, last);
      else if (part.negation === 'next') last = this.#notNext(place, part, last);
      else last = this.#part(place, part, last);
      following = part;
    }
    return last;
  }

  /** Elsewhere it becomes edges to a stop state; at the end, a state that waits for time. */
  #notFollowing(place: Place<E>, part: Part<E>, sink: State<E>): State<E> {
    if (sink.kind !== 'final' || (part.gapMs === undefined && !this.#hasWithin)) return sink;
    const pending = this.#draft.state(part, 'pending');
    const condition = takeOf(place, part);
    connect(pending, 'proceed', this.#draft.stop(part.name, condition), condition);
    connect(pending, 'ignore', pending, not(condition));
    return pending;
  }

  #notNext(place: Place<E>, part: Part<E>, sink: State<E>): State<E> {
    const state = this.#draft.state(part);
    const condition = takeOf(place, part);
    const stop = this.#draft.stop(part.name, condition);
    // At the end the event after must have come: an `ignore` waits for it, a `proceed` would not.
    connect(state, sink.kind === 'final' ? 'ignore' : 'proceed', sink, not(condition));
    connect(state, 'proceed', stop, condition);
    return state;
  }

  #part(place: Place<E>, part: Part<E>, sink: State<E>): State<E> {
    const first = this.#repeated(place, part, sink);
    this.#draft.addStops(place, first);
    return first;
  }

  #repeated(place: Place<E>, part: Part<E>, sink: State<E>): State<E> {
    if (part.repeats === 'unbounded') {
      const loop = this.#loop(place, part, this.#draft.withoutNegations(place, part, sink));
      return this.#counted(place, part, loop, sink);
    }
    if (part.repeats === 'counted') return this.#counted(place, part, sink, sink);
    return this.#single(place, part, {
      sink,
      bypass: this.#wayAround(place, part, sink),
      take: takeOf(place, part),
      ignore: ignoreOf(place, part, outerContiguity(place, part)),
      isOptional: part.isOptional,
      isFirstPass: true,
    });
  }

  /** As many states in a row as the part may repeat; those above the least may be left early. */
  #counted(place: Place<E>, part: Part<E>, sink: State<E>, end: State<E>): State<E> {
    const take = untilExtended(takeOf(place, part), part.until);
    const ignore = ignoreExtended(ignoreOf(place, part, innerContiguity(place, part)), part.until);
    if (part.isGreedy && part.from !== part.to) {
      if (part.until !== undefined) this.#unhindered.set(sink, this.#draft.copy(sink));
      holdBack(sink, take);
    }
    let last = sink;
    const add = (isOptional: boolean): void => {
      const bypass = isOptional ? end : undefined;
      last = this.#single(place, part, { sink: last, bypass, take, ignore, isOptional, isFirstPass: false });
      this.#draft.addStopOfFollowing(place, last);
    };
    for (let count = part.from; count < part.to; count++) add(true);
    for (let count = 1; count < part.from; count++) add(false);
    return this.#single(place, part, {
      sink: last,
      bypass: this.#wayAround(place, part, end),
      take,
      ignore: ignoreOf(place, part, outerContiguity(place, part)),
      isOptional: part.isOptional,
      isFirstPass: true,
    });
  }

  /** Where an optional part leads without an event. */
  #wayAround(place: Place<E>, part: Part<E>, sink: State<E>): State<E> {
    return part.isOptional && leadsToNegation(place) ? this.#draft.stoppingAlone(sink) : sink;
  }

  #single(place: Place<E>, part: Part<E>, single: Single<E>): State<E> {
    if (part.body.kind !== 'single') return this.#composite(place, part, single);
    const state = this.#draft.state(part, this.#isComplete(place, single) ? 'pending' : 'normal');
    const sink = this.#draft.withoutNegations(place, part, single.sink);
    connect(state, 'take', sink, single.take);
    if (single.isOptional && single.bypass !== undefined) this.#addBypass(place, part, state, single.bypass);
    if (single.ignore !== undefined) {
      const waiting = single.isOptional || headsOptionalGroup(place) ? this.#waiting(place, part, sink, single) : state;
      connect(state, 'ignore', waiting, single.ignore);
    }
    return state;
  }

  /** Whether all that is missing is optional, and that the time for a negation at the end is over. */
  #isComplete(place: Place<E>, { isOptional, isFirstPass, bypass }: Single<E>): boolean {
    if (!isOptional || !isFirstPass || bypass?.kind !== 'pending') return false;
    return place.following?.negation !== 'following' || leadsToNegation(place);
  }

  /** After an event was passed over, the way around an optional part was gone already: it must not be gone twice. */
  #waiting(place: Place<E>, part: Part<E>, sink: State<E>, { take, ignore }: Single<E>): State<E> {
    const state = this.#draft.waiting(part);
    connect(state, 'take', sink, take);
    connect(state, 'ignore', state, ignore);
    this.#draft.addStops(place, state);
    return state;
  }

  #addBypass(place: Place<E>, part: Part<E>, state: State<E>, bypass: State<E>): void {
    const free = freely(place);
    if (!part.isGreedy || part.until === undefined) {
      connect(state, 'proceed', bypass, free);
      return;
    }
    connect(state, 'proceed', this.#unhindered.get(bypass) ?? bypass, and(free, part.until));
    connect(state, 'proceed', bypass, and(free, not(part.until)));
  }

  #loop(place: Place<E>, part: Part<E>, sink: State<E>): State<E> {
    if (part.body.kind !== 'single') return this.#compositeLoop(place, part, sink);
    const take = untilExtended(takeOf(place, part), part.until);
    const ignore = ignoreExtended(ignoreOf(place, part, innerContiguity(place, part)), part.until);
    const state = this.#draft.state(part);
    this.#addExit(place, part, state, sink);
    connect(state, 'take', state, take);
    this.#draft.addStopOfFollowing(place, state);
    if (ignore !== undefined) {
      const waiting = this.#draft.waiting(part);
      connect(waiting, 'take', state, take);
      connect(waiting, 'ignore', waiting, ignore);
      connect(state, 'ignore', waiting, ignore);
      this.#draft.addStopOfFollowing(place, waiting);
    }
    return state;
  }

  /** A greedy loop holds back what follows while it could take the event itself, unless `until` ended it. */
  #addExit(place: Place<E>, part: Part<E>, state: State<E>, sink: State<E>): void {
    const free = freely(place);
    if (!part.isGreedy) {
      connect(state, 'proceed', sink, free);
      return;
    }
    if (part.until !== undefined) {
      const unhindered = this.#draft.copy(sink);
      connect(state, 'proceed', unhindered, and(free, part.until));
      this.#unhindered.set(sink, unhindered);
    }
    connect(state, 'proceed', sink, part.until === undefined ? free : and(free, not(part.until)));
    holdBack(sink, takeOf(place, part));
  }

  /** Passes of a group meet in a state that binds nothing: from there the next pass begins or the loop is left. */
  #compositeLoop(place: Place<E>, part: Part<E>, sink: State<E>): State<E> {
    const joint = this.#draft.state(part);
    const first = this.#body(place, part, joint, false);
    connect(first, 'proceed', sink, freely(place));
    connect(joint, 'proceed', first, freely(place));
    return first;
  }

  #composite(place: Place<E>, part: Part<E>, single: Single<E>): State<E> {
    const { sink, bypass, isOptional, isFirstPass } = single;
    const body = this.#body(place, part, sink, isFirstPass);
    if (!isOptional || bypass === undefined) return body;
    const first = this.#isComplete(place, single) ? this.#draft.state(part, 'pending') : body;
    if (first !== body) connect(first, 'proceed', body);
    connect(first, 'proceed', bypass, freely(place));
    return first;
  }

  #body(place: Place<E>, part: Part<E>, sink: State<E>, isFirstPass: boolean): State<E> {
    const { body } = part;
    const frame: Frame<E> = { part, place, isFirstPass, isFork: body.kind !== 'group' };
    if (body.kind === 'group') return this.#sequence(body.parts, sink, frame, place.following);
    const contiguity = isFirstPass ? outerContiguity(place, part) : part.inner;
    if (body.kind === 'choice') {
      const heads = body.branches.map((branch) => this.#sequence(branch, sink, frame, place.following));
      return addFork(this.#draft, { place, part, heads, contiguity, waitsApart: true });
    }
    return body.kind === 'permutation' ? addPermutation(this.#draft, frame, body.parts, sink, contiguity) : sink;
  }
}

function holdBack<E>(state: State<E>, while_: Condition<E>): void {
  for (const edge of state.edges) edge.condition = and(edge.condition, not(while_));
}
