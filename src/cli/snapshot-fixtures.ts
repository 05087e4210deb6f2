/** Snapshots for the tests of this folder. */

import type { FlowSnapshot, StageSnapshot } from '../metrics/snapshot.ts';
import { GUIDE_TARGETS, judge } from '../metrics/targets.ts';

export interface Figures {
  readonly uptimeMs?: number;
  readonly eps?: number;
  readonly avg?: number | null;
  readonly p95?: number | null;
  readonly cpu?: number | null;
  readonly memory?: number | null;
  readonly stages?: readonly StageSnapshot[];
  readonly bottleneck?: FlowSnapshot['bottleneck'];
  readonly deadLettered?: number;
}

/** A flow in good health, but for what is given. */
export function snapshotOf(figures: Figures = {}): FlowSnapshot {
  const { uptimeMs = 12_400, eps = 124_000, avg = 1.9, p95 = 4.2, cpu = 38, memory = 12 } = figures;
  const system = {
    response_time: { avg, p95, p99: p95 },
    throughput: { eps, bps: eps * 80 },
    resource_utilization: { cpu, memory, io_wait: 0 },
  };
  return {
    flow: 'payments',
    state: 'running',
    at: 1_700_000_000_000,
    uptimeMs,
    system,
    verdicts: judge(system, GUIDE_TARGETS),
    totals: { accepted: 1_203_000, confirmed: 1_202_000, deadLettered: figures.deadLettered ?? 0, dropped: 0, late: 0 },
    sources: [],
    operators: [],
    stages: figures.stages ?? [stageOf('alerts')],
    bottleneck: figures.bottleneck ?? { where: '', kind: 'none', reason: 'keeping up: 124K/s' },
    shared: { weights: { computation: 0.4, io: 0.3, network: 0.3 }, calls: null, memory: 'free', stages: [] },
    settingsVersion: 1,
  };
}

export function stageOf(name: string, change: Partial<StageSnapshot> = {}): StageSnapshot {
  return {
    name,
    kind: 'sink',
    arrived: 1000,
    done: 990,
    failed: 0,
    dropped: 0,
    retried: 0,
    timedOut: 0,
    timeoutMs: 5000,
    breaker: 'closed',
    calls: 20,
    backlogEvents: 12,
    backlogBytes: 1000,
    inFlight: 2,
    busyRatio: 0.41,
    latencyP95Ms: 3.1,
    batchMean: 64,
    settings: {
      batchLimit: 256,
      concurrency: 4,
      burstConcurrency: 4,
      burstAgeMs: 10,
      lingerMs: 0,
      minGapMs: 0,
      edgeEvents: 4000,
      edgeBytes: 1e6,
    },
    ...change,
  };
}
