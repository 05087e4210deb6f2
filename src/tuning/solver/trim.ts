/**
 * The share of the target that a predicted p95 may take: an integral controller on the measured p95, so that what the
 * model gets wrong about tails does not matter for long.
 *
 * Gains go by calls seen, not by time: a slow target is trimmed in as many calls as a quick one. The p95 of a few calls is the
 * longest of them, which lies far below p95 in the long run: of a few, those over the aim are counted instead, one in twenty being
 * right (stochastic approximation; Robbins & Monro 1951).
 *
 * What must keep the target is each second and not the long run: p95 is held below it by what seconds differ, where there are
 * calls enough in them to differ by more than chance.
 *
 * Where calls fail, the event at the 95th percentile is one whose call was repeated: the share is divided by its calls, since
 * what fails is soon known, and the integral would need half a minute for it (errors-30% of bench:tuning).
 */

import type { StageObservation } from '../../control/observation.ts';
import { quantile, shareUpTo } from '../../stats/histogram.ts';
import { clamp } from './model/numbers.ts';

export interface TrimState {
  readonly budget: number;
  /** Share of events whose call failed. */
  readonly failing: number;
  readonly seconds: Seconds;
}

/** How p95 differs from second to second: logarithms of it over the target. Plain data. */
interface Seconds {
  /** Of the last second, about. */
  readonly last: number;
  /** Of the last two or three, and the variance of the one about the other. */
  readonly mean: number;
  readonly variance: number;
}

export const FIRST_TRIM: TrimState = {
  budget: 0.9,
  failing: 0,
  seconds: { last: 0, mean: 0, variance: 0 },
};
export const UNTRIMMED: TrimState = { ...FIRST_TRIM, budget: 1 };

/** Where p95 is held, as a share of the target, by its measure and by counting; where its seconds differ much, so many standard deviations below it. */
const AIM = 0.97;
const AIM_OF_FEW = 0.98;
const SECONDS = 2;
/** Gains per period: of a second, of what it differs from, and of how much. */
const SECOND_GAIN = 0.1;
const MEAN_GAIN = 0.05;
const VARIANCE_GAIN = 0.02;
/** One period counts for so much at most, as a logarithm: a p95 of 0 (what came quicker than the stages before it) has none. */
const MOST_LOG = 1;
/** What differs by more, as a logarithm, is another load or target and not another second. */
const MOST_DIFFERENT = 0.15;
const GAIN = 0.06;
const LEAST_BUDGET = 0.4;
const MOST_BUDGET = 1.4;
/** Calls in a period that make it count fully; of fewer, those over the aim are counted. */
const FULL_CALLS = 20;
/** What a share of one is worth as an error of p95, as a logarithm: about 1 / the density of calls there. */
const PER_SHARE = 4;
/** Periods by which an effect may be late without a smaller gain: an integral of GAIN a period bears pi / (2 GAIN), 26 of them. */
const SHORT_DELAY = 4;
/** A point that uses less of its budget than this is not held back by the target: more budget would not be used. */
const BINDING = 0.93;

/** Calls over which the share of failing ones is smoothed. */
const FAILING_CALLS = 100;
/** Below it p95 is that of events whose first call worked. */
const LATE_SHARE = 0.05;
const MOST_CALLS = 3;

/** What a prediction may take of the target. */
export function budgetOf({ budget, failing }: TrimState): number {
  return budget / callsAtP95(failing);
}

/** Calls of the event at the 95th percentile where a share fails: n with share^n = 0.05, at least 1. */
function callsAtP95(failing: number): number {
  return failing <= LATE_SHARE ? 1 : Math.min(MOST_CALLS, Math.log(LATE_SHARE) / Math.log(Math.min(0.9, failing)));
}

/** What fails is learned at all times but while nothing works: then the target is away. */
export function noteFailures(before: TrimState, { calls, done, failed }: StageObservation): TrimState {
  if (done === 0 || (failed === 0 && before.failing === 0)) return before;
  const share = failed / (failed + done);
  return { ...before, failing: before.failing + Math.min(1, calls / FAILING_CALLS) * (share - before.failing) };
}

export interface TrimInput {
  readonly observation: StageObservation;
  readonly targetMs: number;
  /** Predicted p95 of the point in force over budget * target. */
  readonly used: number;
  /** The budget before the target became far slower (recall.ts). Absent: it has not. */
  readonly usual?: number | undefined;
  /** Control periods that a call takes; the effect of a change is not seen earlier. */
  readonly delayPeriods: number;
}

export function trim(before: TrimState, input: TrimInput): TrimState {
  const { observation, targetMs, used, usual = 0, delayPeriods } = input;
  const p95 = quantile(observation.latency, 0.95);
  if (p95 === undefined || observation.pause !== undefined) return before;
  // Calls that are repeated because they were refused are late whatever the point.
  if (observation.rejected > 0) return before;
  const weight = Math.min(1, observation.calls / FULL_CALLS) / Math.max(1, delayPeriods / SHORT_DELAY);
  const ratio = p95 / targetMs;
  const seconds = withPeriod(before.seconds, clamp(Math.log(ratio), -MOST_LOG, MOST_LOG));
  const late = 1 - shareUpTo(observation.latency, AIM_OF_FEW * targetMs);
  const aim = Math.min(AIM, Math.exp(-SECONDS * Math.sqrt(seconds.variance)));
  const isFew = observation.calls < FULL_CALLS;
  const error = isFew ? PER_SHARE * (LATE_SHARE - late) : clamp(aim - ratio, -0.5, 0.5);
  if (error > 0 && used < BINDING) return { ...before, seconds };
  const step = before.budget * (1 + GAIN * weight * error);
  // What was late then, by the model as it was, is no fault of the budget: it need not be won back call by call.
  const back = error > 0 ? Math.min(usual, (before.budget * aim) / ratio) : 0;
  const budget = clamp(Math.max(step, back), LEAST_BUDGET, MOST_BUDGET);
  return { ...before, seconds, budget };
}

function withPeriod(before: Seconds, now: number): Seconds {
  const last = before.last + SECOND_GAIN * (now - before.last);
  const difference = clamp(last - before.mean, -MOST_DIFFERENT, MOST_DIFFERENT);
  return {
    last,
    mean: before.mean + MEAN_GAIN * (last - before.mean),
    variance: before.variance + VARIANCE_GAIN * (difference ** 2 - before.variance),
  };
}
