/** All runs on one plant: every law, every seed. */

import { createHash } from 'node:crypto';
import { hashSources } from './engine.ts';
import { judge, type Score } from './judge.ts';
import type { Law } from './laws/law.ts';
import type { Oracle, Reference } from './oracle.ts';
import { gainOf } from './report.ts';
import type { Scenario } from './scenario.ts';

/** Plain data: crosses processes. */
export interface Trial {
  /** What the oracle chose in each phase, for people. */
  readonly best: readonly string[];
  /** By law. */
  readonly scores: Readonly<Record<string, readonly Score[]>>;
  readonly tookMs: number;
}

export async function tryOut({ plant }: Scenario, laws: readonly Law[], seeds: number, oracle: Oracle): Promise<Trial> {
  const began = performance.now();
  const references = await oracle.of(plant);
  const scores: Record<string, Score[]> = {};
  for (const law of laws) {
    const suited = await suitedTo(law);
    scores[law.name] = [];
    for (let seed = 1; seed <= seeds; seed += 1) scores[law.name]?.push(await scoreOf(suited, seed));
  }
  return { best: references.map(describe), scores, tookMs: performance.now() - began };

  function scoreOf(law: Law, seed: number): Promise<Score> {
    const find = (): Promise<Score> => judge(plant, law, references, seed);
    return law.isBaseline === true ? oracle.score(plant, `${law.name} ${seed} ${baselineHash()}`, find) : find();
  }

  /** The variant that gains most with the first seed. */
  async function suitedTo(law: Law): Promise<Law> {
    let best: { law: Law; gain: number } | undefined;
    for (const variant of law.variants ?? []) {
      const kept = { ...variant, isBaseline: true };
      const { phases } = await scoreOf(kept, 1);
      const gain = phases.reduce((sum, phase) => sum + gainOf(phase, plant.arrivals !== 'saturating'), 0);
      if (best === undefined || gain > best.gain) best = { law: kept, gain };
    }
    return best?.law ?? law;
  }
}

function describe({ best: { best, isFeasible, isStationary, runs } }: Reference): string {
  const linger = best.lingerMs > 0 ? ` linger ${best.lingerMs}` : '';
  const gap = best.minGapMs > 0 ? ` gap ${best.minGapMs.toFixed(2)}` : '';
  const notes = `${isFeasible ? '' : ', infeasible'}${isStationary ? '' : ', changing'}`;
  return `batch ${best.batchLimit} x ${best.concurrency}${linger}${gap}${notes} (${runs} runs)`;
}

let hash: string | undefined;

/** Changes with the baselines' sources and with what a score holds. */
function baselineHash(): string {
  if (hash !== undefined) return hash;
  const sources = createHash('sha256');
  hashSources(sources, 'bench/tuning/laws');
  sources.update(judge.toString());
  hash = sources.digest('hex').slice(0, 8);
  return hash;
}
