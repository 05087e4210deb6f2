/**
 * The contract of all controllers of a stage. A controller is pure: what it knows, it was told; time is in
 * the observation, randomness is a seed in its state, telemetry is what it returns. The same code runs in the
 * engine, in the simulator and in tests, and the same observations give the same decisions.
 */

import type { Decision } from '../control/decision.ts';
import type { StageGoal } from '../control/goal.ts';
import type { StageObservation } from '../control/observation.ts';
import type { KnobName, StageSettings } from '../control/settings.ts';

export interface Step<S> {
  readonly state: S;
  /** In the order in which they take effect; empty when nothing changes. */
  readonly decisions: readonly Decision[];
}

/** An operating point that a controller would choose, and what it expects of it. */
export interface Outlook {
  /** Events per second, at most. */
  readonly throughput: number;
  readonly batchLimit: number;
  readonly concurrency: number;
}

export interface Controller<S> {
  readonly name: string;
  /** The knobs it writes; no other controller writes them. */
  readonly knobs: readonly KnobName[];
  /**
   * @param settings - what the stage starts with: the cold start, or what was learned in an earlier run
   * @param seed - of whatever the controller draws at random
   */
  initial(settings: StageSettings, goal: StageGoal, seed: number): S;
  /**
   * One control period.
   * @param settings - in force during the observed period (somebody may have pinned a knob meanwhile)
   */
  step(state: S, observation: StageObservation, settings: StageSettings, goal: StageGoal): Step<S>;
  /**
   * What it would choose within a goal if there were always more to do, by what it knows now; undefined while it knows
   * nothing. For people (what a pin costs): no part of a step. Cost: about that of one.
   */
  outlook?(state: S, goal: StageGoal): Outlook | undefined;
}

/** Period at which stages are observed and controllers step, ms. 500 ms converges late and misses targets (docs/tuning). */
export const CONTROL_PERIOD_MS = 100;
