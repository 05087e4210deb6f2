/** The best fixed settings of each plant, and what they reach, found once and kept in files. */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  bestFixed,
  fingerprintOf,
  phasesOf,
  runFixed,
  type BestFixed,
  type FixedPoint,
  type FixedRun,
  type Plant,
  type Stretch,
} from 'daoflow/testing';
import { root } from './root.ts';

/** The oracle of one phase. */
export interface Reference {
  readonly phase: Stretch;
  readonly best: BestFixed;
  /** What the best settings reach with a seed. */
  run(seed: number): Promise<FixedRun>;
  /** What any other settings reach. */
  runAt(point: FixedPoint, seed: number): Promise<FixedRun>;
}

interface Kept {
  readonly phases: BestFixed[];
  readonly runs: Record<string, FixedRun>;
}

/** What a fixed run depends on besides the plant. */
const SOURCES = [
  ...['best-fixed', 'character', 'discrete-scheduler', 'load', 'measure', 'plant', 'simulate'].map(
    (name) => `testing/simulation/${name}`,
  ),
  ...['waiting-stage', 'dispatcher', 'gate', 'inlet', 'retry', 'roster', 'stage-meter'].map(
    (name) => `runtime/${name}`,
  ),
  'buffer/edge',
  'stats/histogram',
];

export class Oracle {
  readonly #folder: string;
  readonly #engine: string;

  /** @param folder - where the answers are kept; may be shared by checkouts */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    const hash = createHash('sha256');
    for (const source of SOURCES) hash.update(readFileSync(join(root, 'src', `${source}.ts`)));
    this.#engine = hash.digest('hex').slice(0, 8);
  }

  async of(plant: Plant): Promise<Reference[]> {
    const path = join(this.#folder, `${this.#engine}-${fingerprintOf(plant)}.json`);
    const kept: Kept = existsSync(path) ? load(path) : { phases: [], runs: {} };
    const phases = phasesOf(plant);
    for (const phase of phases.slice(kept.phases.length)) {
      kept.phases.push(await bestFixed(plant, phase));
      save(path, kept);
    }
    return phases.map((phase, index) => {
      const best = kept.phases[index] as BestFixed;
      const runAt = async (point: FixedPoint, seed: number): Promise<FixedRun> => {
        const key = `${index} ${seed} ${JSON.stringify(point)}`;
        if (kept.runs[key] === undefined) {
          kept.runs[key] = await runFixed(plant, phase, point, seed);
          save(path, kept);
        }
        return kept.runs[key];
      };
      return { phase, best, run: (seed) => runAt(best.best, seed), runAt };
    });
  }
}

/** JSON has no infinity. */
function load(path: string): Kept {
  const text = readFileSync(path, 'utf8');
  return JSON.parse(text, (_, value: unknown) => (value === 'Infinity' ? Infinity : value)) as Kept;
}

/** Whole or not at all: two processes may write the same. */
function save(path: string, kept: Kept): void {
  const next = `${path}.${process.pid}`;
  writeFileSync(
    next,
    JSON.stringify(kept, (_, value: unknown) => (value === Infinity ? 'Infinity' : value)),
  );
  renameSync(next, path);
}
