/**
 * Calls in flight that all stages of a run share, on their way between them.
 *
 * Invariants (shared-calls.test.ts)
 * - What is in flight and what may still start together never exceed the total, while grants change hands too;
 *   only a total that shrinks below what is in flight is reached as calls end.
 */

import type { StageObservation } from '../../control/observation.ts';
import { handedOver, type Grants } from '../../tuning/arbiter/permits.ts';

export class SharedCalls {
  #granted: Grants | undefined;

  /** @param grants - to start with; undefined = calls are not shared */
  constructor(grants: Grants | undefined) {
    this.#granted = grants;
  }

  /** The most calls that a stage may have in flight now; Infinity where they are not shared. */
  mostOf(stage: string): number {
    return this.#granted?.[stage] ?? Infinity;
  }

  /** One control period on the way to `wanted`. */
  period(total: number, wanted: Grants | undefined, observations: readonly StageObservation[]): void {
    if (wanted === undefined || this.#granted === undefined) {
      this.#granted = wanted;
      return;
    }
    const inFlight = Object.fromEntries(
      observations.map((observation) => [observation.stage, observation.inFlight + observation.waitingRetries]),
    );
    this.#granted = handedOver(total, this.#granted, wanted, inFlight);
  }
}
