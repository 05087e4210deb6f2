import type { HistogramData } from '../stats/histogram.ts';
import { summarize } from './latency-meter.ts';
import type { Rate } from './rate-meter.ts';
import type { ResourceReader } from './resources.ts';

/**
 * The guide's `SystemMetrics`, measured, with the guide's own JSON names. Per-cent figures are
 * 0..100 here because the guide says so; everywhere inside the engine ratios are 0..1.
 */
export interface SystemMetrics {
  /** Milliseconds from the acceptance of an event to the confirmation by every sink. Null before the first event. */
  readonly response_time: { readonly avg: number | null; readonly p95: number | null; readonly p99: number | null };
  /** Events and bytes accepted per second, integers. */
  readonly throughput: { readonly eps: number; readonly bps: number };
  /**
   * Per cent of what the process may use: its cgroup's limit, else the host's. `io_wait` is the
   * kernel's share of time waiting for I/O. Null where the operating system does not tell.
   */
  readonly resource_utilization: {
    readonly cpu: number | null;
    readonly memory: number | null;
    readonly io_wait: number | null;
  };
}

/** What the metrics are read from: a `LatencyMeter` and a `RateMeter`, or anything that merges several. */
export interface Meters {
  readonly latency: { window(): HistogramData };
  readonly rate: { rate(): Rate | null };
}

/**
 * Reads the meters and the resources now. Latency has three decimals (1 us), per-cent figures one.
 * Latency is null for a window without a confirmed event; throughput is 0 where it cannot be told yet.
 * Cost: about 20 us, and what a fresh resource sample costs.
 */
export function systemMetrics(meters: Meters, resources: ResourceReader): SystemMetrics {
  const { avg, p95, p99 } = summarize(meters.latency.window());
  const rate = meters.rate.rate();
  const use = resources.read();
  return {
    response_time: { avg: rounded(avg, 3), p95: rounded(p95, 3), p99: rounded(p99, 3) },
    throughput: { eps: Math.round(rate?.eventsPerSecond ?? 0), bps: Math.round(rate?.bytesPerSecond ?? 0) },
    resource_utilization: {
      cpu: perCent(use.cpuRatio),
      memory: perCent(use.memoryRatio),
      io_wait: perCent(use.ioWaitRatio),
    },
  };
}

function perCent(ratio: number | null): number | null {
  return ratio === null ? null : rounded(ratio * 100, 1);
}

function rounded(value: number | null, decimals: number): number | null {
  return value === null ? null : Math.round(value * 10 ** decimals) / 10 ** decimals;
}
