/**
 * From steps to the automaton of the run matcher. The semantics are those of Flink CEP's NFA (Apache Flink 2.x, and
 * the SASE+ paper: Agrawal et al., "Efficient Pattern Matching over Event Streams", SIGMOD 2008): which states exist and
 * which edges leave them follows that reference, since its answers are the conformance suite; see docs/patterns/semantics.md.
 *
 * Parts are compiled from the last to the first: each is given the state that follows it (its sink).
 */

import { connect, StateTable, type Automaton, type State } from './automaton.ts';
import { ALWAYS, and, not, or, type Condition } from './condition.ts';
import type { Contiguity, Part } from './part.ts';

/** Where a part stands: what precedes it in its sequence decides which negations still hold. */
interface Place<E> {
  readonly parts: readonly Part<E>[];
  readonly index: number;
  /** The part after it, also across the end of a group. */
  readonly following: Part<E> | undefined;
  readonly frame: Frame<E> | undefined;
}

/** The group around a sequence. */
interface Frame<E> {
  readonly part: Part<E>;
  /** The first pass of a loop follows what precedes the group; later passes follow the pass before. */
  readonly isFirstPass: boolean;
  /** Heads of branches do not wait, the fork before them does: it ends with the first event that suits any of them. */
  readonly isFork: boolean;
}

interface Negation<E> {
  readonly condition: Condition<E>;
  readonly name: string;
}

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

const FINAL_NAME = '(end)';

class Compiler<E> {
  readonly #table = new StateTable<E>();
  readonly #stops = new Map<string, State<E>>();
  /** Of a greedy loop with `until`: what follows, as it was before the loop held it back. */
  readonly #unhindered = new Map<State<E>, State<E>>();
  readonly #hasWithin: boolean;

  constructor(hasWithin: boolean) {
    this.#hasWithin = hasWithin;
  }

  compile(parts: readonly Part<E>[]): Automaton<E> {
    const final = this.#table.add(FINAL_NAME, 'final');
    const start = this.#sequence(parts, final, undefined, undefined);
    return { states: this.#table.states, start };
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
    const pending = this.#state(part, 'pending');
    const condition = takeOf(place, part);
    connect(pending, 'proceed', this.#stop(part.name, condition), condition);
    connect(pending, 'ignore', pending, not(condition));
    return pending;
  }

  #notNext(place: Place<E>, part: Part<E>, sink: State<E>): State<E> {
    const state = this.#state(part, 'normal');
    const condition = takeOf(place, part);
    const stop = this.#stop(part.name, condition);
    // At the end the event after must have come: an `ignore` waits for it, a `proceed` would not.
    connect(state, sink.kind === 'final' ? 'ignore' : 'proceed', sink, not(condition));
    connect(state, 'proceed', stop, condition);
    return state;
  }

  #part(place: Place<E>, part: Part<E>, sink: State<E>): State<E> {
    const first = this.#repeated(place, part, sink);
    this.#addStops(place, first);
    return first;
  }

  #repeated(place: Place<E>, part: Part<E>, sink: State<E>): State<E> {
    if (part.repeats === 'unbounded') {
      const loop = this.#loop(place, part, this.#withoutNegations(place, part, sink));
      return this.#counted(place, part, loop, sink);
    }
    if (part.repeats === 'counted') return this.#counted(place, part, sink, sink);
    return this.#single(place, part, {
      sink,
      bypass: sink,
      take: takeOf(place, part),
      ignore: ignoreOf(place, part, outerContiguity(place, part)),
      isOptional: part.isOptional,
      isFirstPass: true,
    });
  }

  /** As many states in a row as the part may repeat; those above the least may be left early. */
  #counted(place: Place<E>, part: Part<E>, sink: State<E>, bypass: State<E>): State<E> {
    const take = untilExtended(takeOf(place, part), part.until);
    const ignore = ignoreExtended(ignoreOf(place, part, innerContiguity(place, part)), part.until);
    if (part.isGreedy && part.from !== part.to) {
      if (part.until !== undefined) this.#unhindered.set(sink, this.#copy(sink));
      holdBack(sink, take);
    }
    let last = sink;
    const add = (isOptional: boolean): void => {
      const to = isOptional ? bypass : undefined;
      last = this.#single(place, part, { sink: last, bypass: to, take, ignore, isOptional, isFirstPass: false });
      this.#addStopOfFollowing(place, last);
    };
    for (let count = part.from; count < part.to; count++) add(true);
    for (let count = 1; count < part.from; count++) add(false);
    return this.#single(place, part, {
      sink: last,
      bypass,
      take,
      ignore: ignoreOf(place, part, outerContiguity(place, part)),
      isOptional: part.isOptional,
      isFirstPass: true,
    });
  }

  #single(place: Place<E>, part: Part<E>, single: Single<E>): State<E> {
    if (part.body.kind !== 'single') return this.#composite(place, part, single);
    const state = this.#state(part, 'normal');
    const sink = this.#withoutNegations(place, part, single.sink);
    connect(state, 'take', sink, single.take);
    if (single.isOptional && single.bypass !== undefined) this.#addBypass(place, part, state, single.bypass);
    if (single.ignore !== undefined) {
      const waiting = single.isOptional || headsOptionalGroup(place) ? this.#waiting(place, part, sink, single) : state;
      connect(state, 'ignore', waiting, single.ignore);
    }
    return state;
  }

  /** After an event was passed over, the way around an optional part was gone already: it must not be gone twice. */
  #waiting(place: Place<E>, part: Part<E>, sink: State<E>, { take, ignore }: Single<E>): State<E> {
    const state = this.#table.add(part.name, 'normal');
    connect(state, 'take', sink, take);
    connect(state, 'ignore', state, ignore);
    this.#addStops(place, state);
    return state;
  }

  #addBypass(place: Place<E>, part: Part<E>, state: State<E>, bypass: State<E>): void {
    const free = freely(place.frame);
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
    const state = this.#state(part, 'normal');
    this.#addExit(place, part, state, sink);
    connect(state, 'take', state, take);
    this.#addStopOfFollowing(place, state);
    if (ignore !== undefined) {
      const waiting = this.#table.add(part.name, 'normal');
      connect(waiting, 'take', state, take);
      connect(waiting, 'ignore', waiting, ignore);
      connect(state, 'ignore', waiting, ignore);
      this.#addStopOfFollowing(place, waiting);
    }
    return state;
  }

  /** A greedy loop holds back what follows while it could take the event itself, unless `until` ended it. */
  #addExit(place: Place<E>, part: Part<E>, state: State<E>, sink: State<E>): void {
    const free = freely(place.frame);
    if (!part.isGreedy) {
      connect(state, 'proceed', sink, free);
      return;
    }
    if (part.until !== undefined) {
      const unhindered = this.#copy(sink);
      connect(state, 'proceed', unhindered, and(free, part.until));
      this.#unhindered.set(sink, unhindered);
    }
    connect(state, 'proceed', sink, part.until === undefined ? free : and(free, not(part.until)));
    holdBack(sink, takeOf(place, part));
  }

  /** Passes of a group meet in a state that binds nothing: from there the next pass begins or the loop is left. */
  #compositeLoop(place: Place<E>, part: Part<E>, sink: State<E>): State<E> {
    const joint = this.#state(part, 'normal');
    const first = this.#body(place, part, joint, false);
    connect(first, 'proceed', sink, freely(place.frame));
    connect(joint, 'proceed', first, freely(place.frame));
    return first;
  }

  #composite(place: Place<E>, part: Part<E>, { sink, bypass, isOptional, isFirstPass }: Single<E>): State<E> {
    const first = this.#body(place, part, sink, isFirstPass);
    if (isOptional && bypass !== undefined) connect(first, 'proceed', bypass, freely(place.frame));
    return first;
  }

  #body(place: Place<E>, part: Part<E>, sink: State<E>, isFirstPass: boolean): State<E> {
    const { body } = part;
    const isFork = body.kind !== 'group';
    const frame: Frame<E> = { part, isFirstPass, isFork };
    if (body.kind === 'group') return this.#sequence(body.parts, sink, frame, place.following);
    const contiguity = isFirstPass ? outerContiguity(place, part) : part.inner;
    if (body.kind === 'choice') {
      const heads = body.branches.map((branch) => this.#sequence(branch, sink, frame, place.following));
      return this.#fork(place, part, heads, contiguity, true);
    }
    if (body.kind === 'permutation') return this.#permutation(place, frame, body.parts, sink, contiguity);
    return sink;
  }

  /** A state from which several go on. It waits apart where ways around or out of it may be added: they are gone once. */
  #fork(
    place: Place<E>,
    part: Part<E>,
    heads: readonly State<E>[],
    contiguity: Contiguity,
    waitsApart: boolean,
  ): State<E> {
    const fork = this.#state(part, 'normal');
    for (const head of heads) connect(fork, 'proceed', head);
    const ignore = ignoreExtended(skipping(contiguity, heads.map(takenFrom).reduce(or)), place.frame?.part.until);
    if (ignore === undefined) return fork;
    const waiting = waitsApart ? this.#table.add(part.name, 'normal') : fork;
    if (waitsApart) {
      for (const head of heads) connect(waiting, 'proceed', head);
      connect(waiting, 'ignore', waiting, ignore);
      this.#addStops(place, waiting);
    }
    connect(fork, 'ignore', waiting, ignore);
    return fork;
  }

  /** One state per set of parts that have come, from all of them back to none. */
  #permutation(
    place: Place<E>,
    frame: Frame<E>,
    members: readonly Part<E>[],
    sink: State<E>,
    contiguity: Contiguity,
  ): State<E> {
    const all = (1 << members.length) - 1;
    const between = strictest(members.slice(1));
    const bySet: State<E>[] = [];
    bySet[all] = sink;
    for (let come = all - 1; come >= 0; come--) {
      const missing = members.filter((_, index) => (come & (1 << index)) === 0);
      const heads = missing.map((member) => {
        const state = this.#state(member, 'normal');
        const to = bySet[come | (1 << members.indexOf(member))] ?? sink;
        connect(state, 'take', to, takeOf({ frame }, member));
        return state;
      });
      bySet[come] = this.#fork(place, frame.part, heads, come === 0 ? contiguity : between, come === 0);
    }
    return bySet[0] ?? sink;
  }

  #addStops(place: Place<E>, state: State<E>): void {
    for (const { condition, name } of negationsBefore(place)) {
      connect(state, 'proceed', this.#stop(name, condition), condition);
    }
  }

  #addStopOfFollowing({ following, frame }: Place<E>, state: State<E>): void {
    if (following?.negation !== 'following') return;
    const condition = takeOf({ frame }, following);
    connect(state, 'proceed', this.#stop(following.name, condition), condition);
  }

  #stop(name: string, condition: Condition<E>): State<E> {
    const existing = this.#stops.get(name);
    if (existing !== undefined) return existing;
    const stop = this.#table.add(name, 'stop');
    connect(stop, 'take', stop, condition);
    this.#stops.set(name, stop);
    return stop;
  }

  /** An event that an optional part takes ends the negations before it: what follows must not know them. */
  #withoutNegations(place: Place<E>, part: Part<E>, sink: State<E>): State<E> {
    const negations = negationsBefore(place);
    if (negations.length === 0 || !part.isOptional) return sink;
    const ended = new Set(negations.map(({ name }) => name));
    const copies = new Map<State<E>, State<E>>();
    const copyOf = (state: State<E>): State<E> => {
      const known = copies.get(state);
      if (known !== undefined) return known;
      const copy = this.#table.twin(state);
      copies.set(state, copy);
      for (const { action, to, condition } of state.edges) {
        if (action !== 'proceed') connect(copy, action, to === state ? copy : to, condition);
        else if (to.kind !== 'stop') connect(copy, action, copyOf(to), condition);
        else if (!ended.has(to.label)) connect(copy, action, to, condition);
      }
      return copy;
    };
    return copyOf(sink);
  }

  #copy(state: State<E>): State<E> {
    const copy = this.#table.twin(state);
    for (const { action, to, condition } of state.edges) connect(copy, action, to === state ? copy : to, condition);
    return copy;
  }

  /** A gap is asked of each state of a step that stands alone, and of all but the last of one that repeats. */
  #state(part: Part<E>, kind: State<E>['kind']): State<E> {
    return this.#table.add(part.name, kind, (isRepeated) => {
      if (part.repeats === 'once') return part.gapMs;
      return isRepeated ? part.repeatGapMs : undefined;
    });
  }
}

/** The negations that an event at this place must not meet: those just before, and before optional parts. */
function negationsBefore<E>({ parts, index, frame }: Place<E>): Negation<E>[] {
  const negations: Negation<E>[] = [];
  for (let at = index - 1; at >= 0; at--) {
    const part = parts[at] as Part<E>;
    if (!part.isOptional && part.negation !== 'following') break;
    if (part.negation === 'following') negations.push({ condition: takeOf({ frame }, part), name: part.name });
  }
  return negations;
}

function takeOf<E>({ frame }: Pick<Place<E>, 'frame'>, part: Part<E>): Condition<E> {
  return untilExtended(conditionOf(part), frame?.part.until);
}

function conditionOf<E>({ body }: Part<E>): Condition<E> {
  return body.kind === 'single' ? body.condition : ALWAYS;
}

function ignoreOf<E>({ frame }: Place<E>, part: Part<E>, contiguity: Contiguity): Condition<E> | undefined {
  return ignoreExtended(skipping(contiguity, conditionOf(part)), frame?.part.until);
}

function skipping<E>(contiguity: Contiguity, awaited: Condition<E>): Condition<E> | undefined {
  if (contiguity === 'strict') return undefined;
  return contiguity === 'any' ? ALWAYS : not(awaited);
}

function isHead<E>({ index, frame }: Place<E>): boolean {
  return frame !== undefined && index === 0;
}

/** How a part follows what precedes it; the head of a group does as the group does. */
function outerContiguity<E>(place: Place<E>, part: Part<E>): Contiguity {
  const { frame } = place;
  if (frame === undefined || !isHead(place)) return part.contiguity;
  if (frame.isFork) return 'strict';
  return frame.isFirstPass ? frame.part.contiguity : frame.part.inner;
}

/** The head of a group repeats as the group does. */
function innerContiguity<E>(place: Place<E>, part: Part<E>): Contiguity {
  const { frame } = place;
  return frame === undefined || frame.isFork || !isHead(place) ? part.inner : frame.part.inner;
}

function headsOptionalGroup<E>(place: Place<E>): boolean {
  return isHead(place) && place.frame?.isFirstPass === true && place.frame.part.isOptional;
}

function untilExtended<E>(condition: Condition<E>, until: Condition<E> | undefined): Condition<E> {
  return until === undefined ? condition : and(not(until), condition);
}

function ignoreExtended<E>(
  condition: Condition<E> | undefined,
  until: Condition<E> | undefined,
): Condition<E> | undefined {
  return condition === undefined ? undefined : untilExtended(condition, until);
}

function freely<E>(frame: Frame<E> | undefined): Condition<E> {
  return untilExtended(ALWAYS, frame?.part.until);
}

function holdBack<E>(state: State<E>, while_: Condition<E>): void {
  for (const edge of state.edges) edge.condition = and(edge.condition, not(while_));
}

/** When a state, or what it leads to for free, takes an event. */
function takenFrom<E>(state: State<E>): Condition<E> {
  return state.edges
    .filter(({ action, to }) => action === 'take' || (action === 'proceed' && to.kind === 'normal'))
    .map(({ action, to, condition }) => (action === 'take' ? condition : and(condition, takenFrom(to))))
    .reduce(or, not<E>(ALWAYS));
}

function strictest(parts: readonly Part<never>[]): Contiguity {
  if (parts.some(({ contiguity }) => contiguity === 'strict')) return 'strict';
  return parts.every(({ contiguity }) => contiguity === 'any') ? 'any' : 'relaxed';
}
