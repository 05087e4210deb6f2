/** Laws by name, or from a file. */

import { resolve } from 'node:path';
import { createJiti } from 'jiti';
import { stageSolver, type Controller } from 'daoflow/testing';
import { arc } from './arc.ts';
import { bestOfFirstPhase, staticDefault } from './fixed.ts';
import { gradient2 } from './gradient2.ts';
import { hillClimbing } from './hill-climbing.ts';
import { lawOf, type Law } from './law.ts';
import { referenceLaws } from './reference.ts';

export const daoflow: Law = { ...lawOf(stageSolver), name: 'daoflow' };

/** What DaoFlow's law is compared with. */
export const BASELINES: readonly Law[] = [staticDefault, arc, gradient2, hillClimbing];

const LAWS: readonly Law[] = [daoflow, ...BASELINES, bestOfFirstPhase];

/**
 * @param names - laws, or `FILE#EXPORT` with a `Controller` or a function that makes one
 * @param reference - a folder of laws of another shape; all of them follow
 */
export async function lawsNamed(names: readonly string[], reference: string | undefined): Promise<Law[]> {
  const named = await Promise.all(names.map(lawNamed));
  return reference === undefined ? named : [...named, ...(await referenceLaws(reference))];
}

async function lawNamed(name: string): Promise<Law> {
  const known = LAWS.find((law) => law.name === name);
  if (known !== undefined) return known;
  const [file = '', exported = 'default'] = name.split('#');
  if (!name.includes('#')) {
    const names = LAWS.map((law) => law.name).join(', ');
    throw new Error(`no law is named ${name}; there are ${names}, or FILE#EXPORT`);
  }
  const module = await createJiti(import.meta.url).import<Record<string, unknown>>(resolve(file));
  const found = module[exported];
  const controller = (typeof found === 'function' ? (found as () => unknown)() : found) as
    Controller<unknown> | undefined;
  if (typeof controller?.step !== 'function') throw new Error(`${file} exports no controller named ${exported}`);
  return { ...lawOf(controller), name: exported };
}
