/** What the rules for a load are told of a period. */

import type { CostModel, Point } from '../cost-model.ts';
import type { Limits } from '../refusals/refusals.ts';
import type { RegimeInput } from './regime.ts';

export interface LoadInput extends RegimeInput {
  readonly model: CostModel;
  readonly limits: Limits;
  /** Calls that began with the settings in force have ended. */
  readonly isSeen: boolean;
  /** The source waits while it is held back (waiting.ts). Default false. */
  readonly isWaiting?: boolean;
  /** What the search would choose for as many events as can be. */
  readonly best: () => Point;
  /** The same where what waits is late already, so that latency counts for less. */
  readonly most: () => Point;
}
