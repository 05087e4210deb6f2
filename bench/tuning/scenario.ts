import type { Plant } from 'daoflow/testing';

/** A plant and what is asked of a law that tunes it. */
export interface Scenario {
  readonly plant: Plant;
  /** Scenarios of one kind are summed up together. */
  readonly group: string;
  readonly asks?: Asks;
}

/** What a row asks for; what it does not name is not asked. Ratios are 0..1 and against the best fixed settings. */
export interface Asks {
  readonly throughput?: number;
  readonly goodput?: number;
  readonly convergencePeriods?: number;
  readonly reconvergencePeriods?: number;
  /** Worst window's p95 over the target after a change. */
  readonly overshoot?: number;
  readonly violations?: number;
  readonly concurrencyCv?: number;
  readonly refused?: number;
  /** Work per event over that of the cheapest settings. */
  readonly cost?: number;
  /** p95 over the target. */
  readonly p95?: number;
  /** p95 over that of the best fixed settings. */
  readonly p95OfBest?: number;
}
