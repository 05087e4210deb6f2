/** What each stage proposes to have of the permits that all share. */

import type { FlowGraph } from './flow-graph.ts';
import type { GraphPass } from './graph-pass.ts';
import type { Grants, PermitClaim } from './permits.ts';
import { isSaturated, perSecond, type StageReport } from './stage-report.ts';

/** Calls that a stage asks for beyond its grant, or keeps beyond those in flight. */
const HEADROOM = 1.5;

export interface ClaimContext {
  readonly grants?: Grants | undefined;
  readonly caps?: Grants;
  readonly pass?: GraphPass | undefined;
}

/** @param concurrency - what users and targets allow; min === max is a pin */
export function claimsOf(
  { stages }: FlowGraph,
  reports: readonly StageReport[],
  { concurrency }: { readonly concurrency: Readonly<Record<string, { readonly min: number; readonly max: number }>> },
  { grants, caps, pass }: ClaimContext = {},
): PermitClaim[] {
  const byStage = new Map(reports.map((report) => [report.stage, report]));
  const needs = new Map(stages.map(({ name }) => [name, slotsPerEvent(byStage.get(name), pass?.visits[name] ?? 1)]));
  const known = [...needs.values()].filter((need) => need !== undefined);
  const mean = known.length === 0 ? 1 : known.reduce((sum, need) => sum + need, 0) / known.length;
  return stages.map(({ name, work }) => {
    const { min, max } = concurrency[name] ?? { min: 1, max: Infinity };
    const demand = Math.min(caps?.[name] ?? Infinity, demandOf(byStage.get(name), grants?.[name]));
    const perThroughput = needs.get(name) ?? mean;
    return { stage: name, work, demand, perThroughput, max, pinned: min === max ? max : undefined };
  });
}

/** Calls in flight per event and second that the sources deliver; undefined where nothing was done. */
function slotsPerEvent(report: StageReport | undefined, visits: number): number | undefined {
  if (report === undefined || report.done === 0 || report.inFlightMean <= 0 || visits <= 0) return undefined;
  return (report.inFlightMean / perSecond(report.done, report)) * visits;
}

/**
 * What a stage could use. Below its grant, that is what its controller chose. At its grant, the controller could
 * not choose: more where the grant holds it, else what it uses.
 */
function demandOf(report: StageReport | undefined, granted: number | undefined): number {
  if (report === undefined) return Number.MAX_SAFE_INTEGER;
  if (granted === undefined || report.concurrency < granted) return report.concurrency;
  const used = isSaturated(report) ? granted : report.inFlightMean;
  return 1 + Math.ceil(HEADROOM * used);
}
