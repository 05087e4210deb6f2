/** The best fixed settings of each plant, and what they reach, found once and kept in files. */

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
import { engineFingerprint } from './engine.ts';
import { decode, encode } from './json.ts';

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
  /** Of laws that do not change, by law and seed; and what else was searched for. */
  readonly found: Record<string, unknown>;
}

export class Oracle {
  readonly #folder: string;
  readonly #engine: string;

  private constructor(folder: string, engine: string) {
    this.#folder = folder;
    this.#engine = engine;
  }

  /** @param folder - where the answers are kept; may be shared by checkouts */
  static async open(folder: string): Promise<Oracle> {
    mkdirSync(folder, { recursive: true });
    return new Oracle(folder, await engineFingerprint());
  }

  async of(plant: Plant): Promise<Reference[]> {
    const { path, kept } = this.#kept(plant);
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

  /** What was found before, or is found now and kept. @param key - of all that it depends on besides plant and engine */
  async kept<T>(plant: Plant, key: string, find: () => Promise<T>): Promise<T> {
    const known = this.#kept(plant).kept.found[key] as T | undefined;
    if (known !== undefined) return known;
    const value = await find();
    const { path, kept } = this.#kept(plant);
    kept.found[key] = value;
    save(path, kept);
    return value;
  }

  #kept(plant: Plant): { path: string; kept: Kept } {
    const path = join(this.#folder, `${this.#engine}-${fingerprintOf(plant)}.json`);
    const kept = existsSync(path) ? load(path) : { phases: [], runs: {}, found: {} };
    return { path, kept };
  }
}

function load(path: string): Kept {
  return decode(readFileSync(path, 'utf8')) as Kept;
}

/** Whole or not at all: two processes may write the same. */
function save(path: string, kept: Kept): void {
  const next = `${path}.${process.pid}`;
  writeFileSync(next, encode(kept));
  renameSync(next, path);
}
