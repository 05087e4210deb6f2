/** Laws by name, or from a file. */

import { resolve } from 'node:path';
import { createJiti } from 'jiti';
import { stageSolver, type Controller } from 'daoflow/testing';
import { arc } from './arc.ts';
import { bestOfFirstPhase, staticDefault } from './fixed.ts';
import { gradient2 } from './gradient2.ts';
import { hillClimbing } from './hill-climbing.ts';
import { lawOf, type Law } from './law.ts';

/** The first is DaoFlow's own. */
const LAWS: readonly Law[] = [
  { ...lawOf(stageSolver), name: 'daoflow' },
  staticDefault,
  arc,
  gradient2,
  hillClimbing,
  bestOfFirstPhase,
];

/** @param name - a law, or `FILE#EXPORT` with a `Controller` or a function that makes one */
export async function lawNamed(name: string): Promise<Law> {
  const known = LAWS.find((law) => law.name === name);
  if (known !== undefined) return known;
  const [file = '', exported = 'default'] = name.split('#');
  if (!name.includes('#'))
    throw new Error(`no law is named ${name}; there are ${LAWS.map((law) => law.name).join(', ')}, or FILE#EXPORT`);
  const module = await createJiti(import.meta.url).import<Record<string, unknown>>(resolve(file));
  const found = module[exported];
  const controller = (typeof found === 'function' ? (found as () => unknown)() : found) as
    Controller<unknown> | undefined;
  if (typeof controller?.step !== 'function') throw new Error(`${file} exports no controller named ${exported}`);
  return { ...lawOf(controller), name: exported };
}
