/**
 * Plants from a file: a module with plants of our interface (`Plant` of daoflow/testing) or of the older shape
 * with `svc`, alone, in arrays or in records, under any export; or a JSON file that describes curves.
 */

import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import { createJiti } from 'jiti';
import type { Plant } from 'daoflow/testing';
import type { Scenario } from '../scenario.ts';
import { checkedPlant, isRecord, PlantError } from './check.ts';
import { plantOfCurves } from './curves.ts';
import { isServicePlant, plantOfService } from './service-shape.ts';

/** @throws PlantError that names the file, the plant and what is wrong with it */
export async function loadPlants(file: string): Promise<Scenario[]> {
  const path = resolve(file);
  if (!existsSync(path)) throw new PlantError(file, 'there is no such file');
  const loaded = extname(path) === '.json' ? readJson(path) : await importModule(path);
  const scenarios = [...plantsIn(loaded, '', basename(path))];
  if (scenarios.length === 0)
    throw new PlantError(
      basename(path),
      'it exports no plant: an object with a function `service` (or `svc`), or curves',
    );
  const names = scenarios.map(({ plant }) => plant.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new PlantError(basename(path), `two plants are named ${twice}`);
  return scenarios;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    throw new PlantError(basename(path), `it is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Plants of the older shape import `gauss` from './sim.mjs': where that is missing, a copy of the file gets one. */
async function importModule(path: string): Promise<unknown> {
  const needsGauss = /from\s*['"]\.\/sim\.mjs['"]/.test(readFileSync(path, 'utf8'));
  if (!needsGauss || existsSync(join(path, '../sim.mjs'))) return importFile(path);
  const folder = mkdtempSync(join(tmpdir(), 'daoflow-plants-'));
  try {
    writeFileSync(join(folder, 'sim.mjs'), GAUSS);
    copyFileSync(path, join(folder, basename(path)));
    return await importFile(join(folder, basename(path)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const GAUSS = `export const gauss = (random) =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());\n`;

async function importFile(path: string): Promise<unknown> {
  try {
    return await createJiti(import.meta.url, { moduleCache: false }).import(path);
  } catch (error) {
    throw new PlantError(
      basename(path),
      `it cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Every plant within a value: itself, the items of an array, the values of a record. */
function* plantsIn(value: unknown, name: string, where: string): Generator<Scenario> {
  if (!isRecord(value)) return;
  if (isServicePlant(value)) yield plantOfService(value, name, where);
  else if ('service' in value) yield scenarioOf(checkedPlant({ name, ...value }, where));
  else if ('cost' in value) yield scenarioOf(checkedPlant(plantOfCurves(value, name, where), where));
  else if ('targetMs' in value) throw new PlantError(where, `${name}: it has neither service nor cost`);
  else for (const [key, member] of Object.entries(value)) yield* plantsIn(member, nameOf(value, key, name), where);
}

function nameOf(parent: object, key: string, name: string): string {
  if (Array.isArray(parent)) return `${name === '' ? 'plant' : name}-${Number(key) + 1}`;
  return key;
}

function scenarioOf(plant: Plant): Scenario {
  const kind = plant.arrivals === 'saturating' ? '' : ', open arrivals';
  return { plant, group: `${plant.inFamily === true ? 'in' : 'out of'} family${kind}` };
}
