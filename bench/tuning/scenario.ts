import type { Plant } from 'daoflow/testing';
import type { FlowScenario } from './shared/flow.ts';

/** A plant and what is asked of a law that tunes it. */
export interface Scenario {
  readonly plant: Plant;
  /** Scenarios of one kind are summed up together. */
  readonly group: string;
  readonly asks?: Asks;
  /** So many instances call the plant, none knowing of the others. */
  readonly instances?: number;
  /** Several stages instead of one; of the plant only name and target are used. */
  readonly flow?: FlowScenario;
}

/** What a row asks for; what it does not name is not asked. Ratios are 0..1 and against the best fixed settings. */
export interface Asks {
  readonly throughput?: number;
  readonly goodput?: number;
  readonly convergencePeriods?: number;
  readonly reconvergencePeriods?: number;
  /** Seconds after a change whose p95 is above three times the target. */
  readonly secondsFarOver?: number;
  readonly violations?: number;
  readonly concurrencyCv?: number;
  readonly refused?: number;
  /** Work per event over that of the cheapest settings. */
  readonly cost?: number;
  /** p95 over the target. */
  readonly p95?: number;
  /** p95 over that of the best fixed settings. */
  readonly p95OfBest?: number;
  /** Jain's index of what the instances do. */
  readonly fairness?: number;
  /** Changes of direction of any knob, per minute. */
  readonly turns?: number;
}
