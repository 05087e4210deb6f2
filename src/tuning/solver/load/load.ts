/** Is there more to do than the stage can take? And what to do while there is not. */

import type { StageGoal } from '../../../control/goal.ts';
import type { StageObservation } from '../../../control/observation.ts';
import type { StageSettings } from '../../../control/settings.ts';
import type { CostModel } from '../cost-model.ts';
import type { Limits } from '../refusals/refusals.ts';
import type { Plan } from '../plan.ts';

/** Plain data, saved with the solver's state. */
export interface LoadState {
  readonly isSaturated: boolean;
}

export interface LoadInput {
  readonly observation: StageObservation;
  /** In force during the observed period. */
  readonly settings: StageSettings;
  readonly goal: StageGoal;
  readonly model: CostModel;
  readonly limits: Limits;
  /** What the search would choose for as many events as can be; undefined until the model is informed. */
  readonly best: Plan | undefined;
  /** Share of the target that a predicted p95 may take, as the trim has learned it. */
  readonly budget: number;
}

export interface LoadStep {
  readonly state: LoadState;
  /**
   * Undefined: the stage is saturated by a source that always has more, and the search decides. Else what
   * to do with the load as it is (natural batches, draining a backlog, an infeasible target).
   */
  readonly plan: Plan | undefined;
}

/** Share of the time in which the edge is full and slots are taken, from which on the stage holds its source back. */
const SATURATED_RATIO = 0.5;

export function initialLoad(): LoadState {
  return { isSaturated: false };
}

export function followLoad(_: LoadState, { observation }: LoadInput): LoadStep {
  const { fullRatio, busyRatio } = observation;
  return { state: { isSaturated: fullRatio > SATURATED_RATIO && busyRatio > SATURATED_RATIO }, plan: undefined };
}
