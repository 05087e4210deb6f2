import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';

export type GcKind = 'minor' | 'major' | 'incremental' | 'weak';

/** One pause of this thread. */
export interface GcPause {
  /** `performance.now()` of this thread at its start. */
  readonly at: number;
  readonly durationMs: number;
  readonly kind: GcKind;
}

export interface GcSample {
  /** Pauses since the observer was made. */
  readonly count: number;
  readonly pauseMs: number;
  readonly longestMs: number;
  /** The newest pauses, oldest first, at most `MAX_PAUSES`. */
  readonly last: readonly GcPause[];
}

export interface GcObserver {
  read(): GcSample;
  /** Idempotent. */
  stop(): void;
}

/** Enough for a second of a busy young generation. */
export const MAX_PAUSES = 64;

/**
 * Counts the garbage collections of the calling thread. Node reports a pause a turn or two after it
 * ended. Cost: about 10 us per collection, nothing in between; it does not keep the process alive.
 */
export function gcObserver(): GcObserver {
  const pauses: GcPause[] = [];
  let count = 0;
  let pauseMs = 0;
  let longestMs = 0;
  const record = (entry: PerformanceEntry): void => {
    count += 1;
    pauseMs += entry.duration;
    longestMs = Math.max(longestMs, entry.duration);
    pauses[(count - 1) % MAX_PAUSES] = { at: entry.startTime, durationMs: entry.duration, kind: kindOf(entry) };
  };
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(record));
  observer.observe({ entryTypes: ['gc'] });
  return {
    read: () => ({ count, pauseMs, longestMs, last: inOrder(pauses, count) }),
    stop: () => observer.disconnect(),
  };
}

function inOrder(ring: readonly GcPause[], count: number): GcPause[] {
  const oldest = ring.length < MAX_PAUSES ? 0 : count % MAX_PAUSES;
  return [...ring.slice(oldest), ...ring.slice(0, oldest)];
}

function kindOf(entry: PerformanceEntry): GcKind {
  switch ((entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } }).detail?.kind) {
    case constants.NODE_PERFORMANCE_GC_MAJOR:
      return 'major';
    case constants.NODE_PERFORMANCE_GC_INCREMENTAL:
      return 'incremental';
    case constants.NODE_PERFORMANCE_GC_WEAKCB:
      return 'weak';
    default:
      return 'minor'; // V8 has more than one collector for the young generation
  }
}
