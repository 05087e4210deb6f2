/** Settings that never change, over a whole phase of a plant. */

import { within } from '../../control/goal.ts';
import type { StageSettings } from '../../control/settings.ts';
import { measure, WINDOW_MS, windowsIn, type Measures, type Stretch } from './measure.ts';
import { boundsOf, type Plant } from './plant.ts';
import { simulate } from './simulate.ts';

export interface FixedPoint {
  readonly batchLimit: number;
  readonly concurrency: number;
  readonly lingerMs: number;
  readonly minGapMs: number;
}

/** What settings reached in a scored stretch, and window by window. */
export interface FixedRun extends Measures {
  /** Events per second in consecutive windows of the whole phase. */
  readonly windows: readonly number[];
}

/** Before this a run is judged by its convergence only; not more than half of a phase. */
const SETTLE_AT_START_MS = 8000;
const SETTLE_AT_CHANGE_MS = 4000;

/** The part of a phase in which throughput, latency and cost are scored; the same for all. */
export function scoredStretch([fromMs, toMs]: Stretch): Stretch {
  const settleMs = fromMs === 0 ? SETTLE_AT_START_MS : SETTLE_AT_CHANGE_MS;
  return [fromMs + Math.min(settleMs, (toMs - fromMs) / 2), toMs];
}

/** Settings of a stage at a fixed point, within what the plant's user allows. */
export function settingsAt(point: FixedPoint, plant: Plant): StageSettings {
  const allowed = boundsOf(plant);
  const batchLimit = within(allowed.batchLimit, point.batchLimit);
  const concurrency = within(allowed.concurrency, point.concurrency);
  return {
    batchLimit,
    concurrency,
    burstConcurrency: concurrency,
    burstAgeMs: 0,
    lingerMs: within(allowed.lingerMs, point.lingerMs),
    minGapMs: within(allowed.minGapMs, point.minGapMs),
    edgeEvents: within(allowed.edgeEvents, batchLimit),
    edgeBytes: allowed.edgeBytes.max,
  };
}

/** Fixed settings over one whole phase. */
export async function runFixed(plant: Plant, phase: Stretch, point: FixedPoint, seed: number): Promise<FixedRun> {
  const [fromMs, toMs] = phase;
  const settings = settingsAt(point, plant);
  const { periods } = await simulate(plant, { seed, settings, fromMs, durationMs: toMs - fromMs });
  return {
    ...measure(periods, scoredStretch(phase), plant.targetMs),
    windows: windowsIn(phase, WINDOW_MS).map((window) => measure(periods, window, plant.targetMs).throughput),
  };
}
