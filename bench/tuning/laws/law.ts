import type { Controller, Decision, KnobChange, Plant, SimulationOptions } from 'daoflow/testing';
import type { Reference } from '../oracle.ts';

export type Start = Pick<SimulationOptions, 'controller' | 'settings' | 'periodMs'>;

/** How a stage is tuned, on a given plant. */
export interface Law {
  readonly name: string;
  /** @param references - the oracle's answers, for laws that are given some of them */
  on(plant: Plant, references: readonly Reference[]): Start;
  /** The law with other constants: on each plant it runs with those that suit it best. */
  readonly variants?: readonly Law[];
  /** Does not change with DaoFlow: its scores are kept. */
  readonly isBaseline?: boolean;
}

export function lawOf<S>(controller: Controller<S>): Law {
  return { name: controller.name, on: () => ({ controller }) };
}

/** A decision of a law that does not explain itself. */
export function moveOf(stage: string, at: number, changes: readonly KnobChange[], reason: string): Decision[] {
  return changes.length === 0 ? [] : [{ kind: 'move', stage, at, changes, reason, evidence: {} }];
}
