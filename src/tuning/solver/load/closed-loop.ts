/**
 * Does more come when events are done sooner? Clients that wait for their confirmations before they send again (a closed loop;
 * Schroeder, Wierman, Harchol-Balter: Open versus closed, 2006) bring a rate that is of the stage's own making: carried at the
 * least cost, it stays as low as it is. No rate tells that it is one of these, so it is asked, as a switchback test: with twice
 * the calls for a moment, with as many as before, with twice the calls again, and then with ever more while that helps.
 *
 * Invariants (closed-loop.test.ts)
 * - More calls are held only where clearly more came with them than before and after, and again thereafter.
 * - Either answer is tested again, each time after twice as long.
 * - A load that has changed meanwhile, and calls that somebody else has set, are the model's again.
 */

import type { Bound } from '../../../control/goal.ts';
import type { StageObservation } from '../../../control/observation.ts';
import { hasSeen, isClearlyMore, lookOn, placeOf, unseen, type Place, type RateLook } from './rate-look.ts';

/** Plain data. */
export type ClosedLoop = Watching | Asking | Checking | Climbing | Holding;

/** The model decides how many calls there are. */
interface Watching extends RateLook {
  readonly kind: 'watching';
  /** Monotonic ms, from when on it is asked. */
  readonly nextAt: number;
  /** Without an answer, it is not asked again for so long. */
  readonly restMs: number;
}

/** Does more come with more calls? */
interface Asking extends RateLook {
  readonly kind: 'asking';
  readonly before: Place;
  readonly restMs: number;
}

/** With as many as before: was it the calls, or did more come anyway? */
interface Checking extends RateLook {
  readonly kind: 'checking';
  readonly best: Place;
  readonly restMs: number;
  readonly holdMs: number;
}

/** It was the calls: do these again, and still more of them? */
interface Climbing extends RateLook {
  readonly kind: 'climbing';
  /** The model's calls. */
  readonly before: number;
  readonly best: Place;
  readonly restMs: number;
  readonly holdMs: number;
}

interface Holding {
  readonly kind: 'holding';
  readonly inFlight: number;
  readonly before: number;
  readonly best: Place;
  /** Events per period, smoothed. */
  readonly rate: number;
  /** Periods in which that was clearly less than what is held for. */
  readonly less: number;
  readonly until: number;
  readonly holdMs: number;
}

export interface ClosedLoopInput {
  readonly observation: StageObservation;
  /** In force during the observed period. */
  readonly inFlight: number;
  readonly bound: Bound;
  /** So many calls would make events clearly earlier than so many others do. */
  readonly isQuicker: (inFlight: number, than: number) => boolean;
}

const STEP = 2;
/** A step is worth its calls once it is known that calls bring more: the last ones bring little, but what they bring counts. */
const WORTH = 1.04;
/** An attempt costs little, a check a second of most of what comes. */
const FIRST_REST_MS = 5000;
const FIRST_HOLD_MS = 30_000;
const LONGEST_MS = 300_000;
/** So much more or less, and the load is another. */
const CHANGED = 1.5;
/** So much less for so long than what is held for: who comes together is by chance, and by now more calls may do more. */
const LESS = 1.1;
const LESS_PERIODS = 20;
const SMOOTHING = 0.1;

export const UNASKED: ClosedLoop = watching(0, 0, FIRST_REST_MS);

/** So many calls are asked for; undefined: the model's. */
export function askedInFlight(loop: ClosedLoop): number | undefined {
  return loop.kind === 'watching' ? undefined : loop.inFlight;
}

/** One period of carrying a load. */
export function nextClosedLoop(loop: ClosedLoop, input: ClosedLoopInput): ClosedLoop {
  const { observation, inFlight } = input;
  if (loop.kind === 'holding') return held(loop, input);
  if (loop.inFlight !== inFlight) return moved(loop, input);
  const look = lookOn(loop, observation);
  if (!hasSeen(look, observation)) return { ...loop, ...look };
  const here = placeOf(look);
  switch (loop.kind) {
    case 'watching': {
      const more = observation.at < loop.nextAt ? undefined : moreThan(inFlight, input);
      if (more === undefined) return { ...loop, ...unseen(inFlight), periods: 0 };
      return { kind: 'asking', ...unseen(more), before: here, restMs: loop.restMs };
    }
    case 'asking': {
      const { before, restMs } = loop;
      if (!isClearlyMore(here, before)) return unanswered(before.inFlight, restMs, input);
      return { kind: 'checking', ...unseen(before.inFlight), best: here, restMs, holdMs: FIRST_HOLD_MS };
    }
    case 'checking': {
      const { best, restMs, holdMs } = loop;
      if (!isClearlyMore(best, here)) return unanswered(inFlight, restMs, input);
      return { kind: 'climbing', ...unseen(best.inFlight), before: inFlight, best: here, restMs, holdMs };
    }
    case 'climbing':
      return climbed(loop, here, input);
  }
}

function climbed(loop: Climbing, here: Place, input: ClosedLoopInput): ClosedLoop {
  const { before, restMs, holdMs } = loop;
  const isBetter = here.rate > WORTH * loop.best.rate;
  const more = isBetter ? moreThan(here.inFlight, input) : undefined;
  const best = isBetter ? here : loop.best;
  if (more !== undefined) return { ...loop, ...unseen(more), best };
  if (best.inFlight === before) return unanswered(before, restMs, input);
  const until = input.observation.at + holdMs;
  return { kind: 'holding', inFlight: best.inFlight, before, best, rate: best.rate, less: 0, until, holdMs };
}

function held(loop: Holding, input: ClosedLoopInput): ClosedLoop {
  const { observation, inFlight } = input;
  const { before, best, until } = loop;
  const { at, arrived } = observation;
  const rate = loop.rate + SMOOTHING * (arrived - loop.rate);
  if (Math.abs(Math.log(rate / best.rate)) > Math.log(CHANGED)) return watching(inFlight, at, FIRST_REST_MS);
  const rest = { restMs: FIRST_REST_MS, holdMs: loop.holdMs };
  const less = LESS * rate < best.rate ? loop.less + 1 : 0;
  const more = less > LESS_PERIODS ? moreThan(inFlight, input) : undefined;
  if (more !== undefined) return { kind: 'climbing', ...unseen(more), before, best: { ...best, rate }, ...rest };
  if (at < until) return { ...loop, rate, less };
  return { kind: 'checking', ...unseen(before), best, ...rest, holdMs: Math.min(LONGEST_MS, 2 * loop.holdMs) };
}

/** Undefined: there may be no more, or these would make no event earlier. */
function moreThan(inFlight: number, { bound: { max }, isQuicker }: ClosedLoopInput): number | undefined {
  const more = Math.min(max, STEP * inFlight);
  return more > inFlight && isQuicker(more, inFlight) ? more : undefined;
}

/** Somebody else has set the calls. */
function moved(loop: Exclude<ClosedLoop, Holding>, { observation: { at }, inFlight }: ClosedLoopInput): Watching {
  return watching(inFlight, loop.kind === 'watching' ? loop.nextAt : at, loop.restMs);
}

function unanswered(inFlight: number, restMs: number, { observation: { at } }: ClosedLoopInput): Watching {
  return watching(inFlight, at + restMs, Math.min(LONGEST_MS, 2 * restMs));
}

function watching(inFlight: number, nextAt: number, restMs: number): Watching {
  return { kind: 'watching', ...unseen(inFlight), nextAt, restMs };
}
