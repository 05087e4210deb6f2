/**
 * CPU, memory and I/O wait of this process, relative to what it may use.
 *
 * **Invariants**
 * - What cannot be read is null, never zero; reading never throws.
 * - Calls within `SAMPLE_MS` share one sample, so that several readers do not cut it into noise.
 */

import os from 'node:os';
import v8 from 'node:v8';
import { resourceLimits } from 'node:worker_threads';

import type { ResourceReader, ResourceSample } from '../metrics/resources.ts';
import { findCgroups, readCgroupLimits, type CgroupLimits, type CgroupPaths } from './cgroup.ts';
import { IoMeter } from './io-wait.ts';
import { readText, type ReadText } from './read-text.ts';
import { systemClock } from './scheduler.ts';

/** At most 10 samples a second: below 100 ms CPU time is too coarse to divide by. */
const SAMPLE_MS = 100;
/** Limits may be changed under a running container. */
const LIMITS_MS = 5000;

/**
 * V8's limit counts the young generation too, into which nothing old may spill: a heap of 100 MB is full at 100 of 148. A worker
 * knows its size; elsewhere it is left in.
 */
const YOUNG_BYTES = (resourceLimits.maxYoungGenerationSizeMb ?? 0) * 2 ** 20;

/** What the reader asks of the operating system; injected, so that other systems are tested on any. */
export interface ResourceHost {
  readonly readText: ReadText;
  /** Monotonic ms. */
  now(): number;
  /** CPU time of the process so far, user and system, microseconds. */
  cpuMicros(): number | null;
  rssBytes(): number | null;
  heap(): { readonly usedBytes: number; readonly limitBytes: number } | null;
  /** CPUs of the host; 0 where it does not tell. */
  readonly cpus: number;
  availableParallelism(): number;
  /** Memory of the host; 0 where it does not tell. */
  readonly totalMemoryBytes: number;
  /** Node's own idea of a limit: undefined, 0 or 2^64 mean none. */
  constrainedMemoryBytes(): number | undefined;
}

/** The machine that this runs on. Cost: one call of `os.cpus()`, up to a few ms on large machines. */
export function systemHost(): ResourceHost {
  const clock = systemClock();
  return {
    readText,
    now: () => clock.now(),
    cpuMicros: () => orNull(cpuMicros),
    rssBytes: () => orNull(() => process.memoryUsage.rss()),
    heap: () => {
      const { used_heap_size: usedBytes, heap_size_limit: limitBytes } = v8.getHeapStatistics();
      return { usedBytes, limitBytes: limitBytes - YOUNG_BYTES };
    },
    cpus: os.cpus().length,
    availableParallelism: () => os.availableParallelism(),
    totalMemoryBytes: os.totalmem(),
    constrainedMemoryBytes: () => process.constrainedMemory(),
  };
}

/**
 * A reader for this process. The first sample covers the time since the reader was made; CPU is null
 * until 100 ms have passed, I/O wait until 1 s has.
 *
 * Cost of a fresh sample: about 20 us every 100 ms, 70 us more each second (I/O wait) and 150 us more
 * each 5 s (limits), on Linux with two CPUs; /proc/stat grows with the number of CPUs.
 */
export function systemResources(host: ResourceHost = systemHost()): ResourceReader {
  return new SystemResources(host);
}

/** What the process may use: CPUs in cores (may be a fraction) and bytes. */
export interface Allowance {
  readonly cpuCores: number | null;
  readonly memoryBytes: number | null;
}

/** Combines the limits of control groups with what the host has. */
export function allowanceOf(limits: CgroupLimits, host: ResourceHost): Allowance {
  const cpus = least([limits.cpusAllowed, positive(host.cpus)]);
  return {
    // Node may have rounded a quota down to whole cores already: its figure counts only without one.
    cpuCores: least([cpus, limits.cpuQuotaCores ?? positive(host.availableParallelism())]),
    memoryBytes: least([limits.memoryBytes, ownLimit(host.constrainedMemoryBytes()), positive(host.totalMemoryBytes)]),
  };
}

class SystemResources implements ResourceReader {
  readonly #host: ResourceHost;
  readonly #groups: CgroupPaths;
  readonly #cpu: CpuMeter;
  readonly #io: IoMeter;
  #allowance: Allowance;
  #limitsAt: number;
  #sampleAt = -Infinity;
  #sample: ResourceSample | undefined;

  constructor(host: ResourceHost) {
    const at = host.now();
    this.#host = host;
    this.#groups = findCgroups(host.readText);
    this.#allowance = this.#readAllowance();
    this.#limitsAt = at;
    this.#cpu = new CpuMeter(host.cpuMicros(), at);
    this.#io = new IoMeter(host.readText, at);
  }

  read(): ResourceSample {
    const at = this.#host.now();
    if (this.#sample === undefined || at - this.#sampleAt >= SAMPLE_MS) {
      this.#sample = this.#measure(at);
      this.#sampleAt = at;
    }
    return this.#sample;
  }

  #measure(at: number): ResourceSample {
    if (at - this.#limitsAt >= LIMITS_MS) {
      this.#allowance = this.#readAllowance();
      this.#limitsAt = at;
    }
    const { cpuCores, memoryBytes: memoryLimitBytes } = this.#allowance;
    const coresUsed = this.#cpu.read(this.#host.cpuMicros(), at);
    const memoryBytes = positive(this.#host.rssBytes());
    const heap = this.#host.heap();
    return {
      cpuRatio: over(coresUsed, cpuCores),
      cpuLimitCores: cpuCores,
      memoryRatio: most([over(memoryBytes, memoryLimitBytes), over(heap?.usedBytes ?? null, heap?.limitBytes ?? null)]),
      memoryBytes,
      memoryLimitBytes,
      ...this.#io.read(at),
    };
  }

  #readAllowance(): Allowance {
    return allowanceOf(readCgroupLimits(this.#groups, this.#host.readText), this.#host);
  }
}

/** Cores in use between two samples that are at least `SAMPLE_MS` apart. */
class CpuMeter {
  #micros: number | null;
  #at: number;
  #cores: number | null = null;

  constructor(micros: number | null, at: number) {
    this.#micros = micros;
    this.#at = at;
  }

  read(micros: number | null, at: number): number | null {
    const elapsedMs = at - this.#at;
    if (elapsedMs < SAMPLE_MS) return this.#cores;
    this.#cores = micros === null || this.#micros === null ? null : (micros - this.#micros) / (elapsedMs * 1000);
    this.#micros = micros;
    this.#at = at;
    return this.#cores;
  }
}

/** A limit as Node reports it, where "none" may be undefined, 0 or 2^64. */
function ownLimit(bytes: number | undefined): number | null {
  return bytes === undefined || bytes > Number.MAX_SAFE_INTEGER ? null : positive(bytes);
}

/** A share, 0..1: the clocks of the two sides differ by microseconds, so a full one may come out above 1. */
function over(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole <= 0 ? null : Math.min(1, Math.max(0, part / whole));
}

function positive(value: number | null): number | null {
  return value !== null && value > 0 ? value : null;
}

function least(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function most(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function orNull(read: () => number): number | null {
  try {
    return read();
  } catch {
    return null; // a sandbox may forbid it
  }
}
