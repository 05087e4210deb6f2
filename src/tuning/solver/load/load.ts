/**
 * What to do while there is less to do than the stage can take, by regime (regime.ts).
 *
 * - `saturated`: the search decides (undefined plan).
 * - `carrying`: batches are natural, linger is 0 (but for the goal `economy`), and of
 *   the concurrencies that carry the load the smallest whose p95 takes at most half of the target is used: it
 *   makes the largest batches, which cost the least per event.
 * - `draining`: the least latency that works off what is late already, else the most throughput.
 *
 * Events that age in the queue all the same are the data path's business: up to the concurrency of the saturated
 * optimum once the oldest is older than `burstAgeMs`.
 */

import { quantile } from '../../../stats/histogram.ts';
import type { KnobName, StageSettings } from '../../../control/settings.ts';
import type { CostModel, Point } from '../cost-model.ts';
import type { Limits } from '../refusals/refusals.ts';
import type { Plan } from '../plan.ts';
import { aimMs, FEASIBLE, floorMs, nextFloor, type Floor } from './floor.ts';
import { lingering } from './linger.ts';
import { batchWithin, naturalAt, type Carrying, type Natural } from './natural.ts';
import { FIRST_REGIME, FULL_RATIO, nextRegime, PAUSED_MS, type RegimeInput, type RegimeState } from './regime.ts';

/** Plain data, saved with the solver's state. */
export interface LoadState extends RegimeState {
  /** The saturated optimum as it was last looked up: it changes slowly, and finding it is most of a step's cost. */
  readonly best: Optimum | undefined;
  readonly floor: Floor;
  /** What the search aims at, ms: the target, or more where none keeps it. Absent: nothing was saturated yet. */
  readonly aimMs?: number;
}

export interface Optimum extends Point {
  readonly at: number;
}

export interface LoadInput extends RegimeInput {
  readonly model: CostModel;
  readonly limits: Limits;
  /** What the search would choose for as many events as can be. */
  readonly best: () => Point;
  /** The same where what waits is late already, so that latency counts for less. */
  readonly most: () => Point;
}

export interface LoadStep {
  readonly state: LoadState;
  /**
   * Undefined: the stage is saturated by a source that always has more, and the search decides. Else what
   * to do with the load as it is (natural batches, draining a backlog, an infeasible target).
   */
  readonly plan: Plan | undefined;
}

/** Of the target, that carrying a load may take. */
const SHARE = 0.5;
/** Of the target, that a call at the batch limit may take: what happens after a burst. */
const LIMIT_SHARE = 0.7;
/** Over the rate at which events come: a backlog is worked off. */
const DRAIN_MARGIN = 1.25;
/** Of the target, that the goal `economy` spends. */
const ECONOMY_SHARE = 0.6;
/** A target below what the quickest call takes is taken for so many times that. */
const INFEASIBLE = 1.3;
/** So much later is not later, as a share; and knobs that stay as they are within a factor. */
const PLAY = 0.15;
const QUICK_PLAY = 1.2;
/** Of the target: what is measured later than this is not kept for the sake of quiet. */
const IN_TIME = 0.9;
const PLAYS: Partial<Record<KnobName, number>> = {
  batchLimit: 2.5,
  burstConcurrency: 1.6,
  burstAgeMs: 1.3,
  lingerMs: 1.2,
  edgeEvents: 2,
};
/** For so long after one, calls are kept quick. */
const UNEASY_MS = 60_000;
/** How long the saturated optimum is taken as it is while it only bounds what is done. */
const BEST_MS = 1000;
/** Growth beyond what has been explored. */
const BATCH_REACH = 4;
const LEAST_BATCH_LIMIT = 4;
const CONCURRENCY_REACH = 2;
/** An event that finds less than one call in flight on average shall hardly ever wait. */
const HARDLY = 1.08;
const HARDLY_PLAY = 0.08;
/** Age of the oldest event that starts more calls: of the target, and of what is expected. */
const BURST_SHARE = 0.35;
const BURST_EXPECTED = 1.5;
const LEAST_BURST_AGE_MS = 2;
/** An edge holds so many batches, and what comes in so many targets, so that only overload fills it. */
const EDGE_BATCHES = 4;
const EDGE_TARGETS = 4;
const LEAST_EDGE = 64;

export function initialLoad(): LoadState {
  return { ...FIRST_REGIME, best: undefined, floor: FEASIBLE };
}

export function followLoad(before: LoadState, input: LoadInput): LoadStep {
  const { limits, model, observation } = input;
  if (limits.hold) return { state: before, plan: undefined };
  const state = { ...before, ...nextRegime(before, input) };
  if (state.isSaturated) return { state: aiming(state, input), plan: undefined };
  if (!model.isInformed || observation.at - state.pausedAt < PAUSED_MS) return { state, plan: undefined };
  const best = bestOf(state, input);
  const rate = state.arrivals?.rate ?? 0;
  const plan = state.regime === 'draining' ? draining(input, best, rate) : carrying(input, best, rate, state.pausedAt);
  return { state: { ...state, best }, plan: steadied(plan, input.settings) };
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
  const leastMs = floorMs(model, goal, limits.maxConcurrency ?? goal.bounds.concurrency.max);
  const floor = nextFloor(state.floor, leastMs, goal);
  return { ...state, floor, aimMs: aimMs(floor, leastMs, goal) };
}

function bestOf({ best, regime }: LoadState, { observation: { at }, best: find }: LoadInput): Optimum {
  const isFresh = best !== undefined && at - best.at < (regime === 'draining' ? 0 : BEST_MS);
  return isFresh ? best : { ...find(), at };
}

function draining(input: LoadInput, best: Point, rate: number): Plan {
  const load = carryingOf(input, DRAIN_MARGIN * rate);
  // Behind a full edge nobody sees how many events come: what was let in is no rate to content oneself with.
  const isRateKnown = input.observation.fullRatio < FULL_RATIO;
  const options = isRateKnown ? naturals(input, best, load) : [];
  const fast = options.reduce<Natural | undefined>(
    (one, other) => (one === undefined || other.p95Ms < one.p95Ms ? other : one),
    undefined,
  );
  const point = fast ?? { ...input.most(), p95Ms: input.goal.p95Ms };
  return planFor(input, best, load, point, 'what queued up is worked off');
}

function carrying(input: LoadInput, best: Point, rate: number, pausedAt: number): Plan {
  const { goal, model, observation } = input;
  const load = carryingOf(input, rate);
  const options = naturals(input, best, load);
  const spare =
    goal.goal === 'economy' ? lingering(load, ECONOMY_SHARE * goal.p95Ms, mostInFlight(input, best)) : undefined;
  if (spare !== undefined)
    return planFor(input, best, load, spare, 'waiting for company makes calls cheaper', spare.lingerMs);
  const [first] = options;
  if (first === undefined) return nearCapacity(input, best, load);
  const quickest = options.reduce((one, other) => (other.p95Ms < one.p95Ms ? other : one));
  // Of those that are as quick, the present one, unless it is late and another would be in time.
  const present = options.find(({ inFlight }) => inFlight === input.settings.concurrency);
  const isLate = (quantile(observation.latency, 0.95) ?? 0) > IN_TIME * goal.p95Ms;
  const isTooLate = isLate && quickest.p95Ms <= goal.p95Ms;
  const stays = present !== undefined && !isTooLate && present.p95Ms <= QUICK_PLAY * quickest.p95Ms;
  const fastest = stays ? present : quickest;
  // Whatever is in flight when the event loop stands still is late: the less, the better.
  const isUneasy = observation.at - pausedAt < UNEASY_MS;
  const chosen = goal.goal === 'latency' || isUneasy ? fastest : (cheapest(input, load, options) ?? fastest);
  const isFeasible = chosen.p95Ms <= goal.p95Ms || model.explored.inFlight < chosen.inFlight;
  return planFor(
    input,
    best,
    load,
    chosen,
    isFeasible ? 'carries what comes, at the least cost' : 'even the quickest calls take longer than the target',
  );
}

/** Nothing carries the load with room to spare. */
function nearCapacity(input: LoadInput, best: Point, load: Carrying): Plan {
  const point = { inFlight: best.inFlight, batch: best.batch / 2, p95Ms: input.goal.p95Ms };
  return planFor(input, best, load, point, 'nearly as much comes as can be taken');
}

/** The smallest concurrency that is quick enough; the present one while the difference is small. */
function cheapest(
  { settings, goal, model }: LoadInput,
  load: Carrying,
  options: readonly Natural[],
): Natural | undefined {
  const alone = model.predict(1, 1);
  const isRare = load.rate * alone.ms < 1;
  const isPrompt = ({ batch, inFlight, p95Ms }: Natural): boolean =>
    batch === 1 && p95Ms <= (inFlight === settings.concurrency ? HARDLY + HARDLY_PLAY : HARDLY) * alone.ms * alone.tail;
  const prompt = isRare ? options.find(isPrompt) : undefined;
  if (prompt !== undefined) return prompt;
  const mostMs = SHARE * goal.p95Ms;
  const found = options.find(({ p95Ms }) => p95Ms <= mostMs);
  const present = options.find(({ inFlight }) => inFlight === settings.concurrency);
  if (found === undefined || present === undefined) return found;
  const isSlightlyLate = found.inFlight > present.inFlight && present.p95Ms <= mostMs * (1 + PLAY);
  const isBarelyEnough = found.inFlight < present.inFlight && found.p95Ms > mostMs * (1 - PLAY);
  return isSlightlyLate || isBarelyEnough ? present : found;
}

function naturals(input: LoadInput, best: Point, load: Carrying): Natural[] {
  const found: Natural[] = [];
  const most = mostInFlight(input, best);
  for (
    let inFlight = input.goal.bounds.concurrency.min;
    inFlight <= most;
    inFlight = Math.max(inFlight + 1, Math.floor(inFlight * 1.2))
  ) {
    const natural = naturalAt(load, inFlight);
    if (natural !== undefined) found.push(natural);
  }
  return found;
}

function mostInFlight({ limits, goal, model }: LoadInput, best: Point): number {
  const { min, max } = goal.bounds.concurrency;
  const reach = Math.max(best.inFlight, CONCURRENCY_REACH * model.explored.inFlight);
  return Math.max(min, Math.min(max, limits.maxConcurrency ?? max, Math.round(reach)));
}

function carryingOf({ model, limits, goal }: Pick<LoadInput, 'model' | 'limits' | 'goal'>, rate: number): Carrying {
  const { min, max } = goal.bounds.batchLimit;
  return {
    model,
    rate,
    batchLimit: Math.max(min, Math.min(max, Math.max(LEAST_BATCH_LIMIT, BATCH_REACH * model.explored.batch))),
    callsPerMs: (limits.callsPerSecond ?? Infinity) / 1000,
  };
}

function planFor(
  { goal, limits }: LoadInput,
  best: Point,
  load: Carrying,
  { batch, inFlight, p95Ms }: Natural,
  reason: string,
  lingerMs = 0,
): Plan {
  const targetMs = p95Ms > goal.p95Ms ? INFEASIBLE * p95Ms : goal.p95Ms;
  const within = batchWithin(load, inFlight, LIMIT_SHARE * targetMs);
  const batchLimit = Math.min(load.batchLimit, Math.max(LEAST_BATCH_LIMIT, 2 * batch, within));
  const burstConcurrency = Math.min(limits.maxConcurrency ?? Infinity, Math.max(inFlight, best.inFlight));
  const ageMs = Math.max(LEAST_BURST_AGE_MS, BURST_EXPECTED * p95Ms);
  return {
    kind: 'move',
    settings: {
      batchLimit,
      concurrency: inFlight,
      burstConcurrency,
      burstAgeMs: Math.min(BURST_SHARE * targetMs, ageMs),
      lingerMs,
      edgeEvents: Math.max(LEAST_EDGE, EDGE_BATCHES * batchLimit, EDGE_TARGETS * load.rate * targetMs),
    },
    reason,
    evidence: { arrivalsPerSecond: 1000 * load.rate, p95Ms },
    expected: { throughput: 1000 * load.rate, p95Ms },
  };
}

/** Knobs of which a little more or less makes no difference stay as they are. */
function steadied(plan: Plan, settings: StageSettings): Plan {
  const next: Partial<Record<KnobName, number>> = { ...plan.settings };
  for (const [knob, play] of Object.entries(PLAYS) as [KnobName, number][]) {
    const [from, to] = [settings[knob], next[knob]];
    if (to !== undefined && to > 0 && from > 0 && Math.abs(Math.log(to / from)) <= Math.log(play)) next[knob] = from;
  }
  return { ...plan, settings: next };
}
