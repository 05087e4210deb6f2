/** From what the solver wants to decisions: whole numbers, within bounds, only what changes. */

import { changesBetween, type Decision } from '../../control/decision.ts';
import { within, type StageGoal } from '../../control/goal.ts';
import type { StageObservation } from '../../control/observation.ts';
import type { KnobName, StageSettings } from '../../control/settings.ts';
import type { Plan } from './plan.ts';

/** Knobs that are counts; the others are times and may have fractions. */
const COUNTS: ReadonlySet<KnobName> = new Set([
  'batchLimit',
  'concurrency',
  'burstConcurrency',
  'edgeEvents',
  'edgeBytes',
]);

export function settingsOf(plan: Plan, settings: StageSettings, { bounds }: StageGoal): StageSettings {
  const next: Record<KnobName, number> = { ...settings };
  for (const [knob, value] of Object.entries(plan.settings) as [KnobName, number][]) {
    next[knob] = within(bounds[knob], COUNTS.has(knob) ? Math.max(1, Math.round(value)) : value);
  }
  next.burstConcurrency = within(bounds.burstConcurrency, Math.max(next.burstConcurrency, next.concurrency));
  return next;
}

/** Empty when the plan changes nothing. */
export function decisionsFor(
  plan: Plan,
  settings: StageSettings,
  { stage, at }: StageObservation,
  goal: StageGoal,
): Decision[] {
  const changes = changesBetween(settings, settingsOf(plan, settings, goal));
  if (changes.length === 0) return [];
  const { kind, reason, evidence, expected } = plan;
  return [{ kind, stage, at, changes, reason, evidence, expected }];
}
