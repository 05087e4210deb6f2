import type { Controller, Plant, SimulationOptions } from 'daoflow/testing';
import type { Reference } from '../oracle.ts';

/** How a stage is tuned, on a given plant. */
export interface Law {
  readonly name: string;
  /** @param references - the oracle's answers, for laws that are given some of them */
  on(plant: Plant, references: readonly Reference[]): Pick<SimulationOptions, 'controller' | 'settings'>;
}

export function lawOf<S>(controller: Controller<S>): Law {
  return { name: controller.name, on: () => ({ controller: controller }) };
}
