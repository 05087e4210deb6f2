/** States from which several parts go on: alternatives, and parts that come in any order. */

import { connect, type State } from './automaton.ts';
import { ALWAYS, and, not, or, type Condition } from './condition.ts';
import type { Draft } from './draft.ts';
import type { Contiguity, Part } from './part.ts';
import { ignoreExtended, skipping, takeOf, type Frame, type Place } from './place.ts';

export interface Fork<E> {
  readonly place: Place<E>;
  readonly part: Part<E>;
  readonly heads: readonly State<E>[];
  /** How the first event of the heads follows. */
  readonly contiguity: Contiguity;
  /** It waits in a state of its own, since ways around or out of the fork may be added: they are gone once. */
  readonly waitsApart: boolean;
}

export function addFork<E>(draft: Draft<E>, { place, part, heads, contiguity, waitsApart }: Fork<E>): State<E> {
  const fork = draft.state(part);
  for (const head of heads) connect(fork, 'proceed', head);
  const ignore = ignoreExtended(skipping(contiguity, heads.map(takenFrom).reduce(or)), place.frame?.part.until);
  if (ignore === undefined) return fork;
  const waiting = waitsApart ? draft.waiting(part) : fork;
  if (waitsApart) {
    for (const head of heads) connect(waiting, 'proceed', head);
    connect(waiting, 'ignore', waiting, ignore);
    draft.addStops(place, waiting);
  }
  connect(fork, 'ignore', waiting, ignore);
  return fork;
}

/** One state per set of parts that have come, from all of them back to none. */
export function addPermutation<E>(
  draft: Draft<E>,
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
      const state = draft.state(member);
      const to = bySet[come | (1 << members.indexOf(member))] ?? sink;
      connect(state, 'take', to, takeOf({ frame }, member));
      return state;
    });
    const isFirst = come === 0;
    const { place, part } = frame;
    bySet[come] = addFork(draft, {
      place,
      part,
      heads,
      contiguity: isFirst ? contiguity : between,
      waitsApart: isFirst,
    });
  }
  return bySet[0] ?? sink;
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
