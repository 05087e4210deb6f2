/** Targets that refuse, and a controller that does nothing but heed it. */

import { changesBetween } from '../../src/control/decision.ts';
import type { StageGoal } from '../../src/control/goal.ts';
import type { StageObservation } from '../../src/control/observation.ts';
import type { StageSettings } from '../../src/control/settings.ts';
import { noise, type Plant, type PlantCall, type PlantReply } from '../../src/testing/simulation/plant.ts';
import type { SimulatedPeriod } from '../../src/testing/simulation/tuned-stage.ts';
import type { Controller, Step } from '../../src/tuning/controller.ts';
import {
  heedRefusals,
  initialRefusals,
  type Limits,
  type RefusalState,
} from '../../src/tuning/solver/refusals/refusals.ts';

type Rate = number | ((now: number) => number);

const REFUSED: PlantReply = { durationMs: 2, outcome: 'rejected' };

/** A token bucket: `rate` per second, and at most `burst` saved up. */
export function bucket(rate: Rate, burst: number): (call: PlantCall) => boolean {
  return ({ now, state }) => {
    const tokens = (state['tokens'] ?? burst) + ((now - (state['at'] ?? now)) * at(rate, now)) / 1000;
    const isGranted = Math.min(burst, tokens) >= 1;
    state['tokens'] = Math.min(burst, tokens) - (isGranted ? 1 : 0);
    state['at'] = now;
    return isGranted;
  };
}

/** So many in each second, as the target counts them. */
export function windows(rate: Rate, phaseMs: number): (call: PlantCall) => boolean {
  return ({ now, state }) => {
    const window = Math.floor((now + phaseMs) / 1000);
    state['count'] = state['window'] === window ? (state['count'] ?? 0) + 1 : 1;
    state['window'] = window;
    return state['count'] <= at(rate, now);
  };
}

/** So many at once. */
export function ceiling(most: Rate): (call: PlantCall) => boolean {
  return ({ now, inFlight }) => inFlight <= at(most, now);
}

export function plantThat(isGranted: (call: PlantCall) => boolean, callMs: number, durationMs = 20_000): Plant {
  return {
    name: 'limited',
    targetMs: 5 * callMs,
    arrivals: 'saturating',
    durationMs,
    service: (call) => (isGranted(call) ? callMs * noise(call.random, 0.15) : REFUSED),
  };
}

export interface PilotState {
  readonly refusals: RefusalState;
  readonly limits: Limits;
}

/** Wants `concurrency` calls at once, doubling from one, as far as refusals let it. */
export function pilot(concurrency: number): Controller<PilotState> {
  return {
    name: 'pilot',
    knobs: ['concurrency', 'burstConcurrency', 'minGapMs'],
    initial: (): PilotState => ({ refusals: initialRefusals(), limits: { hold: false } }),
    step: (
      { refusals }: PilotState,
      observation: StageObservation,
      settings: StageSettings,
      goal: StageGoal,
    ): Step<PilotState> => {
      const { state, limits, settings: paced } = heedRefusals(refusals, observation, settings, goal);
      const wanted = Math.min(concurrency, 2 * settings.concurrency, limits.maxConcurrency ?? Infinity);
      const calls = limits.hold ? {} : { concurrency: wanted, burstConcurrency: wanted };
      const next: StageSettings = { ...settings, ...paced, ...calls };
      const { stage, at } = observation;
      const decision = {
        kind: 'move',
        stage,
        at,
        changes: changesBetween(settings, next),
        reason: '',
        evidence: {},
      } as const;
      return { state: { refusals: state, limits }, decisions: decision.changes.length === 0 ? [] : [decision] };
    },
  };
}

/** Calls granted per second, and refused over all, from `fromMs` on. */
export function grants(
  periods: readonly SimulatedPeriod[],
  fromMs: number,
  toMs: number = Infinity,
): { perSecond: number; refusedRatio: number } {
  const seen = periods.filter(({ observation }) => observation.at > fromMs && observation.at <= toMs);
  const outcomes = seen.flatMap(({ observation }) => observation.samples.map(({ outcome }) => outcome));
  const ms = seen.reduce((sum, { observation }) => sum + observation.durationMs, 0);
  const granted = outcomes.filter((outcome) => outcome !== 'rejected').length;
  return { perSecond: (granted * 1000) / ms, refusedRatio: 1 - granted / outcomes.length };
}

function at(rate: Rate, now: number): number {
  return typeof rate === 'number' ? rate : rate(now);
}
