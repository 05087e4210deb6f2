/**
 * A stage's own view of its times. What it observes counts from the acceptance by the source: earlier stages are
 * in it. Its controller reasons about what the stage itself does with its budget, so it is shown the difference.
 *
 * What is subtracted is the p95 at which events reach the stage, not their mean: with it the differences along a
 * path add up to the p95 at its end (latency-budget.ts). Events that came faster than that count as no time at all,
 * which no decision rests on: controllers look at p95 and at ages near their target.
 */

import type { KnobChange } from '../../control/decision.ts';
import type { StageObservation } from '../../control/observation.ts';
import type { StageSettings } from '../../control/settings.ts';
import { quantile, shifted } from '../../stats/histogram.ts';
import type { FlowGraph } from './flow-graph.ts';

/** @param upstreamMs - p95 at which events reach the stage; 0 behind a source, and then nothing is copied */
export function ownView(observation: StageObservation, upstreamMs: number): StageObservation {
  if (upstreamMs <= 0) return observation;
  return {
    ...observation,
    oldestMs: Math.max(0, observation.oldestMs - upstreamMs),
    latency: shifted(observation.latency, upstreamMs),
  };
}

/** The ages at which rules of the data path act count from the acceptance too. */
export function ownSettings(settings: StageSettings, upstreamMs: number): StageSettings {
  if (upstreamMs <= 0) return settings;
  return { ...settings, burstAgeMs: Math.max(0, settings.burstAgeMs - upstreamMs) };
}

/** From a stage's own view to what the data path reads. */
export function absoluteChanges(changes: readonly KnobChange[], upstreamMs: number): readonly KnobChange[] {
  if (upstreamMs <= 0) return changes;
  return changes.map((change) =>
    change.knob === 'burstAgeMs' ? { ...change, from: change.from + upstreamMs, to: change.to + upstreamMs } : change,
  );
}

/** p95 of acceptance to confirmation at each stage, ms, as it is lately. */
export type CumulativeTimes = Readonly<Record<string, number>>;

/** Weight of a control period with many confirmed events; one with few counts less. */
const NEWEST = 0.2;
const MANY_EVENTS = 100;

export function withTimes(times: CumulativeTimes, observations: readonly StageObservation[]): CumulativeTimes {
  const next: Record<string, number> = { ...times };
  for (const { stage, latency } of observations) {
    const p95 = quantile(latency, 0.95);
    if (p95 === undefined) continue;
    const before = next[stage];
    next[stage] =
      before === undefined ? p95 : before + NEWEST * Math.min(1, latency.count / MANY_EVENTS) * (p95 - before);
  }
  return next;
}

/** p95 at which events reach each stage, ms: that of the slowest way there. */
export function upstreamTimes({ stages }: FlowGraph, times: CumulativeTimes): Readonly<Record<string, number>> {
  return Object.fromEntries(
    stages.map(({ name, inputs }) => [name, Math.max(0, ...inputs.map((input) => times[input] ?? 0))]),
  );
}
