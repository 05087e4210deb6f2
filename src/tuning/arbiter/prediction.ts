/** What another batch size would do to a flow, from the measured cost of calls. */

import { lineOf, meanMs } from './call-cost.ts';
import type { GraphPass } from './graph-pass.ts';
import type { StageReport } from './stage-report.ts';

export interface BatchPrediction {
  /** Events per second of all sources together that the flow could carry at most, with these calls in flight. */
  readonly throughput: number;
  /** The stage that caps it. */
  readonly stage: string;
  /** Throughput over what it could carry as it is, less 1. */
  readonly change: number;
  /** Of the slowest stage's call, ms: with the batch and as it is. */
  readonly callMs: readonly [number, number];
}

/** @returns the reason where nothing can be said */
export function predictBatch(
  batch: number,
  reports: readonly StageReport[],
  pass: GraphPass | undefined,
): BatchPrediction | { readonly reason: string } {
  if (reports.length === 0) return { reason: 'nothing has been measured yet' };
  const levels: { stage: string; now: number; then: number; callMs: readonly [number, number] }[] = [];
  for (const { stage, cost, concurrency, batchLimit } of reports) {
    const line = lineOf(cost);
    if (line === undefined) {
      const seen = meanMs(cost) === undefined ? 'has made too few calls' : 'has made calls of one size only';
      return { reason: `stage ${stage} ${seen}: what others cost is not known` };
    }
    const msOf = (events: number): number => line.perCallMs + line.perEventMs * events;
    const visits = pass?.visits[stage] ?? 1;
    const perSecond = (events: number): number => (concurrency * events * 1000) / (msOf(events) * visits);
    levels.push({ stage, now: perSecond(batchLimit), then: perSecond(batch), callMs: [msOf(batch), msOf(batchLimit)] });
  }
  const capNow = Math.min(...levels.map(({ now }) => now));
  const [cap] = levels.toSorted((a, b) => a.then - b.then);
  if (cap === undefined || !(capNow > 0)) return { reason: 'no stage has been measured yet' };
  return { throughput: cap.then, stage: cap.stage, change: cap.then / capNow - 1, callMs: cap.callMs };
}
