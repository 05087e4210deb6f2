/**
 * A target that becomes slower under a load that does not wait. Batches grow by themselves then, and bursts of the data
 * path put more calls in flight, so every call is of a place that was never settled: left to itself the model puts the
 * duration down to the place ("three calls disturb each other"), and the stage stays with the few calls that it believes
 * to be quick.
 *
 * What tells the two apart: a place that is bad is left alone, and then the stage does what is predicted of it. One that
 * carried this load as predicted, whose settings are the same, and that now bursts all the time and is late, has a
 * target that became slower. Then the model is again what it was before, with all calls slower by a common factor. Until
 * that is clear nothing moves: what the solver did meanwhile would hide the cause.
 *
 * Invariants (slowdown.test.ts)
 * - A load that has risen, a pause, or calls that the target refused explain lateness otherwise: nothing is concluded.
 */

import type { CallSample, StageObservation } from '../../../control/observation.ts';
import type { StageSettings } from '../../../control/settings.ts';
import { quantile } from '../../../stats/histogram.ts';
import { surfaceOf, withLevelMoved, type Surface, type SurfaceState } from '../model/surface.ts';
import type { CostModel } from '../cost-model.ts';

/** Plain data. */
export interface SlowdownState {
  /** As of the last period in which the stage did as predicted: the model, the concurrency, p95 over the predicted one. */
  readonly sound?: { readonly surface: SurfaceState; readonly inFlight: number; readonly lateness: number };
  /** Periods in a row in which it was late with the same settings. */
  readonly periods: number;
}

export const NO_SLOWDOWN: SlowdownState = { periods: 0 };

export interface SlowdownInput {
  readonly observation: StageObservation;
  /** In force during the observed period. */
  readonly settings: StageSettings;
  /** With what this period taught. */
  readonly surface: SurfaceState;
  /** p95 of the load as it comes in the settings in force; undefined where they cannot carry it by that model. */
  readonly predictedMs: (model: CostModel) => number | undefined;
}

export interface SlowdownStep {
  readonly state: SlowdownState;
  readonly surface: SurfaceState;
  /** It is not clear yet: nothing may move. */
  readonly isDoubtful: boolean;
}

/** Measured p95 over the predicted one up to which the stage does as predicted; so much later than that is late. */
const SOUND = 1.6;
const LATE = 1.4;
/** Logarithm of measured over expected duration: calls themselves are slower. */
const SLOWER = 0.25;
const BELIEVED_PERIODS = 3;

export function watchForSlowdown(before: SlowdownState, input: SlowdownInput): SlowdownStep {
  const { observation, settings, surface } = input;
  const { sound } = before;
  const p95Ms = quantile(observation.latency, 0.95);
  const calm = { state: { ...before, periods: 0 }, surface, isDoubtful: false };
  if (p95Ms === undefined || isExcused(observation)) return calm;
  const lateness = (model: CostModel): number => p95Ms / (input.predictedMs(model) ?? Infinity);
  if (sound !== undefined && settings.concurrency === sound.inFlight) {
    const model = surfaceOf(sound.surface);
    const shift = lateness(model) > LATE * sound.lateness ? slowerBy(observation.samples, model) : 0;
    const periods = before.periods + 1;
    if (shift > SLOWER && periods < BELIEVED_PERIODS) return { state: { sound, periods }, surface, isDoubtful: true };
    if (shift > SLOWER) {
      return { state: NO_SLOWDOWN, surface: withLevelMoved(sound.surface, shift, observation.at), isDoubtful: false };
    }
  }
  const now = surfaceOf(surface);
  const ratio = now.isInformed ? lateness(now) : 0;
  if (ratio === 0 || ratio > SOUND) return calm;
  const { concurrency: inFlight } = settings;
  return { ...calm, state: { sound: { surface, inFlight, lateness: Math.max(1, ratio) }, periods: 0 } };
}

function isExcused({ pause, rejected, failed, gate }: StageObservation): boolean {
  return pause !== undefined || rejected > 0 || failed > 0 || gate !== 'open';
}

/** Median of the logarithm of measured over expected duration. */
function slowerBy(samples: readonly CallSample[], model: Pick<Surface, 'typicalMs'>): number {
  const ratios = samples
    .filter(({ outcome }) => outcome === 'ok')
    .map(({ batch, inFlightMean, durationMs }) => {
      return Math.log(Math.max(durationMs, LEAST_MS) / model.typicalMs(batch, Math.max(1, inFlightMean)));
    })
    .sort((one, other) => one - other);
  return ratios[Math.floor(ratios.length / 2)] ?? 0;
}

const LEAST_MS = 1e-3;
