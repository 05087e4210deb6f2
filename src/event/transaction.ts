/** Outputs that are there only together with the checkpoint that they belong to: a contract between sinks and runs. */

import type { Scheduler } from '../time/clock.ts';

/** What commits outputs of sinks and the flow's checkpoints as one. */
export interface TransactionPlace {
  /** Sinks of a flow whose places have the same text share one transaction. May be shown. */
  readonly name: string;
  /**
   * Takes ownership for this run: whoever had it before can commit nothing any more.
   * @throws ConnectorError
   */
  open(context: TransactionContext): Promise<SinkTransaction>;
}

export interface TransactionContext {
  readonly flow: string;
  readonly scheduler: Scheduler;
  /** Aborted when the run stops hard: nothing is committed any more, and nothing waited for. */
  readonly signal: AbortSignal;
  notice(level: 'info' | 'warn', message: string): void;
  /** Asks for a checkpoint before its time, because much is waiting for one. */
  commitSoon(): void;
}

export interface SinkTransaction {
  /** The checkpoint that was committed last, by whichever run; undefined: none yet. */
  readonly last: Uint8Array | undefined;
  /** How a person makes the flow begin anew: `delete its row from ...`. */
  readonly toBeginAnew: string;
  /**
   * Commits everything that was written before this call, and the checkpoint. Called while no write is under way; writes
   * that follow belong to the next commit. Tries again for as long as that may help.
   *
   * @throws ConnectorError when that cannot be committed by this run: another one has taken over, it was stopped
   */
  commit(checkpoint: Uint8Array): Promise<void>;
  /** What was not committed is gone. */
  close(): Promise<void>;
}
