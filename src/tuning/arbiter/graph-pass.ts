/**
 * One pass over the graph, from the sources: how many events each stage will see, and what holds the flow up.
 *
 * Rates x selectivity, as DS2 does it (Kalavri et al., OSDI 2018): the whole flow in one step instead of one
 * stage after another. A stage that takes no more caps what will ever arrive behind it, and what must be done
 * before it: scaling the stages upstream of it for load that will not pass is waste (Flink's autoscaler, #847).
 *
 * Invariants (graph-pass.test.ts)
 * - A stage's need never exceeds what its sources offer times its visits.
 * - Without measurements every stage is visited once per event.
 */

import type { FlowGraph } from './flow-graph.ts';

export interface SourceRate {
  readonly source: string;
  /** Events accepted per second. */
  readonly perSecond: number;
  /** The flow holds it back: it could deliver more. */
  readonly isHeld: boolean;
}

/** What one stage let through, per second. */
export interface StageRate {
  readonly stage: string;
  readonly arrivedPerSecond: number;
  readonly donePerSecond: number;
  /** It takes no more than this, per second; undefined where it could take more. */
  readonly capacityPerSecond: number | undefined;
}

/** Events arriving at a stage per event that its inputs let through. */
export type Selectivities = Readonly<Record<string, number>>;

export interface GraphPass {
  readonly selectivities: Selectivities;
  /** Events that a stage sees per event of all sources together. */
  readonly visits: Readonly<Record<string, number>>;
  /** Events per second that a stage must do. Infinity while sources are held back and nothing is known to cap them. */
  readonly needPerSecond: Readonly<Record<string, number>>;
  /** The stage that caps the flow; undefined while the sources do. */
  readonly bottleneck: string | undefined;
}

/** Weight of the newest selectivity: one slow period may be unlike the next. */
const NEWEST = 0.3;

export function graphPass(
  graph: FlowGraph,
  sources: readonly SourceRate[],
  stages: readonly StageRate[],
  before: Selectivities,
): GraphPass {
  const passed = new Map<string, number>([
    ...sources.map(({ source, perSecond }) => [source, perSecond] as const),
    ...stages.map(({ stage, donePerSecond }) => [stage, donePerSecond] as const),
  ]);
  const rates = new Map(stages.map((rate) => [rate.stage, rate]));
  const offered = sources.reduce((sum, { perSecond }) => sum + perSecond, 0);
  const shares = new Map(
    sources.map(({ source, perSecond }) => [source, offered > 0 ? perSecond / offered : 1 / sources.length]),
  );
  const selectivities: Record<string, number> = {};
  const visits: Record<string, number> = {};
  for (const { name, inputs } of graph.stages) {
    const into = inputs.reduce((sum, input) => sum + (passed.get(input) ?? 0), 0);
    const seen = into > 0 ? (rates.get(name)?.arrivedPerSecond ?? 0) / into : undefined;
    const selectivity = mixed(before[name], seen);
    selectivities[name] = selectivity;
    visits[name] = selectivity * inputs.reduce((sum, input) => sum + (visits[input] ?? shares.get(input) ?? 0), 0);
  }
  const cap = lowest(stages, visits);
  const isHeld = sources.some((source) => source.isHeld);
  const level = isHeld ? (cap?.level ?? Infinity) : Math.min(offered, cap?.level ?? Infinity);
  const bottleneck = cap !== undefined && (isHeld || cap.level <= offered) ? cap.stage : undefined;
  const needPerSecond = Object.fromEntries(
    graph.stages.map(({ name }) => [name, (visits[name] ?? 0) > 0 ? level * (visits[name] ?? 0) : 0]),
  );
  return { selectivities, visits, needPerSecond, bottleneck };
}

/** The stage that is exhausted first as the sources deliver more. */
function lowest(
  stages: readonly StageRate[],
  visits: Readonly<Record<string, number>>,
): { readonly stage: string; readonly level: number } | undefined {
  let found: { stage: string; level: number } | undefined;
  for (const { stage, capacityPerSecond } of stages) {
    const seen = visits[stage] ?? 0;
    if (capacityPerSecond === undefined || seen <= 0) continue;
    const level = capacityPerSecond / seen;
    if (found === undefined || level < found.level) found = { stage, level };
  }
  return found;
}

function mixed(before: number | undefined, seen: number | undefined): number {
  if (seen === undefined) return before ?? 1;
  return before === undefined ? seen : before + NEWEST * (seen - before);
}
