/**
 * What a running flow tells about itself. Plain data: it crosses threads and is what the live view,
 * `--json`, the dashboard and exporters read. Counts are in events, always.
 */

import type { Verdicts } from './targets.ts';
import type { SystemMetrics } from './system-metrics.ts';
import type { MemoryBand } from '../buffer/memory-band.ts';
import type { StageSettings } from '../control/settings.ts';
import type { Weights } from '../control/work-class.ts';
import type { BreakerState } from '../resilience/breaker.ts';

export type RunState = 'starting' | 'running' | 'draining' | 'done' | 'stopped' | 'failed';

export interface SourceSnapshot {
  readonly name: string;
  readonly accepted: number;
  readonly bytes: number;
  readonly invalid: number;
  /** Share of the last interval in which the flow held this source back, 0..1. */
  readonly heldRatio: number;
  /** Share of records that took the learned decoder path; null where nothing is decoded. */
  readonly learnedRatio: number | null;
}

export interface OperatorSnapshot {
  readonly name: string;
  readonly in: number;
  readonly out: number;
  readonly failed: number;
  readonly timeShare: number | null;
  readonly counts: Readonly<Record<string, number>>;
}

/** What a slow stage cannot take yet and has on disk. */
export interface SpillSnapshot {
  /** Waiting there now. */
  readonly events: number;
  readonly bytes: number;
  /** Since the oldest of them was accepted; 0 when there is none. */
  readonly oldestMs: number;
  /** Events that went there since the run began. */
  readonly total: number;
  /** Of the files, with what is done and not given up yet: what the bound is about. */
  readonly diskBytes: number;
}

export interface StageSnapshot {
  readonly name: string;
  readonly kind: 'async' | 'sink';
  readonly arrived: number;
  readonly done: number;
  readonly failed: number;
  readonly dropped: number;
  /** Events of calls that were repeated, counted each time. */
  readonly retried: number;
  /** Calls that were given up because they took too long. */
  readonly timedOut: number;
  /** Most that a call may take now, ms; null = as long as it likes. */
  readonly timeoutMs: number | null;
  readonly breaker: BreakerState;
  readonly calls: number;
  /** Waiting in memory and on disk. */
  readonly backlogEvents: number;
  readonly backlogBytes: number;
  /** With `whenSlow: 'spill'`: what is on disk. */
  readonly spilled?: SpillSnapshot | undefined;
  readonly inFlight: number;
  /** Over the last half second, as the two that follow. */
  readonly busyRatio: number;
  readonly latencyP95Ms: number;
  /** Events per call; 0 while no call ends. */
  readonly batchMean: number;
  readonly settings: StageSettings;
}

/** A circuit breaker has opened, let a probe go, or closed. */
export interface BreakerChange {
  readonly stage: string;
  readonly state: BreakerState;
  /** Epoch ms. */
  readonly at: number;
}

/** Where the flow is held up, in one sentence, and the evidence. */
export interface Bottleneck {
  readonly where: string;
  readonly kind: 'none' | 'source' | 'cpu' | 'memory' | 'stage';
  readonly reason: string;
}

/** What the stages share, and what of it each may use. */
export interface SharedSnapshot {
  /** How calls in flight are split between classes of work under contention, sum 1. */
  readonly weights: Weights;
  /** Calls in flight that all stages may have together; null = as many as they like. */
  readonly calls: number | null;
  readonly memory: MemoryBand;
  readonly stages: readonly {
    readonly name: string;
    /** What it may add to the p95, ms. */
    readonly budgetMs: number;
    /** p95 at which events reach it, ms. */
    readonly upstreamMs: number;
    readonly maxCalls: number | null;
  }[];
}

export interface FlowSnapshot {
  readonly flow: string;
  readonly state: RunState;
  /** Epoch ms. */
  readonly at: number;
  readonly uptimeMs: number;
  readonly system: SystemMetrics;
  readonly verdicts: Verdicts;
  readonly totals: {
    readonly accepted: number;
    readonly confirmed: number;
    readonly deadLettered: number;
    readonly dropped: number;
    readonly late: number;
  };
  readonly sources: readonly SourceSnapshot[];
  readonly operators: readonly OperatorSnapshot[];
  readonly stages: readonly StageSnapshot[];
  readonly bottleneck: Bottleneck;
  readonly shared: SharedSnapshot;
  readonly settingsVersion: number;
}
