/** What may go wrong with a simulated disk: probabilities 0..1 per call, times in virtual ms. */
export interface StorageFaults {
  /** Time of a call: uniform between 0 and this. */
  readonly latencyMs: number;
  /** A sync fails with EIO, and the pages count as clean from then on. */
  readonly failedSync: number;
  /** A sync takes `slowSyncMs`. */
  readonly slowSync: number;
  readonly slowSyncMs: number;
  /** A write takes only its first bytes. */
  readonly shortWrite: number;
  /** A write fails with EIO. */
  readonly failedWrite: number;
  /** Creating, renaming or removing fails with EIO. */
  readonly failedEntry: number;
  /** Opening a file, or looking at a lock, fails with EMFILE. */
  readonly noDescriptor: number;
}

export const NO_FAULTS: StorageFaults = {
  latencyMs: 1,
  failedSync: 0,
  slowSync: 0,
  slowSyncMs: 500,
  shortWrite: 0,
  failedWrite: 0,
  failedEntry: 0,
  noDescriptor: 0,
};
