/** What the command line of this bench says. */

import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { mainCheckout } from './root.ts';

export interface Options {
  /** Plants by name or group. */
  readonly only: RegExp | undefined;
  readonly seeds: number | undefined;
  readonly laws: readonly string[];
  readonly plants: string | undefined;
  /** That many plants drawn by a seed. */
  readonly random: number;
  readonly randomSeed: number;
  /** Where the oracle's answers are kept. */
  readonly cache: string;
}

export const USAGE = `npm run bench:tuning -- [options]
  --only REGEX     plants whose name or group matches
  --seeds N        runs per plant (default 10; 3 with --quick)
  --law NAME       a law of bench/tuning/laws, or FILE#EXPORT; may be repeated
  --plants FILE    judges the law on the plants of a module or data file
  --random N       judges the law on N plants that are drawn, --seed K (default 1) says which
  --cache FOLDER   where the oracle's answers are kept (default .build/tuning, shared by worktrees)
`;

export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      seeds: { type: 'string' },
      law: { type: 'string', multiple: true },
      plants: { type: 'string' },
      random: { type: 'string' },
      seed: { type: 'string' },
      cache: { type: 'string' },
    },
  });
  return {
    only: values.only === undefined ? undefined : new RegExp(values.only),
    seeds: values.seeds === undefined ? undefined : Number(values.seeds),
    laws: values.law ?? [],
    plants: values.plants,
    random: Number(values.random ?? 0),
    randomSeed: Number(values.seed ?? 1),
    cache: values.cache ?? join(mainCheckout(), '.build/tuning'),
  };
}
