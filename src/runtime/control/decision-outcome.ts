/** What came of a decision: measured once the settings had time to act, and compared with what was expected. */

import type { Expectation } from '../../control/decision.ts';
import type { Measured, Outcome } from '../../control/decision-record.ts';
import type { StageObservation } from '../../control/observation.ts';
import { Histogram, quantile } from '../../stats/histogram.ts';

/** Periods that are not looked at: calls begun under the old settings still end in them. */
const SETTLING_PERIODS = 3;
/** Periods that are measured: one second. */
const MEASURED_PERIODS = 10;
/** Fewer than this say nothing, when another decision comes first. */
const LEAST_PERIODS = 3;
/** Throughput is steady, the tail is not. */
const THROUGHPUT_BAND = 0.1;
const P95_BAND = 0.25;

export class OutcomeWatch {
  readonly #expected: Expectation | undefined;
  readonly #latency = new Histogram();
  #periods = 0;
  #durationMs = 0;
  #done = 0;
  #arrived = 0;
  #disturbance: string | undefined;

  constructor(expected: Expectation | undefined) {
    this.#expected = expected;
  }

  /** @returns the outcome, once it is known */
  add(observation: StageObservation): Outcome | undefined {
    this.#periods += 1;
    if (this.#periods <= SETTLING_PERIODS) return undefined;
    this.#durationMs += observation.durationMs;
    this.#done += observation.done;
    this.#arrived += observation.arrived;
    this.#latency.add(observation.latency);
    this.#disturbance ??= disturbanceOf(observation);
    return this.#periods === SETTLING_PERIODS + MEASURED_PERIODS ? this.#judge() : undefined;
  }

  /** Another decision about the same stage has come before the outcome was known. */
  overtakenBy(id: number): Outcome {
    if (this.#periods >= SETTLING_PERIODS + LEAST_PERIODS) return this.#judge();
    return { ...this.#measured(), verdict: 'unclear', because: `overtaken by decision ${id}` };
  }

  #judge(): Outcome {
    const measured = this.#measured();
    const expected = this.#expected;
    const unclear = expected === undefined ? 'nothing was expected' : this.#disturbance;
    if (expected === undefined || unclear !== undefined) return { ...measured, verdict: 'unclear', because: unclear };
    return { ...measured, verdict: verdictOf(measured, expected, this.#perSecond(this.#arrived)) };
  }

  #measured(): Measured {
    return { throughput: this.#perSecond(this.#done), p95Ms: quantile(this.#latency, 0.95) ?? null };
  }

  #perSecond(events: number): number {
    return this.#durationMs === 0 ? 0 : (events / this.#durationMs) * 1000;
  }
}

/** What makes a period say nothing about the settings. */
export function disturbanceOf({ pause, rejected, gate }: StageObservation): string | undefined {
  if (gate !== 'open') return 'the target was away';
  if (rejected > 0) return 'the target refused calls';
  return pause === undefined ? undefined : 'the event loop stood still';
}

/** Less than expected is no fault where less arrived. */
function verdictOf({ throughput, p95Ms }: Measured, expected: Expectation, arrived: number): Outcome['verdict'] {
  const due = Math.min(expected.throughput, arrived);
  const p95Ratio = p95Ms === null ? 1 : p95Ms / expected.p95Ms;
  if (throughput < due * (1 - THROUGHPUT_BAND) || p95Ratio > 1 + P95_BAND) return 'worse';
  const isFaster = throughput > expected.throughput * (1 + THROUGHPUT_BAND);
  return isFaster || p95Ratio < 1 - P95_BAND ? 'better' : 'as expected';
}
