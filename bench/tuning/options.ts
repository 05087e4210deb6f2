/** What the command line of this bench says. */

import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { mainCheckout } from './root.ts';

export interface Options {
  /** As they were given. */
  readonly args: readonly string[];
  readonly quick: boolean;
  /** Plants by name or group. */
  readonly only: RegExp | undefined;
  readonly seeds: number;
  /** The first is judged. */
  readonly laws: readonly string[];
  /** A folder of laws of another shape. */
  readonly reference: string | undefined;
  readonly plants: string | undefined;
  /** That many plants drawn by a seed. */
  readonly random: number;
  readonly randomSeed: number;
  /** Where the oracle's answers are kept. */
  readonly cache: string;
  /** Processes. */
  readonly jobs: number;
  /** Writes docs/tuning/results.md. */
  readonly write: boolean;
  /** A plant to plot, and the file. */
  readonly plot: readonly [name: string, file: string] | undefined;
}

export const USAGE = `  --only REGEX       plants whose name or group matches
  --plants FILE      the plants of a module or of a JSON file instead of ours
  --random N         N plants that are drawn instead; --seed K (default 1) says which
  --law NAME         the law to judge: daoflow, static, ARC, Gradient2, 'hill climbing', oracle, or FILE#EXPORT;
                     more of them are shown beside it
  --reference DIR    laws of another shape (DIR/law-*.mjs) are shown too
  --seeds N          runs per plant (default 10, with --quick 2)
  --jobs N           processes (default 2, for a few plants 1)
  --cache FOLDER     where the oracle's answers are kept (default .build/tuning, shared by worktrees)
  --write            writes docs/tuning/results.md
  --plot NAME FILE   draws a run on that plant instead, as SVG`;

const FEW_PLANTS = 4;

/** @throws TypeError for an option that there is not */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean' },
      only: { type: 'string' },
      plants: { type: 'string' },
      random: { type: 'string' },
      seed: { type: 'string' },
      law: { type: 'string', multiple: true },
      reference: { type: 'string' },
      seeds: { type: 'string' },
      jobs: { type: 'string' },
      cache: { type: 'string' },
      write: { type: 'boolean' },
      plot: { type: 'string' },
    },
  });
  const { only, plot, quick = false } = values;
  const [file] = positionals;
  if (plot !== undefined && file === undefined) throw new TypeError('--plot needs a file: --plot NAME FILE.svg');
  return {
    args,
    quick,
    only: only === undefined ? undefined : new RegExp(only),
    seeds: count('seeds', values.seeds, quick ? 2 : 10),
    laws: values.law ?? ['daoflow'],
    reference: values.reference,
    plants: values.plants,
    random: count('random', values.random, 0),
    randomSeed: count('seed', values.seed, 1),
    cache: values.cache ?? join(mainCheckout(), '.build/tuning'),
    jobs: count('jobs', values.jobs, 2),
    write: values.write ?? false,
    plot: plot === undefined ? undefined : [plot, file ?? ''],
  };
}

export const isFew = (plants: number): boolean => plants < FEW_PLANTS;

function count(name: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (!/^\d+$/.test(given)) throw new TypeError(`--${name} needs a whole number, not ${given}`);
  return Number(given);
}
