/** What a run achieved: the quality measures of tuning, over stretches of it. */

import { Histogram, quantile, shareUpTo } from '../../stats/histogram.ts';
import type { KnobName } from '../../control/settings.ts';
import type { SimulatedPeriod } from './tuned-stage.ts';

/** Virtual ms. */
export type Stretch = readonly [fromMs: number, toMs: number];

/** A stretch of a run in figures. */
export interface Measures {
  readonly events: number;
  /** Events confirmed per second. */
  readonly throughput: number;
  /** Acceptance to confirmation, weighted by events; Infinity where nothing was confirmed. */
  readonly p95Ms: number;
  /** Events confirmed within the target over events offered, 0..1. */
  readonly goodput: number;
  /** The plant's work per event confirmed. */
  readonly workPerEvent: number;
  readonly calls: number;
  /** Calls that the plant refused or failed over all calls. */
  readonly refusedRatio: number;
}

/** A window in which it is judged whether targets are met. */
export const WINDOW_MS = 1000;

export function measure(periods: readonly SimulatedPeriod[], [fromMs, toMs]: Stretch, targetMs: number): Measures {
  const latency = new Histogram();
  let [events, offered, work, calls, refused, ms] = [0, 0, 0, 0, 0, 0];
  for (const { observation, ...period } of periods) {
    if (observation.at <= fromMs || observation.at > toMs) continue;
    latency.add(observation.latency);
    events += observation.done;
    calls += observation.calls;
    ms += observation.durationMs;
    offered += period.offered;
    work += period.work;
    refused += period.refusedCalls;
  }
  return {
    events,
    throughput: ms === 0 ? 0 : (events * 1000) / ms,
    p95Ms: quantile(latency, 0.95) ?? Infinity,
    goodput: offered === 0 ? 1 : Math.min(1, (shareUpTo(latency, targetMs) * latency.count) / offered),
    workPerEvent: events === 0 ? Infinity : work / events,
    calls,
    refusedRatio: calls === 0 ? 0 : Math.min(1, refused / calls),
  };
}

/** The windows of a stretch, one beginning every `stepMs`. */
export function windowsIn([fromMs, toMs]: Stretch, stepMs: number = WINDOW_MS): Stretch[] {
  const count = Math.max(0, Math.floor((toMs - fromMs - WINDOW_MS) / stepMs + 1 + 1e-9));
  return Array.from({ length: count }, (_, i) => [fromMs + i * stepMs, fromMs + i * stepMs + WINDOW_MS]);
}

/** Share of windows whose p95 is above 1.05 of the target, 0..1. */
export function violationShare(periods: readonly SimulatedPeriod[], stretch: Stretch, targetMs: number): number {
  const windows = windowsIn(stretch);
  const violated = windows.filter((window) => {
    const { p95Ms, events } = measure(periods, window, targetMs);
    return events > 0 && p95Ms > 1.05 * targetMs;
  });
  return windows.length === 0 ? 0 : violated.length / windows.length;
}

/** The worst window's p95 over the target. */
export function overshoot(periods: readonly SimulatedPeriod[], stretch: Stretch, targetMs: number): number {
  const p95s = windowsIn(stretch).map((window) => measure(periods, window, targetMs));
  return Math.max(0, ...p95s.filter(({ events }) => events > 0).map(({ p95Ms }) => p95Ms / targetMs));
}

/**
 * Ms from the begin of the stretch to the first of three consecutive good windows; undefined where there
 * are none. Good: at least .9 of the throughput expected there, and p95 within 1.1 of the target.
 * @param expected - events per second that the best fixed settings reach in a window
 */
export function convergenceMs(
  periods: readonly SimulatedPeriod[],
  stretch: Stretch,
  targetMs: number,
  expected: (window: Stretch) => number,
): number | undefined {
  const stepMs = periods[0]?.observation.durationMs ?? WINDOW_MS;
  const perWindow = Math.max(1, Math.round(WINDOW_MS / stepMs));
  const isGood = windowsIn(stretch, stepMs).map((window) => {
    const { throughput, p95Ms, events } = measure(periods, window, targetMs);
    const wanted = 0.9 * expected(window);
    return throughput >= wanted && (p95Ms <= 1.1 * targetMs || (events === 0 && wanted === 0));
  });
  const first = isGood.findIndex((good, i) => good && isGood[i + perWindow] && isGood[i + 2 * perWindow]);
  return first === -1 ? undefined : first * stepMs;
}

/** How restless a knob is. */
export interface Restlessness {
  /** Standard deviation over mean. */
  readonly cv: number;
  readonly reversalsPerMin: number;
}

/** Trials count for `cv`; a trial and its end are no reversal. */
export function restlessness(
  periods: readonly SimulatedPeriod[],
  [fromMs, toMs]: Stretch,
  knob: KnobName,
): Restlessness {
  const values: number[] = [];
  let settled: number | undefined;
  let direction = 0;
  let reversals = 0;
  let isTrial = false;
  for (const { observation, settings, decisions } of periods) {
    const value = settings[knob];
    if (observation.at > fromMs && observation.at <= toMs) {
      values.push(value);
      if (!isTrial) {
        const turn = Math.sign(value - (settled ?? value));
        if (turn !== 0 && turn === -direction) reversals += 1;
        if (turn !== 0) direction = turn;
        settled = value;
      }
    }
    const last = decisions.findLast(({ changes }) => changes.some((change) => change.knob === knob));
    if (last !== undefined) isTrial = last.kind === 'trial';
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length);
  return {
    cv: mean === 0 ? 0 : Math.sqrt(variance) / mean,
    reversalsPerMin: (reversals * 60_000) / Math.max(1, toMs - fromMs),
  };
}
