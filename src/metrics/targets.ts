import { declared } from '../errors/declared.ts';
import { ConfigError } from '../errors/errors.ts';
import { durationMs, type Duration } from '../time/duration.ts';
import type { SystemMetrics } from './system-metrics.ts';

/** `unknown`: not measured yet, or not measurable on this system. */
export type Verdict = 'met' | 'missed' | 'critical' | 'unknown';

export type TargetName = 'avg' | 'p95' | 'throughput' | 'cpu' | 'memory';

export type Verdicts = Readonly<Record<TargetName, Verdict>>;

/** What a flow must meet. Left out = the guide's value. */
export interface TargetsInput {
  /** Default avg 10 ms, p95 30 ms. A p95 without an avg asks nothing more of the average than to be below it. */
  readonly latency?: { readonly avg?: Duration; readonly p95?: Duration };
  /** Events per second; default 100,000. A flow that is offered less can only be missed here, not be at fault. */
  readonly throughput?: number;
  /** 0..1 of what the process may use; default 0.7. */
  readonly cpu?: number;
  /** 0..1; default 0.75. */
  readonly memory?: number;
}

/** A target and the value at which it becomes critical. Latency in ms, ratios 0..1. */
export interface Target {
  readonly target: number;
  readonly critical: number;
}

export type Targets = Readonly<Record<TargetName, Target>>;

/** The guide's values: avg < 10 (critical > 50), p95 < 30 (> 100), > 100K eps (< 50K), cpu < 70 % (> 90), memory < 75 % (> 90). */
export const GUIDE_TARGETS: Targets = {
  avg: { target: 10, critical: 50 },
  p95: { target: 30, critical: 100 },
  throughput: { target: 100_000, critical: 50_000 },
  cpu: { target: 0.7, critical: 0.9 },
  memory: { target: 0.75, critical: 0.9 },
};

/**
 * Fills in the guide's values; a changed latency or throughput keeps the guide's ratio to critical.
 *
 * @param path - where the input stands in the user's declaration, for the error message
 * @throws ConfigError for a name that is no target, and for a value that no flow could meet
 */
export function resolveTargets(input: TargetsInput = {}, path = 'targets'): Targets {
  declared(input, { latency: [], throughput: [], cpu: [], memory: [] }, path);
  if (input.latency !== undefined) declared(input.latency, { avg: [], p95: [] }, `${path}.latency`);
  const p95 = latency(input.latency?.p95, `${path}.latency.p95`);
  return {
    avg: scaled('avg', latency(input.latency?.avg, `${path}.latency.avg`) ?? p95),
    p95: scaled('p95', p95),
    throughput: scaled('throughput', positive(input.throughput, `${path}.throughput`)),
    cpu: ratio('cpu', input.cpu, `${path}.cpu`),
    memory: ratio('memory', input.memory, `${path}.memory`),
  };
}

/** Judges one snapshot. */
export function judge(metrics: SystemMetrics, targets: Targets): Verdicts {
  const { response_time: time, throughput, resource_utilization: use } = metrics;
  return {
    avg: below(time.avg, targets.avg),
    p95: below(time.p95, targets.p95),
    throughput: above(throughput.eps, targets.throughput),
    cpu: below(use.cpu === null ? null : use.cpu / 100, targets.cpu),
    memory: below(use.memory === null ? null : use.memory / 100, targets.memory),
  };
}

/** True when each target that can be measured here is met, and latency and throughput are measured. */
export function allMet(verdicts: Verdicts): boolean {
  const { avg, p95, throughput, cpu, memory } = verdicts;
  return (
    [avg, p95, throughput].every((verdict) => verdict === 'met') &&
    [cpu, memory].every((verdict) => verdict === 'met' || verdict === 'unknown')
  );
}

function below(value: number | null, { target, critical }: Target): Verdict {
  if (value === null) return 'unknown';
  if (value < target) return 'met';
  return value > critical ? 'critical' : 'missed';
}

function above(value: number, { target, critical }: Target): Verdict {
  if (value > target) return 'met';
  return value < critical ? 'critical' : 'missed';
}

function scaled(name: TargetName, target: number | undefined): Target {
  const guide = GUIDE_TARGETS[name];
  return target === undefined ? guide : { target, critical: (target * guide.critical) / guide.target };
}

function ratio(name: 'cpu' | 'memory', target: number | undefined, path: string): Target {
  if (target === undefined) return GUIDE_TARGETS[name];
  if (!isNumber(target) || !(target > 0 && target <= 1))
    throw new ConfigError(path, 'a ratio above 0 and at most 1, such as 0.7', target);
  return { target, critical: Math.max(target, GUIDE_TARGETS[name].critical) };
}

function positive(value: number | undefined, path: string): number | undefined {
  if (value !== undefined && !(isNumber(value) && value > 0 && value < Infinity))
    throw new ConfigError(path, 'a number above 0', value);
  return value;
}

function latency(value: Duration | undefined, path: string): number | undefined {
  return value === undefined ? undefined : positive(durationMs(value, path), path);
}

/** Types end where JavaScript begins: `'0.7' > 0` holds, too. */
function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
