/** What is to be run, from the options: the same in the bench and in its helpers. */

import { BASELINES, lawsNamed } from './laws/index.ts';
import type { Law } from './laws/law.ts';
import type { Options } from './options.ts';
import { loadPlants } from './plant-file/load.ts';
import { scenarios } from './plants/index.ts';
import { randomScenarios } from './plants/random.ts';
import type { Scenario } from './scenario.ts';

export interface Plan {
  readonly scenarios: readonly Scenario[];
  readonly laws: readonly Law[];
}

/** One of a kind, and cheap to search: what --quick can do in its time. */
const QUICK = [
  'usl-retrograde',
  'servers-5',
  'rate-20',
  'ceiling-4',
  'pinned-batch-50',
  'slow-120',
  'convoy-7',
  '20-per-second',
  'vector shallow-knee',
  'bulk-2000',
  'each-rate-200',
];

export async function planOf(options: Options): Promise<Plan> {
  const { only, reference } = options;
  const all = await scenariosOf(options);
  const chosen = all.filter(({ plant, group }) => only === undefined || only.test(plant.name) || only.test(group));
  if (chosen.length === 0) throw new Error(`no plant has a name or group like ${String(only)}`);
  return { scenarios: chosen, laws: await lawsNamed(lawsIn(options), reference) };
}

/** A bare run shows all baselines; every run is compared with the static default. */
function lawsIn({ laws, only, plants, random, quick }: Options): string[] {
  const isBare = only === undefined && plants === undefined && random === 0 && !quick;
  const baselines = isBare ? BASELINES.map(({ name }) => name) : ['static'];
  return [...new Set([...laws, ...baselines])];
}

async function scenariosOf({ plants, random, randomSeed, quick, only }: Options): Promise<readonly Scenario[]> {
  if (plants !== undefined) return loadPlants(plants);
  if (random > 0) return randomScenarios(random, randomSeed);
  return quick && only === undefined ? scenarios.filter(({ plant }) => QUICK.includes(plant.name)) : scenarios;
}
