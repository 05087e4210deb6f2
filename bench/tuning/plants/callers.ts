/** Callers who wait for their answers: how many events come is of the settings' making. Those who are answered by one call come together. */

import type { Plant } from 'daoflow/testing';
import type { Scenario } from '../scenario.ts';
import { affine, saturated, served, shared, usl, type Service } from './curves.ts';

const TARGET_MS = 50;
const cost = affine(5, 0.05);
const database = served(cost, 0.1);
const contended = shared(affine(2, 0.05), usl(0.03, 0.002), 0.1);

function waiting(name: string, callers: number, service: Service, more: Partial<Plant> = {}): Scenario {
  const plant = saturated(name, TARGET_MS, service, { callers, inFamily: true, ...more });
  return { group: '25 callers that wait', asks: { throughput: 0.95 }, plant };
}

export const callers: readonly Scenario[] = [
  waiting('callers-5', 5, shared(cost, usl(0, 0), 0.1)),
  waiting('callers-50', 50, database, { servers: 8 }),
  waiting('callers-200', 200, database, { servers: 8 }),
  waiting('callers-200-usl', 200, contended),
  waiting('callers-2000', 2000, database, { servers: 8 }),
];
