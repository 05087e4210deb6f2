/** One run of a law on a plant, in figures. */

import {
  CONTROL_PERIOD_MS,
  convergenceMs,
  measure,
  overshoot,
  restlessness,
  scoredStretch,
  simulate,
  violationShare,
  windowsIn,
  type Plant,
  type Restlessness,
  type SimulatedPeriod,
  type Stretch,
} from 'daoflow/testing';
import type { Law } from './laws/law.ts';
import type { Reference } from './oracle.ts';

export interface PhaseScore {
  /** Events per second over those of the best fixed settings with the same seed. */
  readonly throughput: number;
  /** Over the target. */
  readonly p95: number;
  readonly p95OfBest: number;
  readonly goodput: number;
  readonly goodputOfBest: number;
  /** Some settings keep the target; else `p95` is over 1.1 of the lowest possible. */
  readonly isFeasible: boolean;
  /** Work per event over that of the cheapest settings. */
  readonly cost: number;
  /** Control periods; undefined: never. */
  readonly convergencePeriods: number | undefined;
  readonly overshoot: number;
  /** Seconds of the phase whose p95 was above three times the target. */
  readonly secondsFarOver: number;
  readonly violations: number;
  readonly refused: number;
  /** Jain's index of what the instances do; 1 for a single one. */
  readonly fairness: number;
  /** At its end. */
  readonly batchLimit: number;
  readonly concurrency: number;
}

export interface Score {
  readonly plant: string;
  readonly seed: number;
  readonly phases: readonly PhaseScore[];
  readonly knobs: Readonly<Record<'batchLimit' | 'concurrency', Restlessness>>;
  /** CPU time of one step, ms. */
  readonly stepMs: { readonly mean: number; readonly p95: number };
}

export async function judge(plant: Plant, law: Law, references: readonly Reference[], seed: number): Promise<Score> {
  const start = law.on(plant, references);
  const { periods } = await simulate(plant, { seed, ...start });
  const phases: PhaseScore[] = [];
  for (const reference of references) phases.push(await phaseScore(plant, periods, reference, seed));
  const whole = scoredStretch([0, periods.at(-1)?.observation.at ?? 0]);
  const steps = periods.map(({ stepMs }) => stepMs).sort((one, other) => one - other);
  return {
    plant: plant.name,
    seed,
    phases,
    knobs: {
      batchLimit: restlessness(periods, whole, 'batchLimit'),
      concurrency: restlessness(periods, whole, 'concurrency'),
    },
    stepMs: {
      mean: steps.reduce((sum, ms) => sum + ms, 0) / Math.max(1, steps.length),
      p95: steps[Math.floor(0.95 * steps.length)] ?? 0,
    },
  };
}

async function phaseScore(
  plant: Plant,
  periods: readonly SimulatedPeriod[],
  reference: Reference,
  seed: number,
): Promise<PhaseScore> {
  const { phase, best } = reference;
  const run = await reference.run(seed);
  const cheapest = await reference.runAt(best.cheapest, seed);
  const scored = scoredStretch(phase);
  const limitMs = best.limitMs;
  const { throughput, p95Ms, goodput, workPerEvent, refusedRatio } = measure(periods, scored, plant.targetMs);
  const isSteady = best.isStationary && plant.arrivals === 'saturating';
  const expected = ([fromMs]: readonly [number, number]): number =>
    isSteady ? run.throughput : around(run.windows, (fromMs - phase[0]) / 1000);
  const converged = convergenceMs(periods, phase, limitMs, expected);
  const last = periods.findLast(({ observation }) => observation.at <= phase[1])?.settings;
  return {
    throughput: throughput / run.throughput,
    p95: p95Ms / limitMs,
    p95OfBest: p95Ms / run.p95Ms,
    goodput,
    goodputOfBest: run.goodput,
    isFeasible: best.isFeasible,
    cost: workPerEvent / cheapest.workPerEvent,
    convergencePeriods: converged === undefined ? undefined : Math.round(converged / CONTROL_PERIOD_MS),
    overshoot: overshoot(periods, phase, limitMs),
    secondsFarOver: secondsAbove(periods, phase, FAR_OVER * limitMs),
    violations: violationShare(periods, scored, limitMs),
    refused: refusedRatio,
    fairness: 1,
    batchLimit: last?.batchLimit ?? NaN,
    concurrency: last?.concurrency ?? NaN,
  };
}

const FAR_OVER = 3;

function secondsAbove(periods: readonly SimulatedPeriod[], phase: Stretch, ms: number): number {
  return windowsIn(phase).filter((window) => {
    const { events, p95Ms } = measure(periods, window, ms);
    return events > 0 && p95Ms > ms;
  }).length;
}

/** What the oracle reached about then: windows one by one are noise. */
function around(windows: readonly number[], at: number): number {
  const near = windows.filter((_, i) => Math.abs(i - at) <= 1);
  return near.length === 0 ? 0 : near.reduce((sum, value) => sum + value, 0) / near.length;
}
