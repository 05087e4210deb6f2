/**
 * How many calls a load that does not wait takes: of the concurrencies that carry it the smallest that is quick enough,
 * since fewer calls are larger and cost less per event; or, with a backlog, the quickest that works it off.
 */

import { quantile } from '../../../stats/histogram.ts';
import type { Point } from '../cost-model.ts';
import type { Plan } from '../plan.ts';
import { lingering } from './linger.ts';
import type { LoadInput } from './load-input.ts';
import { carryingOf, planFor } from './load-plan.ts';
import { naturalAt, type Carrying, type Natural } from './natural.ts';
import { Options } from './options.ts';
import { FULL_RATIO } from './regime.ts';

/** Of the target, that carrying a load may take. */
const SHARE = 0.5;
/** Over the rate at which events come: a backlog is worked off. */
const DRAIN_MARGIN = 1.25;
/** Of the target, that the goal `economy` spends. */
const ECONOMY_SHARE = 0.6;
/** So much later is not later, as a share; and the present concurrency stays within a factor. */
const PLAY = 0.15;
const QUICK_PLAY = 1.2;
/** Of the target: what is measured later than this is not kept for the sake of quiet. */
const IN_TIME = 0.9;
/** For so long after one, calls are kept quick. */
const UNEASY_MS = 60_000;
/** Growth beyond what has been explored. */
const CONCURRENCY_REACH = 2;
/** An event that finds less than one call in flight on average shall hardly ever wait. */
const HARDLY = 1.08;
const HARDLY_PLAY = 0.08;

export function draining(input: LoadInput, best: Point, rate: number): Plan {
  const load = carryingOf(input, DRAIN_MARGIN * rate);
  // Behind a full edge nobody sees how many events come: what was let in is no rate to content oneself with.
  const isRateKnown = input.observation.fullRatio < FULL_RATIO;
  const fast = isRateKnown ? optionsOf(input, best, load).quickest() : undefined;
  const point = fast ?? { ...input.most(), p95Ms: input.goal.p95Ms };
  return planFor(input, best, load, point, 'what queued up is worked off');
}

export function carrying(input: LoadInput, best: Point, rate: number, pausedAt: number): Plan {
  const { goal, model, observation } = input;
  const load = carryingOf(input, rate);
  const spare =
    goal.goal === 'economy' ? lingering(load, ECONOMY_SHARE * goal.p95Ms, mostInFlight(input, best)) : undefined;
  if (spare !== undefined)
    return planFor(input, best, load, spare, 'waiting for company makes calls cheaper', spare.lingerMs);
  const options = optionsOf(input, best, load);
  // Whatever is in flight when the event loop stands still is late: the less, the better.
  const isUneasy = observation.at - pausedAt < UNEASY_MS;
  const cheap = goal.goal === 'latency' || isUneasy ? undefined : cheapest(input, load, options);
  const chosen = cheap ?? quickest(input, options);
  if (chosen === undefined) return nearCapacity(input, best, load);
  const isFeasible = chosen.p95Ms <= goal.p95Ms || model.explored.inFlight < chosen.inFlight;
  return planFor(
    input,
    best,
    load,
    chosen,
    isFeasible ? 'carries what comes, at the least cost' : 'even the quickest calls take longer than the target',
  );
}

/** Of those that are as quick, the present one, unless it is late and another would be in time. */
function quickest({ observation, goal, settings }: LoadInput, options: Options): Natural | undefined {
  const found = options.quickest();
  const present = options.at(settings.concurrency);
  if (found === undefined || present === undefined) return found;
  const isLate = (quantile(observation.latency, 0.95) ?? 0) > IN_TIME * goal.p95Ms;
  const isTooLate = isLate && found.p95Ms <= goal.p95Ms;
  return !isTooLate && present.p95Ms <= QUICK_PLAY * found.p95Ms ? present : found;
}

/** Measurements decide how many calls there are. */
export function seeking(input: LoadInput, best: Point, rate: number, inFlight: number): Plan {
  return withCalls(input, best, rate, inFlight, 'late with what was expected to do: what is measured decides');
}

/** What comes with so many calls decides (closed-loop.ts). */
export function answering(
  input: LoadInput,
  best: Point,
  rate: number,
  inFlight: number,
  share: number = Infinity,
): Plan {
  const plan = withCalls(input, best, rate, inFlight, 'more may come when events are done sooner');
  const { batchLimit = Infinity } = plan.settings;
  return { ...plan, settings: { ...plan.settings, batchLimit: Math.min(batchLimit, share) } };
}

function withCalls(input: LoadInput, best: Point, rate: number, inFlight: number, reason: string): Plan {
  const { observation, goal, settings } = input;
  const load = carryingOf(input, rate);
  const batch = naturalAt(load, inFlight)?.batch ?? settings.batchLimit / 2;
  const p95Ms = Math.min(goal.p95Ms, quantile(observation.latency, 0.95) ?? Infinity);
  return planFor(input, best, load, { inFlight, batch, p95Ms }, reason);
}

/** Nothing carries the load with room to spare. */
function nearCapacity(input: LoadInput, best: Point, load: Carrying): Plan {
  const point = { inFlight: best.inFlight, batch: best.batch / 2, p95Ms: input.goal.p95Ms };
  return planFor(input, best, load, point, 'nearly as much comes as can be taken');
}

/** The smallest concurrency that is quick enough; the present one while the difference is small. */
function cheapest({ settings, goal, model }: LoadInput, load: Carrying, options: Options): Natural | undefined {
  const alone = model.predict(1, 1);
  const isRare = load.rate * alone.ms < 1;
  const isPrompt = ({ batch, inFlight, p95Ms }: Natural): boolean =>
    batch === 1 && p95Ms <= (inFlight === settings.concurrency ? HARDLY + HARDLY_PLAY : HARDLY) * alone.ms * alone.tail;
  const prompt = isRare ? options.find(isPrompt) : undefined;
  if (prompt !== undefined) return prompt;
  const mostMs = SHARE * goal.p95Ms;
  const mostMeanMs = SHARE * (goal.avgMs ?? Infinity);
  const found = options.find(({ p95Ms, meanMs }) => p95Ms <= mostMs && meanMs <= mostMeanMs);
  const present = found === undefined ? undefined : options.at(settings.concurrency);
  if (found === undefined || present === undefined) return found;
  const isSlightlyLate = found.inFlight > present.inFlight && present.p95Ms <= mostMs * (1 + PLAY);
  const isBarelyEnough = found.inFlight < present.inFlight && found.p95Ms > mostMs * (1 - PLAY);
  return isSlightlyLate || isBarelyEnough ? present : found;
}

function optionsOf(input: LoadInput, best: Point, load: Carrying): Options {
  return new Options(load, { min: input.goal.bounds.concurrency.min, max: mostInFlight(input, best) });
}

function mostInFlight({ limits, goal, model }: LoadInput, best: Point): number {
  const { min, max } = goal.bounds.concurrency;
  const reach = Math.max(best.inFlight, CONCURRENCY_REACH * model.explored.inFlight);
  return Math.max(min, Math.min(max, limits.maxConcurrency ?? max, Math.round(reach)));
}
