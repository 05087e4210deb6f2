/**
 * Additive increase, multiplicative decrease on the mean round trip, as in Vector's adaptive request concurrency
 * (src/sinks/util/adaptive_concurrency/controller.rs): one more while the limit is reached and the round trip is not
 * longer than before, x .9 on back-pressure or beyond so many standard deviations. Looks once per round trip.
 */

import type { Law } from './law.ts';
import { limitLaw, meanOf, type Limit, type Seen } from './limit.ts';

const ALPHA = 0.4;
const DECREASE = 0.9;
const MAX_LIMIT = 200;
const PERIOD_MS = 20;

interface State {
  readonly limit: number;
  readonly past: { readonly mean: number; readonly variance: number } | undefined;
  readonly nextAt: number;
  readonly current: { readonly sum: number; readonly count: number };
  readonly isPushedBack: boolean;
  readonly isReached: boolean;
}

function arcWith(deviations: number): Law {
  const limit: Limit<State> = {
    initial: {
      limit: 1,
      past: undefined,
      nextAt: 0,
      current: { sum: 0, count: 0 },
      isPushedBack: false,
      isReached: false,
    },
    next: (state, seen) => updated(collected(state, seen), seen.at, deviations),
  };
  return limitLaw(`ARC ${deviations}`, limit, PERIOD_MS);
}

function collected(state: State, { accepted, isPushedBack, inFlight }: Seen): State {
  const sum = state.current.sum + (accepted.length === 0 ? 0 : meanOf(accepted) * accepted.length);
  return {
    ...state,
    current: { sum, count: state.current.count + accepted.length },
    isPushedBack: state.isPushedBack || isPushedBack,
    isReached: state.isReached || inFlight >= state.limit,
  };
}

function updated(state: State, at: number, deviations: number): State {
  const { past, current, nextAt } = state;
  const mean = current.count === 0 ? undefined : current.sum / current.count;
  if (past === undefined)
    return mean === undefined ? state : { ...state, past: { mean, variance: 0 }, nextAt: at + mean };
  if (at < nextAt) return state;
  const next = mean === undefined ? past : averaged(past, mean);
  return {
    limit: limitAfter(state, past, mean, deviations),
    past: next,
    nextAt: at + next.mean,
    current: { sum: 0, count: 0 },
    isPushedBack: false,
    isReached: false,
  };
}

function limitAfter(
  state: State,
  past: NonNullable<State['past']>,
  mean: number | undefined,
  deviations: number,
): number {
  const { limit, isPushedBack, isReached } = state;
  const isSlow = (mean ?? 0) >= past.mean + deviations * Math.sqrt(past.variance);
  if (limit < MAX_LIMIT && isReached && !isPushedBack && mean !== undefined && mean <= past.mean) return limit + 1;
  return limit > 1 && (isPushedBack || isSlow) ? Math.max(1, Math.floor(limit * DECREASE)) : limit;
}

/** Exponentially weighted mean and variance. */
function averaged({ mean, variance }: NonNullable<State['past']>, value: number): NonNullable<State['past']> {
  const difference = value - mean;
  const increment = ALPHA * difference;
  return { mean: mean + increment, variance: (1 - ALPHA) * (variance + difference * increment) };
}

export const arc: Law = { ...arcWith(2.5), name: 'ARC', isBaseline: true, variants: [1, 2.5, 5, 10].map(arcWith) };
