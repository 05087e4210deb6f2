import type { Slice } from '../../event/batch.ts';
import type { Origin } from '../../event/origin.ts';

/** Batches that are still on their way through a run, whoever began them. */
export class InFlight {
  #open = 0;
  /** Grows with every batch: whoever finds it unchanged knows that none has begun meanwhile. */
  begun = 0;
  /** A batch was rejected: what it did to the state will never be confirmed. */
  hasRejected = false;
  #quiet: (() => void) | undefined;

  get isQuiet(): boolean {
    return this.#open === 0;
  }

  /** Whether nothing is on its way but what these hold. Cost: O(slices). */
  isQuietBut(held: readonly Slice[]): boolean {
    let open = this.#open;
    const references = new Map<Origin, number>();
    const hold = (origin: Origin): void => {
      const count = (references.get(origin) ?? 0) + 1;
      references.set(origin, count);
      if (!origin.isHeldBy(count)) return;
      if (origin.standsFor.length === 0) open -= 1;
      for (const part of origin.standsFor) hold(part.origin);
    };
    for (const { origin } of held) hold(origin);
    return open === 0;
  }

  opened(): void {
    this.#open += 1;
    this.begun += 1;
  }

  settled(origin: Origin): void {
    this.#open -= 1;
    if (origin.rejection !== undefined) this.hasRejected = true;
    if (this.#open > 0 || this.#quiet === undefined) return;
    this.#quiet();
    this.#quiet = undefined;
  }

  /** Resolves once nothing is on its way. One caller at a time. */
  whenQuiet(): Promise<void> {
    if (this.isQuiet) return Promise.resolve();
    return new Promise((resolve) => {
      this.#quiet = resolve;
    });
  }
}
