/** What the rules for a load are told of a period. */

import type { CostModel, Point } from '../cost-model.ts';
import type { Limits } from '../refusals/refusals.ts';
import type { RegimeInput } from './regime.ts';

export interface LoadInput extends RegimeInput {
  readonly model: CostModel;
  readonly limits: Limits;
  /** Calls that began with the settings in force have ended. */
  readonly isSeen: boolean;
  /** Of a source that waits while it is held back (waiting.ts), absent of others: share of the target for what fills edge and calls. */
  readonly fullShare?: number | undefined;
  /** Events that come together (bulk.ts). Default 0. */
  readonly bulk?: number;
  /** What the search would choose for as many events as can be. */
  readonly best: () => Point;
  /** The same where what waits is late already, so that latency counts for less. */
  readonly most: () => Point;
}
