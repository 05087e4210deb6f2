import { settingsAt } from 'daoflow/testing';
import type { Law } from './law.ts';

/** What people write into a configuration: batches of 100, 5 ms of linger, 8 calls at once. */
export const staticDefault: Law = {
  name: 'static',
  isBaseline: true,
  on: (plant) => ({ settings: settingsAt({ batchLimit: 100, concurrency: 8, lingerMs: 5, minGapMs: 0 }, plant) }),
};

/** The best fixed settings of the first phase. */
export const bestOfFirstPhase: Law = {
  name: 'oracle',
  on: (plant, [first]) => ({ settings: first === undefined ? {} : settingsAt(first.best.best, plant) }),
};
