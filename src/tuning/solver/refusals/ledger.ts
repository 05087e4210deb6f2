/**
 * Calls started and granted per period. Granted counts from the start of a call: whoever counts those that
 * have ended takes a slow target for a stingy one.
 */

import type { StageObservation } from '../../../control/observation.ts';

export interface LedgerEntry {
  /** End of the period, monotonic ms. */
  readonly at: number;
  readonly durationMs: number;
  /** Attempts: new calls and those tried again. */
  readonly started: number;
  readonly refused: number;
}

/** Plain data. */
export interface Ledger {
  readonly inFlight: number;
  readonly entries: readonly LedgerEntry[];
}

export interface Count {
  readonly started: number;
  readonly refused: number;
  readonly granted: number;
  readonly durationMs: number;
}

/** Longest time that a limit is measured over. */
export const LEDGER_MS = 5_000;

export const EMPTY_LEDGER: Ledger = { inFlight: 0, entries: [] };

export function recorded({ inFlight, entries }: Ledger, observation: StageObservation): Ledger {
  const { at, durationMs, calls, samples } = observation;
  const isRefused = samples.filter(({ outcome }) => outcome === 'rejected').length;
  // Of many calls only the newest are told one by one.
  const refused = samples.length === 0 ? 0 : (isRefused * calls) / samples.length;
  // What is in flight longer than a refusal takes was granted; a refusal under way is counted in the next period.
  const started = Math.max(0, calls + observation.inFlight - inFlight);
  return {
    inFlight: observation.inFlight,
    entries: [...entries.filter((entry) => at - entry.at < LEDGER_MS), { at, durationMs, started, refused }],
  };
}

/** The periods that began at `since` or later. */
export function countSince({ entries }: Ledger, since: number): Count {
  let [started, refused, durationMs] = [0, 0, 0];
  for (const entry of entries) {
    if (entry.at - entry.durationMs < since - 1) continue;
    started += entry.started;
    refused += entry.refused;
    durationMs += entry.durationMs;
  }
  return { started, refused, granted: Math.max(0, started - refused), durationMs };
}

/** Ends of the newest two periods in which something was granted, newest first; -Infinity where there was none. */
export function lastGrants({ entries }: Ledger): [number, number] {
  const [last, before] = entries
    .filter(({ started, refused }) => started - refused >= 0.5)
    .slice(-2)
    .reverse();
  return [last?.at ?? Number.NEGATIVE_INFINITY, before?.at ?? Number.NEGATIVE_INFINITY];
}

/** Longest time in which something was refused and nothing granted, ms. */
export function longestSilence({ entries }: Ledger, since: number): number {
  let [longest, silence] = [0, 0];
  for (const { at, durationMs, started, refused } of entries) {
    if (at - durationMs < since) continue;
    silence = started - refused >= 0.5 ? 0 : silence + durationMs;
    longest = Math.max(longest, silence);
  }
  return longest;
}

/** Something was refused in the newest period. */
export function isRefused({ entries }: Ledger): boolean {
  return (entries.at(-1)?.refused ?? 0) > 0;
}

/** End of the first period, of those that began at `since` or later, in which something was refused; Infinity without one. */
export function firstRefusalAt({ entries }: Ledger, since: number): number {
  return entries.find(({ at, durationMs, refused }) => refused > 0 && at - durationMs >= since - 1)?.at ?? Infinity;
}

/** End of the newest period in which something was refused. */
export function lastRefusalAt({ entries }: Ledger): number {
  return entries.findLast(({ refused }) => refused > 0)?.at ?? Number.NEGATIVE_INFINITY;
}

export function perSecond(calls: number, durationMs: number): number {
  return durationMs > 0 ? (calls * 1000) / durationMs : 0;
}
