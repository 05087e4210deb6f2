/**
 * The ends that attempts come to: confirmed, with some events refused, or given up for good.
 *
 * Invariant (waiting-stage.test.ts): each attempt comes to one of them, once, and leaves the roster with it.
 */

import type { Taken } from '../../../buffer/edge.ts';
import { ConnectorError, OperatorError } from '../../../errors/errors.ts';
import type { Isolation } from '../../../resilience/isolation.ts';
import type { StageMeter } from '../stage-meter.ts';
import type { FailurePolicy, StageEnvironment } from '../stage.ts';
import type { Attempt } from './attempt.ts';
import { deadLetterRefused, isHopeless } from './refused.ts';
import type { Roster } from './roster.ts';

export interface EndingsOptions {
  readonly name: string;
  readonly whenFailing: FailurePolicy;
}

export interface Completion {
  readonly result: unknown;
  readonly taken: Taken;
}

export interface EndingsListener {
  /** @param completion - undefined: there is nothing to hand on, and its origins are released */
  ended(sequence: number, completion: Completion | undefined): void;
}

interface Surroundings {
  readonly options: EndingsOptions;
  readonly environment: StageEnvironment;
  readonly meter: StageMeter;
  readonly running: Roster<Attempt>;
  readonly listener: EndingsListener;
}

export class Endings {
  readonly #stage: Surroundings;

  constructor(stage: Surroundings) {
    this.#stage = stage;
  }

  confirmed(attempt: Attempt, result: unknown): void {
    const { running, meter, listener } = this.#stage;
    const { taken, sequence } = attempt;
    running.delete(attempt);
    meter.confirmed(taken);
    listener.ended(sequence, { result, taken });
  }

  /** Each event has passed or been refused. */
  inParts(attempt: Attempt, { refused, results }: Isolation): void {
    const { options, environment, running, meter, listener } = this.#stage;
    const { taken, sequence } = attempt;
    const [first] = refused.values();
    meter.failed += refused.size;
    if (isHopeless(refused, taken) && meter.done === 0) {
      this.givenUp(attempt, first);
      return;
    }
    running.delete(attempt);
    meter.confirmed(taken, refused.size);
    if (options.whenFailing === 'deadLetter') deadLetterRefused(taken, refused, options.name, environment);
    listener.ended(sequence, { result: results.flat(), taken });
  }

  /** Where nothing helps: the run ends, unless such events are to be dropped. */
  givenUp(attempt: Attempt, cause: unknown): void {
    const { options, environment, running, listener } = this.#stage;
    running.delete(attempt);
    const { parts } = attempt.taken;
    if (options.whenFailing === 'drop') {
      for (const { origin } of parts) origin.release();
      listener.ended(attempt.sequence, undefined);
      return;
    }
    for (const { origin } of parts) origin.reject(cause);
    const { flow, fatal } = environment;
    fatal(cause instanceof ConnectorError ? cause : new OperatorError({ flow, operator: options.name }, cause));
  }
}
