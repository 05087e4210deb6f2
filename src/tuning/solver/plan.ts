/** What a part of the solver wants of the stage. */

import type { DecisionKind, Expectation } from '../../control/decision.ts';
import type { StageSettings } from '../../control/settings.ts';

export interface Plan {
  readonly kind: DecisionKind;
  /** Knobs that it wants at these values (real numbers: they are rounded and kept in bounds later). */
  readonly settings: Partial<StageSettings>;
  /** One plain sentence, without the knobs' names or values. */
  readonly reason: string;
  readonly evidence: Readonly<Record<string, number>>;
  readonly expected?: Expectation | undefined;
}
