/** What each stage spends of the latency target, must spend, and would gain by more. */

import { lineOf, meanMs, type CallCost } from './call-cost.ts';
import type { FlowGraph } from './flow-graph.ts';
import type { GraphPass } from './graph-pass.ts';
import type { Budgets, StageTime } from './latency-budget.ts';
import type { StageReport } from './stage-report.ts';

/** A budget that is overspent by less is noise of measuring. */
const OVERSPENT = 1.1;

/** A call of one event, ms; undefined while there were too few calls. */
export function leastOf({ cost }: StageReport): number | undefined {
  const line = lineOf(cost);
  return line === undefined ? meanMs(cost) : line.perCallMs + line.perEventMs;
}

/** What a call of the mean batch of all stages takes at each, ms; undefined while there were too few calls. */
export function msAtOneBatch(costs: Readonly<Record<string, CallCost>>): {
  readonly batch: number;
  readonly ms: Readonly<Record<string, number | undefined>>;
} {
  let [events, calls] = [0, 0];
  for (const cost of Object.values(costs)) {
    events += cost.batch;
    calls += cost.calls;
  }
  const batch = events / Math.max(1, calls);
  const ms = Object.entries(costs).map(([stage, cost]) => {
    const line = lineOf(cost);
    return [stage, line === undefined ? meanMs(cost) : line.perCallMs + line.perEventMs * batch] as const;
  });
  return { batch, ms: Object.fromEntries(ms) };
}

export function stageTimes(
  graph: FlowGraph,
  reports: readonly StageReport[],
  { budgets, pass }: { readonly budgets: Budgets; readonly pass: GraphPass | undefined },
): StageTime[] {
  const byStage = new Map(reports.map((report) => [report.stage, report]));
  return graph.stages.flatMap(({ name, inputs }) => {
    const report = byStage.get(name);
    if (report === undefined) return [];
    const upstreamMs = Math.max(0, ...inputs.map((input) => byStage.get(input)?.p95Ms ?? 0));
    const spentMs = report.p95Ms === undefined ? undefined : Math.max(0, report.p95Ms - upstreamMs);
    const gainPerMs = Math.max(
      overspent(spentMs ?? 0, budgets[name] ?? 0),
      name === pass?.bottleneck ? gainOf(report, budgets[name] ?? 0) : 0,
    );
    return [{ stage: name, leastMs: leastOf(report) ?? 0, spentMs, gainPerMs }];
  });
}

/** A stage that cannot keep its budget would give throughput away to try: as urgent as it is short, per ms. */
function overspent(spentMs: number, budgetMs: number): number {
  return budgetMs > 0 && spentMs > OVERSPENT * budgetMs ? (spentMs / budgetMs - 1) / budgetMs : 0;
}

/** Relative throughput gained per ms, from a small step. */
function gainOf(report: StageReport, budgetMs: number): number {
  const ms = SMALL_STEP * budgetMs;
  return ms > 0 ? (expectedRatio(report, budgetMs, ms) - 1) / ms : 0;
}

const SMALL_STEP = 0.01;

/**
 * Throughput of a saturated stage with so much more budget, over what it is now. Calls grow with the budget, and
 * of a call of t ms, a are spent whatever its size: throughput goes with (t - a) / t.
 */
export function expectedRatio({ cost }: StageReport, budgetMs: number, moreMs: number): number {
  const line = lineOf(cost);
  const before = meanMs(cost);
  if (line === undefined || before === undefined || before <= line.perCallMs || budgetMs <= 0) return 1;
  const after = before * (1 + moreMs / budgetMs);
  return (1 - line.perCallMs / after) / (1 - line.perCallMs / before);
}
