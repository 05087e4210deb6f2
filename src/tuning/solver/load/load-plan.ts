/** From a number of calls, and the batches that come about with it, to all settings of a stage that carries a load. */

import type { KnobName, StageSettings } from '../../../control/settings.ts';
import { p95Of, type Point } from '../cost-model.ts';
import type { Plan } from '../plan.ts';
import type { LoadInput } from './load-input.ts';
import { batchWithin, type Carrying, type Natural } from './natural.ts';

/** Of the target, that a call at the batch limit may take: what happens after a burst. */
const LIMIT_SHARE = 0.7;
/** Or so many times what the calls take that come about: where a call itself takes that long, smaller ones are hardly quicker. */
const LIMIT_GROWTH = 1.5;
const LEAST_BATCH_LIMIT = 4;
/** Growth beyond what has been explored. */
const BATCH_REACH = 4;
/** A target below what the quickest call takes is taken for so many times that. */
const INFEASIBLE = 1.3;
/** Age of the oldest event that starts more calls: of the target, and of what is expected. */
const BURST_SHARE = 0.35;
const BURST_EXPECTED = 1.5;
const LEAST_BURST_AGE_MS = 2;
/**
 * An edge holds so many batches, and what comes in a target: with more, a source as fast as the stage makes it late before it is
 * held back. In a flow of several stages what is in time bounds it anyway, and the rest is room for the batches of others.
 */
const EDGE_BATCHES = 4;
const EDGE_TARGETS = { alone: 1, shared: 4 };
const LEAST_EDGE = 64;
/**
 * A source that waits fills the edge whenever it is a little faster than the stage: then the edge and the calls together hold what
 * is done in a share of the target (Little's law), and either one at least so many natural batches, so that none of them starves.
 */
const FULL_BATCHES = 1.25;
/** Knobs that stay as they are within a factor. */
const PLAYS: Partial<Record<KnobName, number>> = {
  batchLimit: 2.5,
  burstConcurrency: 1.6,
  burstAgeMs: 1.3,
  lingerMs: 1.2,
  edgeEvents: 2,
};
/** An edge that is filled is felt: it is the latency. */
const WAITING_PLAY = 1.3;
/** A call that takes more than its share leaves less to others. */
const DIVIDED_PLAY = 1.15;

export function carryingOf(
  { model, limits, goal }: Pick<LoadInput, 'model' | 'limits' | 'goal'>,
  rate: number,
): Carrying {
  const { min, max } = goal.bounds.batchLimit;
  return {
    model,
    rate,
    batchLimit: Math.max(min, Math.min(max, Math.max(LEAST_BATCH_LIMIT, BATCH_REACH * model.explored.batch))),
    callsPerMs: (limits.callsPerSecond ?? Infinity) / 1000,
  };
}

/** @param best - the saturated optimum, which bursts may use */
export function planFor(
  input: LoadInput,
  best: Point,
  load: Carrying,
  { batch, inFlight, p95Ms }: Omit<Natural, 'meanMs'>,
  reason: string,
  lingerMs = 0,
): Plan {
  const { goal, limits } = input;
  const targetMs = p95Ms > goal.p95Ms ? INFEASIBLE * p95Ms : goal.p95Ms;
  const leastMs = p95Of(input.model.predict(batch, inFlight), inFlight);
  const within = batchWithin(load, inFlight, Math.max(LIMIT_SHARE * targetMs, LIMIT_GROWTH * leastMs));
  const wide = Math.max(LEAST_BATCH_LIMIT, 2 * batch, within);
  const { batchLimit, edgeEvents } = queueOf(input, load, { batch, inFlight }, { wide, targetMs });
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
      edgeEvents: Math.max(LEAST_EDGE, edgeEvents),
    },
    reason,
    evidence: { arrivalsPerSecond: 1000 * load.rate, p95Ms },
    expected: { throughput: 1000 * load.rate, p95Ms },
  };
}

/** @param wide - the largest batch that is quick enough */
function queueOf(
  { goal, fullShare, bulk = 0 }: LoadInput,
  load: Carrying,
  { batch, inFlight }: Point,
  { wide, targetMs }: { readonly wide: number; readonly targetMs: number },
): Pick<StageSettings, 'batchLimit' | 'edgeEvents'> {
  if (fullShare === undefined) {
    const batchLimit = Math.min(load.batchLimit, wide);
    const targets = goal.isShared === true ? EDGE_TARGETS.shared : EDGE_TARGETS.alone;
    return { batchLimit, edgeEvents: Math.max(EDGE_BATCHES * batchLimit, targets * load.rate * targetMs) };
  }
  const room = fullShare * load.rate * targetMs;
  const least = FULL_BATCHES * batch;
  const fitting = Math.max(LEAST_BATCH_LIMIT, least, bulk, room / (1 + inFlight));
  const batchLimit = Math.min(load.batchLimit, wide, fitting);
  return { batchLimit, edgeEvents: Math.max(least, room - inFlight * batchLimit) };
}

/**
 * Knobs of which a little more or less makes no difference stay as they are.
 * @param isDivided - what is on its way is divided among calls
 */
export function steadied(
  plan: Plan,
  { settings, fullShare, isDivided = false }: Pick<LoadInput, 'settings' | 'fullShare'> & { isDivided?: boolean },
): Plan {
  const plays = {
    ...PLAYS,
    ...(fullShare === undefined ? {} : { edgeEvents: WAITING_PLAY }),
    ...(isDivided ? { batchLimit: DIVIDED_PLAY } : {}),
  };
  const next: Partial<Record<KnobName, number>> = { ...plan.settings };
  for (const [knob, play] of Object.entries(plays) as [KnobName, number][]) {
    const [from, to] = [settings[knob], next[knob]];
    if (to !== undefined && to > 0 && from > 0 && Math.abs(Math.log(to / from)) <= Math.log(play)) next[knob] = from;
  }
  return { ...plan, settings: next };
}
