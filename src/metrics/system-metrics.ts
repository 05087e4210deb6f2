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
