/**
 * What to do while there is less to do than the stage can take, by regime (regime.ts).
 *
 * - `saturated`: the search decides (undefined plan).
 * - `carrying`: batches are natural, linger is 0 (but for the goal `economy`), and of
 *   the concurrencies that carry the load the smallest whose p95 takes at most half of the target is used: it
 *   makes the largest batches, which cost the least per event. Now and then it is asked whether more comes with more calls.
 * - `draining`: the least latency that works off what is late already, else the most throughput.
 *
 * Events that age in the queue all the same are the data path's business: up to the concurrency of the saturated
 * optimum once the oldest is older than `burstAgeMs`.
 */

import type { CostModel, Point } from '../cost-model.ts';
import type { Plan } from '../plan.ts';
import { answering, carrying, draining, seeking } from './choice.ts';
import { askedInFlight, nextClosedLoop, UNASKED, type ClosedLoop, type ClosedLoopInput } from './closed-loop.ts';
import { aimMs, FEASIBLE, floorMs, nextFloor, type Floor } from './floor.ts';
import type { LoadInput } from './load-input.ts';
import { carryingOf, steadied } from './load-plan.ts';
import { naturalAt } from './natural.ts';
import { dueRaise, judgedRaises, NO_RAISES, type Raises } from './raise.ts';
import { FIRST_REGIME, isBehind, nextRegime, PAUSED_MS, type RegimeState } from './regime.ts';
import { nextSeek, soughtInFlight, WATCHING, type Seek, type SeekInput } from './seek.ts';
import { isIdleWith, isSooner, shareOf, withEvents } from './shares.ts';
import { isWaiting } from './waiting.ts';
import { ALL_IN_USE, withUse, type Use } from './use.ts';

/** Plain data, saved with the solver's state. */
export interface LoadState extends RegimeState {
  /** The saturated optimum as it was last looked up: it changes slowly, and finding it is most of a step's cost. */
  readonly best: Optimum | undefined;
  readonly floor: Floor;
  /** What the search aims at, ms: the target, or more where none keeps it. Absent: nothing was saturated yet. */
  readonly aimMs?: number;
  /** What is measured of a load that is late. */
  readonly seek: Seek;
  /** Whether more comes when it is done sooner. */
  readonly loop: ClosedLoop;
  /** Of the calls in flight. */
  readonly raises: Raises;
  /** Of the calls that it may have in flight. */
  readonly use: Use;
  /** Events that come together (bulk.ts). */
  readonly bulk: number;
  /** Events that are on their way (shares.ts). */
  readonly events: number;
  /** Whether those who send again come together, and are taken by fewer calls than there might be. */
  readonly isInStep: boolean;
}

export interface Optimum extends Point {
  readonly at: number;
}

export interface LoadStep {
  readonly state: LoadState;
  /**
   * Undefined: the stage is saturated by a source that always has more, and the search decides. Else what
   * to do with the load as it is (natural batches, draining a backlog, an infeasible target).
   */
  readonly plan: Plan | undefined;
}

/** A backlog is worked off with calls so many times as slow as the target allows: it is late already. */
export const LATE = 3;
/** How long the saturated optimum is taken as it is while it only bounds what is done. */
const BEST_MS = 1000;

export function initialLoad(): LoadState {
  return {
    ...FIRST_REGIME,
    best: undefined,
    floor: FEASIBLE,
    seek: WATCHING,
    loop: UNASKED,
    raises: NO_RAISES,
    use: ALL_IN_USE,
    bulk: 0,
    events: 0,
    isInStep: false,
  };
}

export function followLoad(before: LoadState, input: LoadInput): LoadStep {
  const { model, observation } = input;
  if (input.limits.hold) return { state: before, plan: undefined };
  const state = {
    ...before,
    ...nextRegime(before, input),
    use: withUse(before.use, observation),
    events: withEvents(before.events, observation),
  };
  if (state.isSaturated) return { state: aiming(state, input), plan: undefined };
  if (!model.isInformed || observation.at - state.pausedAt < PAUSED_MS) return { state, plan: undefined };
  const judging = {
    ...input,
    fullShare: isWaitedFor(state) ? state.waiting?.share : undefined,
    bulk: state.bulk,
    p95Ms: input.goal.p95Ms,
  };
  const raises = judgedRaises(state.raises, judging);
  const limited = withCeiling(judging, raises.ceiling?.inFlight);
  const best = bestOf(state, limited);
  const seek = state.regime === 'carrying' ? nextSeek(state.seek, seekingOf(limited)) : WATCHING;
  const next = { ...state, best, seek, raises };
  const sought = soughtInFlight(seek);
  const rate = state.arrivals?.rate ?? 0;
  if (sought !== undefined) {
    const plan = steadied(seeking(limited, best, rate, sought), judging);
    return { state: next, plan: { ...plan, settings: { ...plan.settings, burstConcurrency: sought } } };
  }
  if (state.regime === 'draining') {
    const [plan, noted] = dueRaise(raises, draining(limited, best, rate), judging);
    return { state: { ...next, raises: noted }, plan: steadied(plan, judging) };
  }
  const loop = nextClosedLoop(state.loop, closedLoopOf(limited, state.events));
  const asked = askedInFlight(loop);
  const isInStep = asked !== undefined && (state.isInStep || isIdleWith(asked, input));
  const share = isInStep ? shareOf(model, state.events, asked) : undefined;
  const wanted =
    asked === undefined ? carrying(limited, best, rate, state.pausedAt) : answering(limited, best, rate, asked, share);
  const [plan, noted] = dueRaise(raises, wanted, judging);
  return {
    state: { ...next, loop, raises: noted, isInStep },
    plan: steadied(plan, { ...judging, isDivided: share !== undefined }),
  };
}

/** Its source waits while it is held back. */
export function isWaitedFor({ waiting }: LoadState): boolean {
  return waiting !== undefined && isWaiting(waiting);
}

function withCeiling(input: LoadInput, ceiling = Infinity): LoadInput {
  const { limits, best, most } = input;
  if (ceiling >= (limits.maxConcurrency ?? Infinity)) return input;
  const capped = ({ batch, inFlight }: Point): Point => ({ batch, inFlight: Math.min(inFlight, ceiling) });
  return {
    ...input,
    limits: { ...limits, maxConcurrency: ceiling },
    best: () => capped(best()),
    most: () => capped(most()),
  };
}

/** p95 of what comes, with the calls in flight that there are; undefined where these cannot carry it. */
export function predictedAt(
  { arrivals }: LoadState,
  model: CostModel,
  { goal, limits, settings }: Pick<LoadInput, 'goal' | 'limits' | 'settings'>,
): number | undefined {
  if (arrivals === undefined) return undefined;
  return naturalAt(carryingOf({ model, goal, limits }, arrivals.rate), settings.concurrency)?.p95Ms;
}

function aiming(state: LoadState, { model, goal, limits }: LoadInput): LoadState {
  if (!model.isInformed) return { ...state, aimMs: goal.p95Ms };
  const leastMs = floorMs(model, goal, limits.maxConcurrency ?? goal.bounds.concurrency.max, state.bulk);
  const floor = nextFloor(state.floor, leastMs, goal);
  const aim = aimMs(floor, leastMs, goal);
  return { ...state, floor, aimMs: isBehind(state) ? Math.max(aim, LATE * goal.p95Ms) : aim };
}

function bestOf({ best, regime }: LoadState, { observation: { at }, best: find }: LoadInput): Optimum {
  const isFresh = best !== undefined && at - best.at < (regime === 'draining' ? 0 : BEST_MS);
  return isFresh ? best : { ...find(), at };
}

function closedLoopOf(input: LoadInput, events: number): ClosedLoopInput {
  const { observation, settings } = input;
  const { bound } = seekingOf(input);
  return {
    observation,
    inFlight: settings.concurrency,
    bound,
    isQuicker: (inFlight, than) => input.isSeen && isSooner(input.model, events, inFlight, than),
  };
}

function seekingOf({ observation, goal, settings, isSeen, limits }: LoadInput): SeekInput {
  const { min, max } = goal.bounds.concurrency;
  const bound = { min, max: Math.max(min, Math.min(max, limits.maxConcurrency ?? max)) };
  return { observation, goal, inFlight: settings.concurrency, bound, isSeen };
}
