import type { Match } from './workload.ts';

export interface Job {
  readonly sink: (batch: readonly Match[]) => Promise<void>;
  readonly failed: (error: unknown) => void;
}

/** A running server. */
export interface Engine {
  readonly port: number;
  /** Events taken in so far. */
  seen(): number;
  /** Finishes; throws when something was lost. */
  end(): unknown;
}
