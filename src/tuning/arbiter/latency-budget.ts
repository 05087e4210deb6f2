/**
 * Divides the latency target of a flow between its stages.
 *
 * A stage's own observed latency is cumulative: it counts from the acceptance by the source, so what earlier
 * stages spent is in it. A budget is what a stage may *add*. The arbiter therefore gives each stage its budget
 * together with the p95 at which events reach it, and what a stage is judged by is the difference (own-view.ts).
 * These differences telescope: if every stage on a path adds at most its budget to the p95, the p95 at the end
 * is at most the sum of the budgets, whatever the distributions are and however they depend on each other.
 *
 * Start: in proportion to what each stage must at least spend. Then 5 % of the target per step go from the stage
 * with the least to the one with the most marginal gain.
 *
 * Invariants (latency-budget.test.ts)
 * - Along every path the budgets sum to at most the target.
 * - No stage falls below twice its least time: a call in service, and one that it waits for.
 */

import type { FlowGraph } from './flow-graph.ts';

/** Ms, by stage. */
export type Budgets = Readonly<Record<string, number>>;
export type Paths = readonly (readonly string[])[];

export interface StageTime {
  readonly stage: string;
  /** What its smallest call takes, ms. */
  readonly leastMs: number;
  /** What it adds to the p95 now, ms; undefined while nothing was confirmed. */
  readonly spentMs: number | undefined;
  /** Relative throughput of the flow gained per further ms; 0 where the stage holds nothing up. */
  readonly gainPerMs: number;
}

export interface BudgetMove {
  readonly from: readonly string[];
  readonly to: string;
  readonly ms: number;
  readonly budgets: Budgets;
}

/** Of the target, per step. */
const STEP = 0.05;
/** Smaller steps are not worth the disturbance. */
const LEAST_STEP = 0.01;
/** A stage that is not held up keeps so much more than it spends. */
const SPARE = 1.3;
const LEAST_CALLS = 2;
/**
 * Of the mean, at the start. What a call of one event takes is extrapolated, under contention often to nothing, and a stage
 * with far too little holds up all others.
 */
const LEAST_WEIGHT = 0.25;
/** A stage that holds the flow up gives only to one that gains clearly more. */
const CLEARLY_MORE = 1.5;

/** @param least - ms; stages not measured yet count as the mean of the others */
export function startBudgets(
  { stages }: FlowGraph,
  paths: Paths | undefined,
  least: Readonly<Record<string, number | undefined>>,
  targetMs: number,
): Budgets {
  const known = Object.values(least).filter((ms) => ms !== undefined);
  const mean = known.length === 0 ? 1 : total(known) / known.length;
  const weight = (stage: string): number => Math.max(least[stage] ?? mean, LEAST_WEIGHT * mean) || 1;
  const longest = (stage: string): number =>
    paths === undefined
      ? total(stages.map(({ name }) => weight(name)))
      : Math.max(...paths.filter((path) => path.includes(stage)).map((path) => total(path.map(weight))));
  return Object.fromEntries(stages.map(({ name }) => [name, (targetMs * weight(name)) / longest(name)]));
}

/** One step; undefined when nothing is to be gained, or nobody can spare anything. */
export function moveBudget(
  paths: Paths,
  budgets: Budgets,
  times: readonly StageTime[],
  targetMs: number,
): BudgetMove | undefined {
  const [to] = times.filter(({ gainPerMs }) => gainPerMs > 0).toSorted((a, b) => b.gainPerMs - a.gainPerMs);
  if (to === undefined) return undefined;
  const through = paths.filter((path) => path.includes(to.stage));
  const spare = new Map(times.map((time) => [time.stage, spareOf(time, budgets[time.stage] ?? 0, to)]));
  const ms = Math.min(STEP * targetMs, ...through.map((path) => slack(path, budgets, targetMs) + spareOn(path, spare)));
  if (ms < LEAST_STEP * targetMs) return undefined;
  const next: Record<string, number> = { ...budgets };
  const from = new Set<string>();
  const cheapest = times.toSorted(
    (a, b) => a.gainPerMs - b.gainPerMs || spareIn(spare, b.stage) - spareIn(spare, a.stage),
  );
  for (const path of through) {
    let missing = ms - slack(path, next, targetMs);
    for (const { stage } of cheapest) {
      if (missing <= 0 || !path.includes(stage)) continue;
      const given = Math.min(missing, spareIn(spare, stage) - ((budgets[stage] ?? 0) - (next[stage] ?? 0)));
      if (given <= 0) continue;
      next[stage] = (next[stage] ?? 0) - given;
      missing -= given;
      from.add(stage);
    }
  }
  next[to.stage] = (next[to.stage] ?? 0) + ms;
  return { from: [...from], to: to.stage, ms, budgets: next };
}

function spareOf({ stage, leastMs, spentMs, gainPerMs }: StageTime, budget: number, to: StageTime): number {
  if (stage === to.stage) return 0;
  if (gainPerMs > 0) return gainPerMs * CLEARLY_MORE < to.gainPerMs ? Math.max(0, budget - LEAST_CALLS * leastMs) : 0;
  return Math.max(0, budget - Math.max(LEAST_CALLS * leastMs, SPARE * (spentMs ?? 0)));
}

function slack(path: readonly string[], budgets: Budgets, targetMs: number): number {
  return Math.max(0, targetMs - total(path.map((stage) => budgets[stage] ?? 0)));
}

function spareOn(path: readonly string[], spare: ReadonlyMap<string, number>): number {
  return total(path.map((stage) => spareIn(spare, stage)));
}

function spareIn(spare: ReadonlyMap<string, number>, stage: string): number {
  return spare.get(stage) ?? 0;
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
