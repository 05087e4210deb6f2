/**
 * What all waiting stages have in common towards the rest of the engine.
 *
 * A stage owns its inlet; it starts calls while settings allow, and never keeps an event: each ends
 * confirmed, failed by policy, dead-lettered, or rejected when the run stops.
 */

import { errorData, messageOf } from '../../errors/errors.ts';
import type { DeadLetter } from '../../event/dead-letter.ts';
import type { Origin } from '../../event/origin.ts';
import type { BreakerChange, StageSnapshot } from '../../metrics/snapshot.ts';
import type { Random, Scheduler } from '../../time/clock.ts';
import type { Pause, StageObservation } from '../../control/observation.ts';
import type { StageSettings } from '../../control/settings.ts';
import type { Inlet } from './inlet.ts';
import type { StageMeter } from './stage-meter.ts';
import type { Target } from './target.ts';

/** What a stage needs of its run. */
export interface StageEnvironment {
  readonly flow: string;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Aborted when the run stops hard. */
  readonly signal: AbortSignal;
  readonly settings: () => StageSettings;
  /** Counts and keeps the letter; holds the origin until it is safe. */
  readonly deadLetter: (letter: DeadLetter, origin: Origin) => void;
  readonly notice: (level: 'info' | 'warn', message: string) => void;
  readonly breakerChanged?: (change: BreakerChange) => void;
  /** The run cannot go on. */
  readonly fatal: (cause: unknown) => void;
}

/** What a stage counts itself; how it does lately is in its observations. */
export type StageAccount = Omit<StageSnapshot, 'busyRatio' | 'latencyP95Ms' | 'batchMean'>;

export interface Stage extends Target {
  readonly name: string;
  account(): StageAccount;
  /** @param pause - the longest stand-still of the event loop since the last observation */
  observe(pause?: Pause): StageObservation;
  /** Rejects everything queued and in flight. */
  stop(cause: unknown): void;
}

/** What becomes of events whose call failed for good. */
export type FailurePolicy = 'stop' | 'drop' | 'deadLetter';

export function deadLetterEvent(
  event: unknown,
  origin: Origin,
  at: string,
  cause: unknown,
  { flow, scheduler, deadLetter }: Pick<StageEnvironment, 'flow' | 'scheduler' | 'deadLetter'>,
): void {
  const reason = `${errorData(cause).name}: ${messageOf(cause)}`;
  const { partition, endOffset: offset } = origin;
  deadLetter({ flow, at, reason, time: scheduler.wall(), partition, offset, event }, origin);
}

/** What every kind of stage shows. */
export function stageAccount(
  shown: Pick<StageSnapshot, 'name' | 'kind' | 'retried' | 'timedOut' | 'timeoutMs' | 'breaker'>,
  meter: StageMeter,
  inlet: Inlet,
  settings: StageSettings,
): StageAccount {
  return {
    ...shown,
    arrived: inlet.arrived,
    done: meter.done,
    failed: meter.failed,
    dropped: inlet.dropped,
    calls: meter.calls,
    backlogEvents: inlet.backlogEvents,
    backlogBytes: inlet.backlogBytes,
    spilled: inlet.spilled,
    inFlight: meter.inFlight,
    settings,
  };
}
