/** Where a part stands in a pattern, and what that makes of its conditions. */

import { ALWAYS, and, not, type Condition } from './condition.ts';
import type { Contiguity, Part } from './part.ts';

/** What precedes a part in its sequence decides which negations still hold. */
export interface Place<E> {
  readonly parts: readonly Part<E>[];
  readonly index: number;
  /** The part after it, also across the end of a group. */
  readonly following: Part<E> | undefined;
  readonly frame: Frame<E> | undefined;
}

/** The group around a sequence. */
export interface Frame<E> {
  readonly part: Part<E>;
  readonly place: Place<E>;
  /** The first pass of a loop follows what precedes the group; later passes follow the pass before. */
  readonly isFirstPass: boolean;
  /** Heads of branches do not wait, the fork before them does: it ends with the first event that suits any of them. */
  readonly isFork: boolean;
}

/** What must not come, and the name of the step that says so. */
export interface Negation<E> {
  readonly condition: Condition<E>;
  readonly name: string;
}

/** The negations that an event at this place must not meet: those just before, and before optional parts. */
export function negationsBefore<E>({ parts, index, frame }: Place<E>): Negation<E>[] {
  const negations: Negation<E>[] = [];
  for (let at = index - 1; at >= 0; at--) {
    const part = parts[at] as Part<E>;
    if (!part.isOptional && part.negation !== 'following') break;
    if (part.negation === 'following') negations.push({ condition: takeOf({ frame }, part), name: part.name });
  }
  return negations;
}

/**
 * Whether the way around an optional part leads to a negation: what the negation forbids then ends that way alone, and
 * the part may still come. Where a group that must come ends so, the reference has a rule of its own: all of it ends.
 */
export function leadsToNegation<E>({ parts, index, following, frame }: Place<E>): boolean {
  if (following === undefined || following.negation === 'none') return false;
  if (parts[index + 1] === following || frame === undefined) return true;
  const { place: outer, part, isFork } = frame;
  if (isFork || part.isOptional) return true;
  return outer.parts[outer.index + 1] !== following && leadsToNegation(outer);
}

export function takeOf<E>({ frame }: Pick<Place<E>, 'frame'>, part: Part<E>): Condition<E> {
  return untilExtended(conditionOf(part), frame?.part.until);
}

/** When it passes over an event; undefined: never. */
export function ignoreOf<E>({ frame }: Place<E>, part: Part<E>, contiguity: Contiguity): Condition<E> | undefined {
  return ignoreExtended(skipping(contiguity, conditionOf(part)), frame?.part.until);
}

export function skipping<E>(contiguity: Contiguity, awaited: Condition<E>): Condition<E> | undefined {
  if (contiguity === 'strict') return undefined;
  return contiguity === 'any' ? ALWAYS : not(awaited);
}

export function untilExtended<E>(condition: Condition<E>, until: Condition<E> | undefined): Condition<E> {
  return until === undefined ? condition : and(not(until), condition);
}

export function ignoreExtended<E>(
  condition: Condition<E> | undefined,
  until: Condition<E> | undefined,
): Condition<E> | undefined {
  return condition === undefined ? undefined : untilExtended(condition, until);
}

/** A way that is open until the group around it ends. */
export function freely<E>({ frame }: Pick<Place<E>, 'frame'>): Condition<E> {
  return untilExtended(ALWAYS, frame?.part.until);
}

/** How a part follows what precedes it; the head of a group does as the group does. */
export function outerContiguity<E>(place: Place<E>, part: Part<E>): Contiguity {
  const { frame } = place;
  if (frame === undefined || !isHead(place)) return part.contiguity;
  if (frame.isFork) return 'strict';
  return frame.isFirstPass ? frame.part.contiguity : frame.part.inner;
}

/** The head of a group repeats as the group does. */
export function innerContiguity<E>(place: Place<E>, part: Part<E>): Contiguity {
  const { frame } = place;
  return frame === undefined || frame.isFork || !isHead(place) ? part.inner : frame.part.inner;
}

export function headsOptionalGroup<E>(place: Place<E>): boolean {
  return isHead(place) && place.frame?.isFirstPass === true && place.frame.part.isOptional;
}

function isHead<E>({ index, frame }: Place<E>): boolean {
  return frame !== undefined && index === 0;
}

function conditionOf<E>({ body }: Part<E>): Condition<E> {
  return body.kind === 'single' ? body.condition : ALWAYS;
}
