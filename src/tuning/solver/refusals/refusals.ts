/**
 * What refusals (429, pool exhausted) say about the target: what the search must respect, and the pace of
 * calls, which is the one knob of this part.
 *
 * Told apart by the order in which calls started (dispatches.ts): a ceiling on calls at once, a limit of calls
 * per second, and an outage, of which nothing is learned: the data path stops and probes by itself
 * (runtime/stage/gate.ts), and whoever keeps its settings is back at them at once. Calls that fail for other reasons
 * are no back-pressure: they limit nothing, but where they fail for want of room (congestion.ts).
 */

import { within, type StageGoal } from '../../../control/goal.ts';
import type { StageObservation } from '../../../control/observation.ts';
import type { StageSettings } from '../../../control/settings.ts';
import { nextCeiling, type Ceiling } from './ceiling.ts';
import { isCongested, nextCongestion, NO_CONGESTION, type Congestion } from './congestion.ts';
import { dispatchesOf, remembered, turnsIn, type Dispatch } from './dispatches.ts';
import { EMPTY_LEDGER, recorded, type Ledger } from './ledger.ts';
import { FREE, nextPace, type Pace } from './pace.ts';

/** Limits of the target as far as they are known; absent where there is none. */
export interface Limits {
  readonly maxConcurrency?: number;
  readonly callsPerSecond?: number;
  /** Calls seem to hang for want of room: no time for more of them. */
  readonly isCongested?: true;
  /** Nothing can be learned now (an outage, a storm of refusals): keep the operating point as it is. */
  readonly hold: boolean;
}

/** Plain data, saved with the solver's state. */
export interface RefusalState {
  /** Calls around the refusals of the last seconds, by their start; empty while nothing is refused. */
  readonly recent: readonly Dispatch[];
  readonly ledger: Ledger;
  readonly ceiling: Ceiling | undefined;
  readonly pace: Pace;
  readonly congestion: Congestion;
}

export interface RefusalStep {
  readonly state: RefusalState;
  readonly limits: Limits;
  /** Knobs that belong to refusals: pacing. */
  readonly settings: Partial<StageSettings>;
  /** Why pacing or a limit changed in this period; undefined when nothing did. */
  readonly reason?: string;
  readonly evidence?: Readonly<Record<string, number>>;
}

export function initialRefusals(): RefusalState {
  return { recent: [], ledger: EMPTY_LEDGER, ceiling: undefined, pace: FREE, congestion: NO_CONGESTION };
}

export function heedRefusals(
  state: RefusalState,
  observation: StageObservation,
  settings: StageSettings,
  { bounds }: StageGoal,
): RefusalStep {
  const now = observation.at;
  const news = dispatchesOf(observation);
  const recent = remembered(state.recent, news, now);
  const ledger = recorded(state.ledger, observation);
  const turns = turnsIn(recent);
  const refusedSince = recent.find(({ isRefused }) => isRefused)?.at;
  const pace = nextPace(state.pace, { now, ledger, turns, refusedSince });
  const ceiling = pace.phase === 'free' ? nextCeiling(state.ceiling, news, now) : undefined;
  const isGone = observation.gate !== 'open' || isAway(observation);
  const congestion = isGone ? state.congestion : nextCongestion(state.congestion, observation, settings.concurrency);
  const next = { recent, ledger, ceiling, pace, congestion };
  const isUnexplained = pace.phase === 'free' && ceiling === undefined && recent.length > 0;
  const taken = isUnexplained ? Math.max(settings.concurrency, settings.burstConcurrency) : ceiling?.bound;
  const maxConcurrency = least(taken, congestion.bound);
  return {
    state: next,
    limits: {
      // After a refusal that nothing explains yet, nothing is learned before something is taken again.
      hold: isGone || (isUnexplained && recent.at(-1)?.isRefused === true),
      ...(isCongested(congestion) && { isCongested: true }),
      ...(maxConcurrency !== undefined && { maxConcurrency: within(bounds.concurrency, maxConcurrency) }),
      ...(pace.phase !== 'free' && { callsPerSecond: pace.perSecond }),
    },
    settings: { minGapMs: within(bounds.minGapMs, pace.phase === 'free' ? 0 : 1000 / pace.perSecond) },
    ...reasonOf(state, next),
  };
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

/** Nothing was taken in the whole period. */
function isAway({ samples }: StageObservation): boolean {
  return samples.length > 0 && samples.every(({ outcome }) => outcome !== 'ok');
}

function reasonOf(former: RefusalState, next: RefusalState): Pick<RefusalStep, 'reason' | 'evidence'> {
  const { pace, ceiling, congestion } = next;
  if (congestion.bound !== former.congestion.bound) return congestionReason(former.congestion, congestion);
  if (pace.phase !== former.pace.phase || rateOf(pace) !== rateOf(former.pace)) return paceReason(former.pace, pace);
  if (ceiling === undefined || ceiling.bound === former.ceiling?.bound) return {};
  const isLower = ceiling.bound < (former.ceiling?.bound ?? Infinity);
  return {
    reason: isLower ? 'the target refuses more calls at once' : 'more calls at once may be taken by now',
    evidence: { maxInFlight: ceiling.bound },
  };
}

function congestionReason(former: Congestion, { bound = 0 }: Congestion): Pick<RefusalStep, 'reason' | 'evidence'> {
  const isLower = bound < (former.bound ?? Infinity);
  return {
    reason: isLower ? 'more calls at once only hang and fail' : 'more calls at once may be of use by now',
    evidence: { maxInFlight: bound },
  };
}

function paceReason(former: Pace, pace: Pace): Pick<RefusalStep, 'reason' | 'evidence'> {
  switch (pace.phase) {
    case 'free':
      return { reason: 'the target no longer limits calls per second', evidence: {} };
    case 'measuring':
      return {
        reason: former.phase === 'free' ? 'the target limits calls per second' : 'more calls per second may be granted',
        evidence: { callsPerSecond: pace.perSecond },
      };
    case 'holding':
      return { reason: 'just below what the target grants', evidence: { grantedPerSecond: pace.limit } };
  }
}

function rateOf(pace: Pace): number {
  return pace.phase === 'free' ? 0 : pace.perSecond;
}
