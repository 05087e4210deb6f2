/**
 * Does it tune itself? Every law on every plant, in virtual time, against the best fixed settings.
 *
 * `npm run bench:tuning -- --only REGEX --law NAME --seeds 2` shows rows and gates nothing.
 */

import { judge } from './tuning/judge.ts';
import { lawNamed } from './tuning/laws/index.ts';
import { readOptions } from './tuning/options.ts';
import { Oracle } from './tuning/oracle.ts';
import { loadPlants } from './tuning/plant-file/load.ts';
import { scenarios } from './tuning/plants/index.ts';
import { randomScenarios } from './tuning/plants/random.ts';
import { rowsOf, tableOfGroups, tableOfRows, type Row } from './tuning/report.ts';

const options = readOptions(process.argv.slice(2));
const oracle = new Oracle(options.cache);
const laws = await Promise.all((options.laws.length > 0 ? options.laws : ['daoflow']).map(lawNamed));
const rows: Row[] = [];
const chosen =
  options.plants === undefined
    ? options.random > 0
      ? randomScenarios(options.random, options.randomSeed)
      : scenarios
    : await loadPlants(options.plants);
for (const scenario of chosen) {
  const { plant, group } = scenario;
  if (options.only !== undefined && !options.only.test(plant.name) && !options.only.test(group)) continue;
  const began = performance.now();
  const references = await oracle.of(plant);
  const oracleMs = performance.now() - began;
  for (const law of laws) {
    const scores = [];
    for (let seed = 1; seed <= (options.seeds ?? 2); seed += 1) scores.push(await judge(plant, law, references, seed));
    rows.push(...rowsOf(scenario, law.name, scores));
  }
  const best = references.map(
    ({ best: { best, isFeasible, isStationary, runs } }) =>
      `b${best.batchLimit} n${best.concurrency}${best.lingerMs > 0 ? ` L${best.lingerMs}` : ''}${best.minGapMs > 0 ? ` gap ${best.minGapMs.toFixed(2)}` : ''}${isFeasible ? '' : ' infeasible'}${isStationary ? '' : ' changing'} (${runs} runs)`,
  );
  process.stderr.write(
    `${plant.name}: ${best.join('; ')}, ${(oracleMs / 1000).toFixed(1)} s + ${((performance.now() - began - oracleMs) / 1000).toFixed(1)} s\n`,
  );
}
process.stdout.write(`${tableOfRows(rows)}\n\n${tableOfGroups(rows)}\n`);
