import os from 'node:os';
import v8 from 'node:v8';

import { findCgroups, readCgroupLimits } from './cgroup.ts';
import { allowanceOf, systemHost, type ResourceHost } from './resources.ts';

/** What a result was measured on. Plain data, and nothing that names the machine or its owner. */
export interface HostFacts {
  /** `20.19.0` */
  readonly node: string;
  readonly v8: string;
  /** `linux`, `darwin`, `win32`, ... */
  readonly platform: string;
  readonly arch: string;
  /** Version of the kernel. */
  readonly release: string;
  /** Null where the system does not tell, as in some containers and on some ARM boards. */
  readonly cpuModel: string | null;
  readonly cpus: number;
  readonly availableParallelism: number;
  readonly memoryBytes: number;
  /** V8's limit for the heap of the calling thread. */
  readonly heapLimitBytes: number;
  /** What control groups allow; null where they set no limit. */
  readonly container: { readonly cpuCores: number | null; readonly memoryBytes: number | null };
  /** What the process may use, all limits considered. */
  readonly allowed: { readonly cpuCores: number | null; readonly memoryBytes: number | null };
}

/** Cost: a few ms; call it once. */
export function hostFacts(host: ResourceHost = systemHost()): HostFacts {
  const limits = readCgroupLimits(findCgroups(host.readText), host.readText);
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    platform: process.platform,
    arch: process.arch,
    release: os.release(),
    cpuModel: cpuModel(),
    cpus: host.cpus,
    availableParallelism: host.availableParallelism(),
    memoryBytes: host.totalMemoryBytes,
    heapLimitBytes: v8.getHeapStatistics().heap_size_limit,
    container: { cpuCores: limits.cpuQuotaCores, memoryBytes: limits.memoryBytes },
    allowed: allowanceOf(limits, host),
  };
}

function cpuModel(): string | null {
  const model = os.cpus()[0]?.model.trim() ?? '';
  return model === '' || model === 'unknown' ? null : model;
}
