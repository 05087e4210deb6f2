/** What a controller decided about one stage, and why. Plain data: logged, shown, replayed. */

import type { KnobName, StageSettings } from './settings.ts';

/** What the arbiter allots to a stage: a goal of its controller, not a setting. */
export type AllotmentKnob = 'budgetMs' | 'maxCalls';

export interface KnobChange<K extends string = KnobName> {
  readonly knob: K;
  readonly from: number;
  readonly to: number;
}

/** What the controller expects of the new settings; the log compares it with what was measured. */
export interface Expectation {
  /** Events confirmed per second. */
  readonly throughput: number;
  /** p95 of acceptance to confirmation, ms. */
  readonly p95Ms: number;
}

/**
 * - `move`: a new operating point. - `trim`: a small correction of the same one. - `trial`: a short test
 * of a neighbour, ended by itself. - `revert`: back to where it was, because it did worse than expected.
 * - `pin`: the user set it.
 */
export type DecisionKind = 'move' | 'trim' | 'trial' | 'revert' | 'pin';

export interface Decision<K extends string = KnobName> {
  readonly kind: DecisionKind;
  readonly stage: string;
  /** Monotonic ms of the observation it rests on. */
  readonly at: number;
  /** Changed together, at once. Never empty. */
  readonly changes: readonly KnobChange<K>[];
  /** One plain sentence for a person, without the knobs' names or values: "calls are cheaper by the dozen". */
  readonly reason: string;
  /** The numbers it rests on, by name with unit: `{ arrivalPerSecond: 41200, p95Ms: 41 }`. */
  readonly evidence: Readonly<Record<string, number>>;
  readonly expected?: Expectation | undefined;
}

/** The settings after these decisions, in order. */
export function decided(settings: StageSettings, decisions: readonly Decision[]): StageSettings {
  if (decisions.length === 0) return settings;
  const next: Record<KnobName, number> = { ...settings };
  for (const { changes } of decisions) for (const { knob, to } of changes) next[knob] = to;
  return next;
}

/** What differs between two settings, in the order of the knobs. */
export function changesBetween(from: StageSettings, to: StageSettings): KnobChange[] {
  return (Object.keys(from) as KnobName[])
    .filter((knob) => from[knob] !== to[knob])
    .map((knob) => ({ knob, from: from[knob], to: to[knob] }));
}
