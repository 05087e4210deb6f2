import type { Taken } from '../../buffer/edge.ts';
import type { Origin } from '../../event/origin.ts';

/** What a result counts for on the edge that follows; its real size is not known. */
const ASSUMED_RESULT_BYTES = 128;

/** Results that go on together. Each holds a reference to its origin until `taken`, which keeps one per part. */
export class TurnResults {
  readonly results: unknown[] = [];
  readonly #parts: { origin: Origin; events: number }[] = [];
  #last: { origin: Origin; events: number } | undefined;

  add(result: unknown, origin: Origin): void {
    this.results.push(result);
    if (this.#last?.origin === origin) this.#last.events += 1;
    else this.#parts.push((this.#last = { origin, events: 1 }));
  }

  taken(): Taken {
    const parts = this.#parts;
    let acceptedAt = Infinity;
    for (const { origin, events } of parts) {
      if (events > 1) origin.release(events - 1);
      if (origin.acceptedAt < acceptedAt) acceptedAt = origin.acceptedAt;
    }
    return { events: this.results, parts, bytes: this.results.length * ASSUMED_RESULT_BYTES, acceptedAt };
  }
}
