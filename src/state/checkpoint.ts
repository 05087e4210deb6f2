import type { SinkTransaction } from '../event/transaction.ts';
import type { StateData } from './stored.ts';

/** Where a flow stood at one moment: everything up to `sources` is done, nothing after it has begun. Plain data. */
export interface Checkpoint {
  readonly flow: string;
  /** Epoch ms. */
  readonly at: number;
  /** By name of the source: partition -> offset after its last event. */
  readonly sources: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** By name of the segment. */
  readonly segments: ReadonlyMap<string, StateData>;
  /** By name of the sink, for those that can go back. */
  readonly sinks: ReadonlyMap<string, unknown>;
  /** By name of the stage, for those that spill. Not in what older versions wrote. */
  readonly spills?: ReadonlyMap<string, SpillPosition>;
}

/** Where the log stands in which a slow stage has what it cannot take yet. */
export interface SpillPosition {
  /** Sequence of the last record that counts. */
  readonly through: number;
  /** Sequence of the last record that the stage has got. */
  readonly read: number;
  /**
   * Records, first and last sequence, with what the stage had got and not confirmed, and with what an earlier run left of that: it
   * gets them before all others. Not in what older versions wrote.
   */
  readonly ahead?: readonly (readonly [number, number])[];
  /** Records in between that do not count, first and last sequence: their events came again. */
  readonly skipped: readonly (readonly [number, number])[];
  /** That the stage has not got yet, or not confirmed. */
  readonly events: number;
  readonly bytes: number;
}

/** Where the checkpoints of one flow are kept. One run at a time has it open. */
export interface CheckpointStore {
  /** Of a store that is open: what sinks write there is committed with the checkpoint after it, and not there without. */
  readonly transaction?: SinkTransaction | undefined;
  /** How a person makes the flow begin anew: `use another data directory`. */
  readonly toBeginAnew: string;
  /**
   * Takes possession.
   *
   * @param warn - told when the newest checkpoint is damaged and an older one serves
   * @returns the newest checkpoint that is whole; undefined: there was none yet
   * @throws StateError when none is whole, LogLockedError when another run has it
   */
  open(warn: (message: string) => void): Promise<Checkpoint | undefined>;
  /** Copied before it returns, durable once it resolves. */
  write(checkpoint: Checkpoint): Promise<void>;
  close(): Promise<void>;
}
