/**
 * What the process uses of what it may use. `null` means that the operating system does not tell,
 * or that nothing has been measured yet; never zero in its place. Ratios are 0..1.
 */
export interface ResourceSample {
  /** CPU time of the whole process, all threads, over elapsed time x `cpuLimitCores`. */
  readonly cpuRatio: number | null;
  /** Cores that the process may use: quota, cpuset and affinity, else what the host offers. May be a fraction. */
  readonly cpuLimitCores: number | null;
  /**
   * The nearer of two walls: resident memory over `memoryLimitBytes`, or the JavaScript heap of this
   * thread over V8's own limit for it. Heap in use includes garbage not collected yet.
   */
  readonly memoryRatio: number | null;
  /** Resident memory of the whole process. */
  readonly memoryBytes: number | null;
  /** The tightest limit on the way from the process's cgroup to the root, else the host's memory. */
  readonly memoryLimitBytes: number | null;
  /** Share of the host's CPU time that was idle with I/O outstanding. Host-wide: the kernel keeps no other. */
  readonly ioWaitRatio: number | null;
  /** Share of time in which at least one task of the host waited for I/O (pressure stall information). */
  readonly ioPressureRatio: number | null;
}

/** Reads the sample; may answer with the last one when called again within its own interval. */
export interface ResourceReader {
  read(): ResourceSample;
}
