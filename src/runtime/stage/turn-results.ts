import type { Part, Taken } from '../../buffer/edge.ts';
import type { Origin } from '../../event/origin.ts';
import type { Place } from './place.ts';

/** What a result counts for on the edge that follows; its real size is not known. */
const ASSUMED_RESULT_BYTES = 128;

/**
 * Results that go on together. Each holds a reference to its origin until `taken`, which keeps one per part.
 *
 * They take the place of the calls that gave them, in the same array, which has the room: one that grew would cost as much
 * as all else that is done here (bench:engine, iv).
 */
export class TurnResults {
  readonly results: unknown[];
  readonly #parts: { readonly origin: Origin; events: number }[] = [];
  #last: { readonly origin: Origin; events: number } | undefined;
  #count = 0;

  /** @param ended - what has been read of it is written over; no more than has been read may be added */
  constructor(ended: Place[]) {
    this.results = ended;
  }

  add(result: unknown, origin: Origin): void {
    this.results[this.#count] = result;
    this.#count += 1;
    if (this.#last?.origin === origin) this.#last.events += 1;
    else this.#parts.push((this.#last = { origin, events: 1 }));
  }

  taken(): Taken {
    const { results } = this;
    const parts: readonly Part[] = this.#parts;
    if (results.length > this.#count) results.length = this.#count;
    let acceptedAt = Infinity;
    for (const { origin, events } of parts) {
      if (events > 1) origin.release(events - 1);
      if (origin.acceptedAt < acceptedAt) acceptedAt = origin.acceptedAt;
    }
    return { events: results, parts, bytes: results.length * ASSUMED_RESULT_BYTES, acceptedAt };
  }
}
