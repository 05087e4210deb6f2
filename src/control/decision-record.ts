/** A decision as it is kept and shown: what was decided, in a sentence, and later what came of it. Plain data. */

import type { AllotmentKnob, Decision } from './decision.ts';
import type { KnobName } from './settings.ts';

/** What was measured, in events per second and ms; null where nothing was confirmed. */
export interface Measured {
  readonly throughput: number;
  readonly p95Ms: number | null;
}

/**
 * Measured against the expectation. `unclear`: something else explains what was measured, or nothing was
 * expected; `because` says which.
 */
export interface Outcome extends Measured {
  readonly verdict: 'as expected' | 'better' | 'worse' | 'unclear';
  readonly because?: string | undefined;
}

export interface DecisionRecord extends Decision<KnobName | AllotmentKnob> {
  /** 1, 2, 3, ... within a run. */
  readonly id: number;
  /** Epoch ms. */
  readonly time: number;
  /** True: what would have been done; nothing was moved (`tuning: 'advise'`). */
  readonly isAdvice: boolean;
  /** For people: "sink: batch 1 -> 128, calls 1 -> 4: calls are cheaper by the dozen; p95 41.0 -> 12.0 ms". */
  readonly sentence: string;
  /** Over the half second before. */
  readonly before: Measured;
  /** Decisions that this entry stands for: trims, and trials, of one stage since its last move are one entry. */
  readonly count: number;
  /** Undefined until the settings had time to act, and for trims, trials and advice. */
  readonly outcome: Outcome | undefined;
}

/** Which entries of the log; left out = all. */
export interface DecisionFilter {
  readonly kind?: Decision['kind'] | undefined;
  readonly stage?: string | undefined;
  /** The newest so many. */
  readonly limit?: number | undefined;
}
