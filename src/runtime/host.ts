import type { DeadLetter } from '../event/dead-letter.ts';
import type { Sink } from '../event/sink.ts';
import type { SinkTransaction } from '../event/transaction.ts';
import type { LearnedStore } from '../flow/run.ts';
import type { CheckpointStore } from '../state/checkpoint.ts';
import type { Random, Scheduler, Timer } from '../time/clock.ts';
import type { ResourceReader } from '../metrics/resources.ts';
import type { Inspection, InspectionOptions } from './intake/inspection.ts';
import type { Supervision } from './supervision.ts';
import type { SpillEnvironment } from './stage/spill/spill.ts';
import type { Spills, SpillsRequest } from './stage/spill/spills.ts';

/** All that a run needs of the machine below it. Real in the engine, virtual in the simulator. */
export interface Host {
  readonly scheduler: Scheduler;
  random(seed?: number): Random;
  readonly resources: ResourceReader;
  /** Share of time that this thread's event loop was busy since the last call, 0..1; null when unknown. */
  loopUtilization(): number | null;
  /** Cold-start capacity of an edge in events (mission: `min(availableParallelism * 1000, cpus * 2000)`). */
  readonly edgeEvents: number;
  /** False where code generation from strings is switched off. */
  readonly canGenerateCode: boolean;
  /** Tells observers outside the run, on a named channel; must not throw. */
  publish(channel: string, message: unknown): void;
  /** A file that a run reads at its start and replaces as it goes. */
  keptFile(path: string): LearnedStore;
  /** Where the checkpoints of a flow are kept, in a data directory. */
  checkpoints(directory: string): CheckpointStore;
  /** Checkpoints that are committed together with outputs. @param begin - takes possession of the place where sinks write */
  committedCheckpoints(begin: () => Promise<SinkTransaction>): CheckpointStore;
  /** Where slow stages have on disk what they cannot take yet. @throws StateError, and what the disk fails with */
  openSpills(request: SpillsRequest, environment: SpillEnvironment): Promise<Spills>;
  /** A sink of dead letters that outlives the process, in a directory of its own. */
  deadLetterLog(directory: string): Sink<DeadLetter>;
  /** Whoever replaces this thread if it dies; undefined: nobody. */
  readonly supervision?: Supervision | undefined;
  /** Looks for the event that earlier threads died of. */
  inspection(options: InspectionOptions): Promise<Inspection>;
  /** Keeps the process alive until cancelled. */
  hold(): Timer;
}
