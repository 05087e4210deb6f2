/** What a tuned run is measured by. */

import type { Ended } from './protocol.ts';
import { secondsOf, windowOf, type Recording, type Window } from './recording.ts';

export interface Verdict {
  /** Once it had the time it may take to converge. */
  readonly perSecond: number;
  /** Of its windows of a second since then, those with p95 within the target, 0..1. */
  readonly goodRatio: number;
  readonly convergedS: number;
  readonly finally: string;
}

/** A run may take so long to converge, and is judged from then on. */
export const CONVERGED_MS = 5000;
/** As in simulation, a window counts as converged with this share of what is to be reached, and p95 near enough. */
const ENOUGH = 0.9;
const NEAR = 1.1;
/** Windows of a second begin at these steps. */
const STEP_MS = 250;
const GOOD_WINDOWS = 3;

/** @param best - throughput of the best fixed setting */
export function verdictOf({ recording, settings }: Ended, ms: number, p95Ms: number, best: number): Verdict {
  const windows = secondsOf(recording, judgedFrom(ms), ms);
  return {
    perSecond: throughputOf(recording, ms),
    goodRatio: windows.filter((window) => window.p95Ms <= p95Ms).length / windows.length,
    convergedS: steadyAfterS(recording, { fromMs: 0, toMs: ms, p95Ms, perSecond: best }),
    finally: `${settings.batchLimit} x ${settings.concurrency}`,
  };
}

/** Of a tuned run of `ms`, once it had the time it may take to converge. */
export function throughputOf(recording: Recording, ms: number): number {
  return windowOf(recording, judgedFrom(ms), ms).perSecond;
}

const judgedFrom = (ms: number): number => Math.min(CONVERGED_MS, ms / 2);

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly p95Ms: number;
  readonly perSecond: number;
}

/** Seconds to the first of three consecutive good windows of a second; Infinity where there are none. */
export function steadyAfterS(recording: Recording, { fromMs, toMs, p95Ms, perSecond }: Stretch): number {
  const isGood = (window: Window): boolean => window.p95Ms <= NEAR * p95Ms && window.perSecond >= ENOUGH * perSecond;
  for (let at = fromMs; at + GOOD_WINDOWS * 1000 <= toMs; at += STEP_MS) {
    if (secondsOf(recording, at, at + GOOD_WINDOWS * 1000).every(isGood)) return (at - fromMs) / 1000;
  }
  return Infinity;
}
