import { performance as thread, type EventLoopUtilization } from 'node:perf_hooks';

/** How busy and how late this thread's event loop was since the last reading. */
export interface EventLoopSample {
  /** Share of time that the loop was not waiting for events, 0..1; null when no time has passed. */
  readonly utilization: number | null;
  /** How late a timer fired, that is how long other turns kept the loop; null when none fired. */
  readonly delayMeanMs: number | null;
  readonly delayMaxMs: number | null;
}

export interface EventLoopMeter {
  /** Reads and begins anew. Two readers take two meters. */
  read(): EventLoopSample;
  /** Stops the probe. Idempotent. */
  stop(): void;
}

/** 50 wake-ups a second of an idle loop, below 0.1 % of a core. */
const PROBE_MS = 20;

/**
 * Measures the event loop of the calling thread, by Node's own accounting of idle time and by a
 * probe: a timer due every 20 ms, which never keeps the process alive. Resolution of the delay is
 * about 1 ms; a turn shorter than 20 ms is seen only when the probe falls due in it. A `read` costs
 * about 1 us.
 */
export function eventLoopMeter(): EventLoopMeter {
  let before = thread.eventLoopUtilization();
  let probedAt = performance.now();
  let probes = emptyProbes();
  // Not perf_hooks.monitorEventLoopDelay: its reset forgets the stall that is under way.
  const probe = setInterval(() => {
    const now = performance.now();
    const lateMs = Math.max(0, now - probedAt - PROBE_MS);
    probes.count += 1;
    probes.sumMs += lateMs;
    probes.maxMs = Math.max(probes.maxMs, lateMs);
    probedAt = now;
  }, PROBE_MS).unref();
  return {
    read: () => {
      const now = thread.eventLoopUtilization();
      const { count, sumMs, maxMs } = probes;
      const utilization = utilizationBetween(before, now);
      before = now;
      probes = emptyProbes();
      return { utilization, delayMeanMs: count > 0 ? sumMs / count : null, delayMaxMs: count > 0 ? maxMs : null };
    },
    stop: () => clearInterval(probe),
  };
}

function emptyProbes(): { count: number; sumMs: number; maxMs: number } {
  return { count: 0, sumMs: 0, maxMs: 0 };
}

function utilizationBetween(before: EventLoopUtilization, now: EventLoopUtilization): number | null {
  const { active, idle, utilization } = thread.eventLoopUtilization(now, before);
  return active + idle > 0 ? Math.min(1, Math.max(0, utilization)) : null;
}
