/** Row 17: stages in a row that share a machine's cores, with the engine's whole control loop: solvers and arbiter. */

import {
  simulateFlow,
  type FlowPlant,
  type FlowSecond,
  type FlowSimulationOptions,
  type Stretch,
} from 'daoflow/testing';
import type { PhaseScore, Score } from '../judge.ts';

export interface FlowScenario extends FlowPlant {
  readonly phases: readonly Stretch[];
}

type Fixed = NonNullable<FlowSimulationOptions['fixed']>;

/** Settings of every stage: batch and calls. */
type Point = Readonly<Record<string, { readonly batch: number; readonly concurrency: number }>>;

export interface BestFlow {
  readonly point: Point;
  readonly throughput: number;
  readonly p95Ms: number;
  readonly runs: number;
}

const SETTLE_AT_START_MS = 8000;
const SETTLE_AT_CHANGE_MS = 5000;
const SEARCH_MS = 3000;
const MAX_RUNS = 200;
const STEPS = [2, 1.4, 1.15];

/** From two starts, one setting at a time, in ever smaller steps. */
export async function bestFlow(plant: FlowScenario, [fromMs]: Stretch): Promise<BestFlow> {
  const part: FlowPlant = {
    ...plant,
    durationMs: SEARCH_MS,
    stages: plant.stages.map((stage) => shifted(stage, fromMs)),
  };
  const known = new Map<string, BestFlow>();
  const tried = async (point: Point): Promise<BestFlow> => {
    const key = JSON.stringify(point);
    const found = known.get(key) ?? { point, ...(await runFixedFlow(part, point)), runs: 0 };
    known.set(key, found);
    return found;
  };
  let best: BestFlow | undefined;
  for (const start of [
    { batch: 50, concurrency: 2 },
    { batch: 300, concurrency: 4 },
  ]) {
    let at = await tried(Object.fromEntries(plant.stages.map(({ name }) => [name, start])));
    for (const step of STEPS) at = await climb(at, step);
    if (best === undefined || isBetter(at, best)) best = at;
  }
  return { ...(best as BestFlow), runs: known.size };

  async function climb(from: BestFlow, step: number): Promise<BestFlow> {
    let at = from;
    for (let isBetterNow = true; isBetterNow;) {
      isBetterNow = false;
      for (const point of neighbours(at.point, step)) {
        if (known.size >= MAX_RUNS) return at;
        const found = await tried(point);
        if (!isBetter(found, at)) continue;
        at = found;
        isBetterNow = true;
        break;
      }
    }
    return at;
  }

  function isBetter(one: BestFlow, other: BestFlow): boolean {
    const [mine, theirs] = [one.p95Ms <= plant.targetMs, other.p95Ms <= plant.targetMs];
    if (mine !== theirs) return mine;
    return mine ? one.throughput > other.throughput : one.p95Ms < other.p95Ms;
  }
}

export async function judgeFlow(
  plant: FlowScenario,
  best: readonly BestFlow[],
  seed: number,
  fixed?: Fixed,
): Promise<Score> {
  const seconds = await simulateFlow(plant, { seed, ...(fixed === undefined ? {} : { fixed }) });
  const phases = plant.phases.map((phase, i) => phaseScore(plant, seconds, phase, best[i] as BestFlow));
  const settled = seconds.filter(({ at }) => at > SETTLE_AT_START_MS);
  return {
    plant: plant.name,
    seed,
    phases,
    knobs: {
      batchLimit: restlessness(settled, 'batchLimit'),
      concurrency: restlessness(settled, 'concurrency'),
    },
    stepMs: { mean: 0, p95: 0 },
  };
}

/** The same in every stage, as people write it. */
export function staticFlow(plant: FlowScenario): Fixed {
  const concurrency = Object.fromEntries(plant.stages.map(({ name }) => [name, 8]));
  return { batch: 100, queue: 100, concurrency };
}

function phaseScore(plant: FlowScenario, seconds: readonly FlowSecond[], phase: Stretch, best: BestFlow): PhaseScore {
  const within = seconds.filter(({ at }) => at > phase[0] && at <= phase[1]);
  const settleMs = phase[0] === 0 ? SETTLE_AT_START_MS : SETTLE_AT_CHANGE_MS;
  const scored = within.filter(({ at }) => at > phase[0] + settleMs);
  const p95s = scored.map((second) => overTarget(second, plant));
  const isGood = within.map((second) => second.done >= 0.9 * best.throughput && overTarget(second, plant) <= 1.1);
  const converged = isGood.findIndex((good, i) => good && isGood[i + 1] === true && isGood[i + 2] === true);
  const throughput = meanOf(scored.map(({ done }) => done)) / best.throughput;
  return {
    throughput,
    p95: meanOf(p95s),
    p95OfBest: (meanOf(p95s) * plant.targetMs) / best.p95Ms,
    goodput: 1,
    goodputOfBest: 1,
    isFeasible: best.p95Ms <= plant.targetMs,
    cost: 1,
    convergencePeriods: converged === -1 ? undefined : converged * 10,
    overshoot: Math.max(0, ...within.map((second) => overTarget(second, plant))),
    secondsFarOver: within.filter((second) => overTarget(second, plant) > 3).length,
    violations: p95s.filter((p95) => p95 > 1.05).length / Math.max(1, p95s.length),
    refused: 0,
    fairness: 1,
    batchLimit: scored.at(-1)?.snapshot.stages[1]?.settings.batchLimit ?? NaN,
    concurrency: scored.at(-1)?.snapshot.stages[1]?.settings.concurrency ?? NaN,
  };
}

const overTarget = ({ p95Ms }: FlowSecond, { targetMs }: FlowPlant): number => (p95Ms ?? 0) / targetMs;

/** The most restless stage's. */
function restlessness(seconds: readonly FlowSecond[], knob: 'batchLimit' | 'concurrency') {
  const names = seconds[0]?.snapshot.stages.map(({ name }) => name) ?? [];
  const all = names.map((name) => {
    const values = seconds.map(
      ({ snapshot }) => snapshot.stages.find((stage) => stage.name === name)?.settings[knob] ?? 0,
    );
    const mean = meanOf(values);
    const turns = values.map((value, i) => Math.sign(value - (values[i - 1] ?? value))).filter((turn) => turn !== 0);
    const reversals = turns.filter((turn, i) => i > 0 && turn !== turns[i - 1]).length;
    return {
      cv: mean === 0 ? 0 : Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2))) / mean,
      reversalsPerMin: (60 * reversals) / Math.max(1, seconds.length),
    };
  });
  return {
    cv: Math.max(0, ...all.map(({ cv }) => cv)),
    reversalsPerMin: Math.max(0, ...all.map((one) => one.reversalsPerMin)),
  };
}

async function runFixedFlow(plant: FlowPlant, point: Point): Promise<{ throughput: number; p95Ms: number }> {
  const of = (knob: 'batch' | 'concurrency') =>
    Object.fromEntries(Object.entries(point).map(([name, set]) => [name, set[knob]]));
  const fixed = { batch: of('batch'), queue: of('batch'), concurrency: of('concurrency') };
  const seconds = (await simulateFlow(plant, { fixed })).slice(1);
  return {
    throughput: meanOf(seconds.map(({ done }) => done)),
    p95Ms: Math.max(...seconds.map(({ p95Ms }) => p95Ms ?? Infinity)),
  };
}

function shifted(stage: FlowPlant['stages'][number], byMs: number): FlowPlant['stages'][number] {
  return { ...stage, service: (call) => stage.service({ ...call, now: call.now + byMs }) };
}

function* neighbours(point: Point, step: number): Generator<Point> {
  for (const [name, set] of Object.entries(point)) {
    for (const knob of ['batch', 'concurrency'] as const) {
      const value = set[knob];
      yield { ...point, [name]: { ...set, [knob]: Math.max(value + 1, Math.round(value * step)) } };
      if (value > 1)
        yield { ...point, [name]: { ...set, [knob]: Math.max(1, Math.min(value - 1, Math.round(value / step))) } };
    }
  }
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
