/** What refusals (429, pool exhausted) say about the target: what the search must respect. */

import type { StageGoal } from '../../../control/goal.ts';
import type { StageObservation } from '../../../control/observation.ts';
import type { StageSettings } from '../../../control/settings.ts';

/** Limits of the target as far as they are known; absent where there is none. */
export interface Limits {
  readonly maxConcurrency?: number;
  readonly callsPerSecond?: number;
  /** Nothing can be learned now (an outage, a storm of refusals): keep the operating point as it is. */
  readonly hold: boolean;
}

/** Plain data, saved with the solver's state. */
export type RefusalState = Readonly<Record<string, never>>;

export interface RefusalStep {
  readonly state: RefusalState;
  readonly limits: Limits;
  /** Knobs that belong to refusals: pacing. */
  readonly settings: Partial<StageSettings>;
  /** Why pacing or a limit changed in this period; undefined when nothing did. */
  readonly reason?: string;
}

export function initialRefusals(): RefusalState {
  return {};
}

export function heedRefusals(
  state: RefusalState,
  observation: StageObservation,
  settings: StageSettings,
  goal: StageGoal,
): RefusalStep {
  const hold = observation.gate !== 'open';
  return {
    state,
    limits: { hold, maxConcurrency: goal.bounds.concurrency.max },
    settings: { minGapMs: settings.minGapMs },
  };
}
