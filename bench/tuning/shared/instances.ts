/** Row 20: several instances in front of one plant, none knowing of the others. */

import {
  CONTROL_PERIOD_MS,
  convergenceMs,
  measure,
  overshoot,
  restlessness,
  scoredStretch,
  settingsAt,
  simulateTogether,
  violationShare,
  type FixedPoint,
  type Plant,
  type Stretch,
} from 'daoflow/testing';
import type { PhaseScore, Score } from '../judge.ts';
import type { Law } from '../laws/law.ts';
import type { Reference } from '../oracle.ts';

export interface BestShared {
  readonly point: FixedPoint;
  /** Of all instances together. */
  readonly throughput: number;
  readonly p95Ms: number;
}

const SEARCH_MS = 6000;
const BATCH_FACTORS = [0.5, 0.7, 0.8, 0.9, 0.96, 1, 1.1, 1.25];
/** One that paces itself needs no slack; two that do not know of each other do. */
const GAP_FACTORS = [1, 1.02, 1.05];
const CALL_FACTORS = [0.8, 1, 1.25, 1.5];

/** The same settings for all, near those that are best for one, with calls and pace divided. */
export async function bestShared(plant: Plant, instances: number, { best }: Reference): Promise<BestShared> {
  let found: BestShared | undefined;
  for (const point of pointsAround(best.best, instances)) {
    const settings = settingsAt(point, plant);
    const runs = await simulateTogether(plant, instances, { settings, durationMs: SEARCH_MS });
    const measures = runs.map(({ periods }) => measure(periods, [2000, SEARCH_MS], plant.targetMs));
    const throughput = sumOf(measures.map((each) => each.throughput));
    const p95Ms = Math.max(...measures.map((each) => each.p95Ms));
    if (p95Ms <= plant.targetMs && throughput > (found?.throughput ?? 0)) found = { point, throughput, p95Ms };
  }
  if (found === undefined) throw new Error(`${plant.name}: no settings keep the target with ${instances} instances`);
  return found;
}

function* pointsAround(
  { batchLimit, concurrency, minGapMs, lingerMs }: FixedPoint,
  instances: number,
): Generator<FixedPoint> {
  for (const slower of minGapMs > 0 ? GAP_FACTORS : [1]) {
    for (const more of CALL_FACTORS) {
      for (const larger of BATCH_FACTORS) {
        yield {
          batchLimit: Math.max(1, Math.round(batchLimit * larger)),
          concurrency: Math.max(1, Math.round((concurrency * more) / instances)),
          minGapMs: minGapMs * instances * slower,
          lingerMs,
        };
      }
    }
  }
}

export async function judgeInstances(
  plant: Plant,
  instances: number,
  law: Law,
  references: readonly Reference[],
  best: BestShared,
  seed: number,
): Promise<Score> {
  const runs = await simulateTogether(plant, instances, { seed, ...law.on(plant, references) });
  const whole: Stretch = [0, runs[0]?.periods.at(-1)?.observation.at ?? 0];
  const scored = scoredStretch(whole);
  const each = runs.map(({ periods }) => measure(periods, scored, plant.targetMs));
  const shares = each.map(({ throughput }) => throughput);
  const worst = (figure: (run: (typeof runs)[number]) => number): number => Math.max(...runs.map(figure));
  const converged = runs.map(({ periods }) =>
    convergenceMs(periods, whole, plant.targetMs, () => best.throughput / instances),
  );
  const steps = runs.flatMap(({ periods }) => periods.map(({ stepMs }) => stepMs)).sort((one, other) => one - other);
  const phase: PhaseScore = {
    throughput: sumOf(shares) / best.throughput,
    p95: Math.max(...each.map(({ p95Ms }) => p95Ms)) / plant.targetMs,
    p95OfBest: Math.max(...each.map(({ p95Ms }) => p95Ms)) / best.p95Ms,
    goodput: Math.min(...each.map(({ goodput }) => goodput)),
    goodputOfBest: 1,
    isFeasible: true,
    cost: 1,
    convergencePeriods: converged.includes(undefined)
      ? undefined
      : Math.max(...converged.map((ms) => (ms ?? 0) / CONTROL_PERIOD_MS)),
    overshoot: worst(({ periods }) => overshoot(periods, whole, plant.targetMs)),
    secondsFarOver: 0,
    violations: worst(({ periods }) => violationShare(periods, scored, plant.targetMs)),
    refused: Math.max(...each.map(({ refusedRatio }) => refusedRatio)),
    fairness: jain(shares),
    batchLimit: sumOf(runs.map(({ periods }) => periods.at(-1)?.settings.batchLimit ?? NaN)) / instances,
    concurrency: sumOf(runs.map(({ periods }) => periods.at(-1)?.settings.concurrency ?? NaN)) / instances,
  };
  const first = runs[0]?.periods ?? [];
  return {
    plant: plant.name,
    seed,
    phases: [phase],
    knobs: {
      batchLimit: restlessness(first, scored, 'batchLimit'),
      concurrency: restlessness(first, scored, 'concurrency'),
    },
    stepMs: { mean: sumOf(steps) / Math.max(1, steps.length), p95: steps[Math.floor(0.95 * steps.length)] ?? 0 },
  };
}

/** Jain's index: 1 when all have the same, 1/n when one has it all. */
export function jain(shares: readonly number[]): number {
  return sumOf(shares) ** 2 / (shares.length * sumOf(shares.map((share) => share ** 2)));
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
