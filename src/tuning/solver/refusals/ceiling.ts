/**
 * How many calls at once a target takes: it refuses above that number and never below.
 *
 * One below the lowest refused; after a wait one more is allowed, and where that is taken ever more, so that
 * a ceiling that has moved is found again in a few steps. A refusal returns to one below it, and the wait doubles.
 */

import type { Dispatch } from './dispatches.ts';

export interface Ceiling {
  /** Most calls in flight. */
  readonly bound: number;
  /** When more may be tried. */
  readonly testAt: number;
  readonly waitMs: number;
  /** By how much; doubles while it is taken. */
  readonly step: number;
}

const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 60_000;
/** After a success. */
const NEXT_WAIT_MS = 300;
/** A target that takes a smaller share is away. */
const AWAY_RATIO = 0.1;

/** @param news - the calls of one period; undefined while other rules explain its refusals */
export function nextCeiling(ceiling: Ceiling | undefined, news: readonly Dispatch[], now: number): Ceiling | undefined {
  const refused = news.filter(({ isRefused }) => isRefused).map(({ inFlight }) => inFlight);
  const taken = news.filter(({ isRefused }) => !isRefused).map(({ inFlight }) => inFlight);
  const mostTaken = Math.max(0, ...taken);
  if (refused.length === 0) return ceiling === undefined ? undefined : allowedMore(ceiling, mostTaken, now);
  const leastRefused = Math.min(...refused);
  const isSeparate = leastRefused > Math.max(1, mostTaken);
  if (!isSeparate || taken.length < AWAY_RATIO * news.length) return ceiling;
  const bound = leastRefused - 1;
  // Calls of the test that was refused are still being answered.
  if (ceiling?.step === 0 && bound === ceiling.bound) return ceiling;
  // Refused where it was before: it has not moved.
  const isSame = ceiling !== undefined && ceiling.step === 1 && bound === ceiling.bound - 1;
  const waitMs = isSame ? Math.min(MAX_WAIT_MS, 2 * ceiling.waitMs) : FIRST_WAIT_MS;
  return { bound, testAt: now + waitMs, waitMs, step: 0 };
}

function allowedMore(ceiling: Ceiling, mostTaken: number, now: number): Ceiling {
  if (now < ceiling.testAt || mostTaken < ceiling.bound) return ceiling;
  const step = Math.max(1, 2 * ceiling.step);
  return { ...ceiling, bound: ceiling.bound + step, step, testAt: now + NEXT_WAIT_MS };
}
