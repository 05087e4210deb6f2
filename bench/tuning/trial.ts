/** All runs of one scenario: every law, every seed. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprintOf } from 'daoflow/testing';
import { hashSources } from './engine.ts';
import { judge, type Score } from './judge.ts';
import type { Law } from './laws/law.ts';
import type { Oracle, Reference } from './oracle.ts';
import { gainOf } from './report.ts';
import { root } from './root.ts';
import type { Scenario } from './scenario.ts';
import { bestFlow, judgeFlow, staticFlow, type BestFlow, type FlowScenario } from './shared/flow.ts';
import { bestShared, judgeInstances } from './shared/instances.ts';

/** Plain data: crosses processes. */
export interface Trial {
  /** What the oracle chose in each phase, for people. */
  readonly best: readonly string[];
  /** By law. */
  readonly scores: Readonly<Record<string, readonly Score[]>>;
  readonly tookMs: number;
}

type Runs = Omit<Trial, 'tookMs'>;

/** Baselines are there to be compared with: their medians need fewer runs. */
const BASELINE_SEEDS = 3;

export async function tryOut(scenario: Scenario, laws: readonly Law[], seeds: number, oracle: Oracle): Promise<Trial> {
  const began = performance.now();
  const runs =
    scenario.flow === undefined
      ? await stageRuns(scenario, laws, seeds, oracle)
      : await flowRuns(scenario, scenario.flow, laws, seeds, oracle);
  return { ...runs, tookMs: performance.now() - began };
}

async function stageRuns(
  { plant, instances }: Scenario,
  laws: readonly Law[],
  seeds: number,
  oracle: Oracle,
): Promise<Runs> {
  const references = await oracle.of(plant);
  const judged = await judgeOf();
  const scores: Record<string, Score[]> = {};
  for (const law of laws) {
    const suited = await suitedTo(law);
    const list: Score[] = [];
    for (let seed = 1; seed <= seedsOf(law, seeds); seed += 1) list.push(await scoreOf(suited, seed));
    scores[law.name] = list;
  }
  return { best: references.map(describe), scores };

  async function judgeOf(): Promise<(law: Law, seed: number) => Promise<Score>> {
    if (instances === undefined) return (law, seed) => judge(plant, law, references, seed);
    const find = () => bestShared(plant, instances, references[0] as Reference);
    const best = await oracle.kept(plant, `${instances} instances`, find);
    return (law, seed) => judgeInstances(plant, instances, law, references, best, seed);
  }

  function scoreOf(law: Law, seed: number): Promise<Score> {
    const find = (): Promise<Score> => judged(law, seed);
    const key = `${law.name} ${seed} ${instances ?? 1} ${baselineHash()}`;
    return law.isBaseline === true ? oracle.kept(plant, key, find) : find();
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

/** Of laws only the engine's own and the static default apply to a whole flow. */
async function flowRuns(
  { plant }: Scenario,
  flow: FlowScenario,
  laws: readonly Law[],
  seeds: number,
  oracle: Oracle,
): Promise<Runs> {
  const best: BestFlow[] = [];
  for (const [i, phase] of flow.phases.entries()) {
    const key = `flow ${i} ${flowFingerprint(flow)}`;
    best.push(await oracle.kept(plant, key, () => bestFlow(flow, phase)));
  }
  const scores: Record<string, Score[]> = {};
  for (const law of laws.filter(({ name }) => name === 'daoflow' || name === 'static')) {
    const fixed = law.name === 'static' ? staticFlow(flow) : undefined;
    const list: Score[] = [];
    for (let seed = 1; seed <= seedsOf(law, seeds); seed += 1) list.push(await judgeFlow(flow, best, seed, fixed));
    scores[law.name] = list;
  }
  return { best: best.map(({ point, runs }) => `${JSON.stringify(point)} (${runs} runs)`), scores };
}

function seedsOf({ isBaseline }: Law, seeds: number): number {
  return isBaseline === true ? Math.min(seeds, BASELINE_SEEDS) : seeds;
}

/** Every stage as a plant of its own. */
function flowFingerprint({ name, targetMs, servers, durationMs, stages }: FlowScenario): string {
  const prints = stages.map(({ service }) =>
    fingerprintOf({ name, targetMs, servers, durationMs, arrivals: 'saturating', service }),
  );
  return createHash('sha256').update(prints.join()).digest('hex').slice(0, 12);
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
  for (const file of ['judge.ts', 'shared/instances.ts'])
    sources.update(readFileSync(join(root, 'bench/tuning', file)));
  hash = sources.digest('hex').slice(0, 8);
  return hash;
}
