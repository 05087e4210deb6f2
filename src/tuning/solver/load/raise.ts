/**
 * More calls at once are worth what they bring. What holds calls up (servers that are all busy, a lock) makes them longer the
 * more there are, and a model that has seen few of them may promise more with each step, until the target is full of calls
 * of which none ends. So each raise is looked at before the next, and one that was in vain is taken back for a while.
 *
 * Invariants (raise.test.ts)
 * - No raise before calls have ended that began with the settings in force.
 * - In vain is one after which calls take longer than twice the target, by more than half of what it made them more.
 */

import type { StageObservation } from '../../../control/observation.ts';
import type { StageSettings } from '../../../control/settings.ts';
import type { Plan } from '../plan.ts';

/** Plain data. */
export interface Raises {
  /** The last one that was not judged yet, and how long calls were before it. */
  readonly last: Raise | undefined;
  readonly ceiling: Ceiling | undefined;
}

interface Raise {
  readonly from: number;
  readonly to: number;
  readonly at: number;
  readonly length: number;
}

interface Ceiling {
  readonly inFlight: number;
  readonly until: number;
}

export interface RaiseInput {
  readonly observation: StageObservation;
  /** In force during the observed period. */
  readonly settings: StageSettings;
  readonly p95Ms: number;
  readonly isSeen: boolean;
}

/** Of the logarithm of a raise: calls longer by less than that are worth it. */
const WORTH = 0.5;
/** Of the target: stages that share a CPU make each other's calls a little longer than that, and need them all the same. */
const LATE = 2;
const REST_MS = 2000;
/** What makes calls longer later than this is something else. */
const JUDGED_MS = 500;
/** Of the target: calls as short as that are another target's. */
const SHORT = 0.5;

export const NO_RAISES: Raises = { last: undefined, ceiling: undefined };

/** What the calls of a period say of the last raise. */
export function judgedRaises(before: Raises, input: RaiseInput): Raises {
  const { last } = before;
  const { observation, settings, p95Ms, isSeen } = input;
  const callMs = meanMsOf(observation);
  const isOver = before.ceiling === undefined || observation.at >= before.ceiling.until || callMs < SHORT * p95Ms;
  const ceiling = isOver ? undefined : before.ceiling;
  if (last === undefined || last.to !== settings.concurrency || observation.at - last.at > JUDGED_MS) {
    return { last: undefined, ceiling };
  }
  if (!isSeen || callMs <= LATE * p95Ms || !hasLengthened(last, observation)) return { last, ceiling };
  return { last: undefined, ceiling: { inFlight: last.from, until: observation.at + REST_MS } };
}

/** A plan without a raise that is not due, and what to remember of one that is. */
export function dueRaise(before: Raises, plan: Plan, { observation, settings, isSeen }: RaiseInput): [Plan, Raises] {
  const to = plan.settings.concurrency ?? settings.concurrency;
  if (!isSeen) return [withoutGuess(plan, settings), before];
  if (to <= settings.concurrency) return [plan, before];
  return [
    plan,
    { ...before, last: { from: settings.concurrency, to, at: observation.at, length: lengthOf(observation) } },
  ];
}

function hasLengthened({ from, to, length }: Raise, observation: StageObservation): boolean {
  return Math.log(lengthOf(observation) / length) > WORTH * Math.log(to / from);
}

function meanMsOf({ samples }: StageObservation): number {
  return samples.reduce((sum, { durationMs }) => sum + durationMs, 0) / Math.max(1, samples.length);
}

/** Of the calls that ended, as a mean; by the root of the batch, half way between a cost of the call and one of its events. */
function lengthOf({ samples }: StageObservation): number {
  const lengths = samples.map(
    ({ batch, durationMs }) => Math.log(Math.max(durationMs, LEAST_MS)) - Math.log(batch) / 2,
  );
  return Math.exp(lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length));
}

const LEAST_MS = 1e-3;

/** Neither more calls nor smaller ones: a first call of a few events tells of no others. */
function withoutGuess(plan: Plan, { concurrency, burstConcurrency, batchLimit }: StageSettings): Plan {
  const { settings } = plan;
  return {
    ...plan,
    settings: {
      ...settings,
      ...(settings.batchLimit !== undefined && { batchLimit: Math.max(batchLimit, settings.batchLimit) }),
      concurrency: Math.min(concurrency, settings.concurrency ?? concurrency),
      burstConcurrency: Math.min(burstConcurrency, settings.burstConcurrency ?? burstConcurrency),
    },
  };
}
