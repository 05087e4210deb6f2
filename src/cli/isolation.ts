/**
 * From the deaths of a flow's threads to the event that they died of.
 *
 * A first death tells nothing: the next thread lets in what came after the checkpoint piece by piece (`runtime/intake/inspection`).
 * A death in a piece makes that piece the suspect, cut smaller by the next thread, down to one event. One that held its
 * thread alone is the one. One that ended it is tried once more: whatever else was about to end the thread (memory that leaks, a
 * timer of an event before) would rarely do so at the same event.
 *
 * Invariants (isolation.test.ts)
 * - An event is set apart only when a thread was held with it alone on its way, or was ended so twice.
 * - Each death that is not counted narrows what is suspected, so there are only so many of them.
 */

import type { ThreadNotes } from '../host/supervised-thread.ts';
import type { EventRange, SetApart, Suspicion } from '../runtime/supervision.ts';

export interface Death extends ThreadNotes {
  /** Its code held it; else it ended by itself. */
  readonly wasHeld: boolean;
  /** What happened, for people. */
  readonly what: string;
}

export type Finding =
  /** Nothing that leads closer. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'closer'; readonly range: EventRange }
  | { readonly kind: 'found'; readonly event: SetApart };

export class Isolation {
  #suspicion: Suspicion = { given: [], among: undefined, apart: [] };

  /** For the next thread. */
  get suspicion(): Suspicion | undefined {
    const { given, among, apart } = this.#suspicion;
    const isSought = among === 'given' ? given.some((events) => events > 0) : among !== undefined;
    return isSought || apart.length > 0 ? this.#suspicion : undefined;
  }

  died({ given: after, alone: range, wasHeld, what }: Death): Finding {
    const { given, among, apart } = this.#suspicion;
    if (range === undefined) {
      this.#suspicion = { given: after, among: 'given', apart };
      return { kind: 'nothing' };
    }
    // Whatever is alone is so after the same checkpoint as those that were given before: none is taken meanwhile.
    const before = typeof among === 'object' ? among : undefined;
    if (range.count === 1 && (wasHeld || isSame(before, range))) {
      const event = { ...range, reason: what };
      this.#suspicion = { given, among: undefined, apart: [...apart, event] };
      return { kind: 'found', event };
    }
    this.#suspicion = { given, among: range, apart };
    return before === undefined || isCloser(range, before) ? { kind: 'closer', range } : { kind: 'nothing' };
  }
}

function isSame(before: EventRange | undefined, range: EventRange): boolean {
  return before !== undefined && before.count === range.count && isInside(range, before);
}

function isCloser(range: EventRange, before: EventRange): boolean {
  return range.count < before.count && isInside(range, before);
}

function isInside(range: EventRange, other: EventRange): boolean {
  const { source, partition, base, from, count } = range;
  if (source !== other.source || partition !== other.partition || base !== other.base) return false;
  return from >= other.from && from + count <= other.from + other.count;
}
