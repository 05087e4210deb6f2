/**
 * Does it tune itself? A law on many plants, in virtual time, against the best fixed settings that a search finds
 * (the oracle), against the static default and against laws of others with the constants that suit them best.
 * Options: tuning/options.ts.
 */

import { writeFileSync } from 'node:fs';
import { bench, sampleOf, type BenchContext } from './harness/index.ts';
import { gatesOf, type Gate } from './tuning/gates.ts';
import type { Law } from './tuning/laws/law.ts';
import { readOptions, USAGE, type Options } from './tuning/options.ts';
import { Oracle } from './tuning/oracle.ts';
import { PlantError } from './tuning/plant-file/check.ts';
import { planOf } from './tuning/plan.ts';
import { plotOf } from './tuning/plot.ts';
import { aligned, gainOf, groupTable, isOpen, nameOf, rowsOf, rowTable, valuesOf, type Row } from './tuning/report.ts';
import { runAll } from './tuning/run-all.ts';
import type { Scenario } from './tuning/scenario.ts';
import type { Trial } from './tuning/trial.ts';
import { writeResults } from './tuning/write.ts';

/** Every gate is in tuning/gates.ts and in what the scenarios ask; those of the plants that ran are filled in. */
const targets: Record<string, Omit<Gate, 'measured'>> = {};

await bench('tuning', {
  targets,
  usage: USAGE,
  async run(b) {
    try {
      const options = readOptions([...b.args, ...(b.quick ? ['--quick'] : [])]);
      if (options.plot === undefined) await score(b, options);
      else await plot(options, ...options.plot);
    } catch (error) {
      if (!(error instanceof PlantError) && !(error instanceof TypeError)) throw error;
      b.say(`bench tuning: ${error.message}`);
      process.exit(2);
    }
  },
});

async function score(b: BenchContext, options: Options): Promise<void> {
  const plan = await planOf(options);
  const trials: Trial[] = [];
  await runAll(plan, options, (index, trial) => {
    trials[index] = trial;
    const { plant } = plan.scenarios[index] as Scenario;
    b.say(`${plant.name}: ${trial.best.join('; ')}, ${(trial.tookMs / 1000).toFixed(1)} s`);
  });
  const of = (scenario: Scenario, law: string): Row[] =>
    rowsOf(scenario, law, trials[plan.scenarios.indexOf(scenario)]?.scores[law] ?? []);
  const all = plan.scenarios.flatMap((scenario) => plan.laws.flatMap(({ name }) => of(scenario, name)));
  const [judged] = options.laws;
  const rows = all.filter(({ law }) => law === judged);
  const statics = all.filter(({ law }) => law === 'static');
  const shown = all.filter(({ law }) => law !== 'static' || options.laws.includes('static'));
  b.say(`\n${aligned(rowTable(shown, statics))}\n\n${aligned(groupTable(all))}\n`);

  const gates = gatesOf(rows, statics);
  for (const gate of gates) {
    const key = `${gate.name} ${gate.metric} ${gate.target}`;
    targets[key] = gate;
    b.record(key, gate.measured);
  }
  if (process.argv.includes('--json')) for (const row of rows) noteRow(b, row);
  if (options.write) writeResults({ rows, statics, all, gates, seeds: options.seeds, isQuick: options.quick });
}

function noteRow(b: BenchContext, row: Row): void {
  b.note(nameOf(row), 'gain', sampleOf(valuesOf(row, (score) => gainOf(score, isOpen(row)))), 'x');
  b.note(nameOf(row), 'p95 over target', sampleOf(valuesOf(row, ({ p95 }) => p95)), 'x');
  b.note(nameOf(row), 'windows over target', sampleOf(valuesOf(row, ({ violations }) => violations)), '');
  const converged = valuesOf(row, ({ convergencePeriods }) => convergencePeriods ?? Infinity);
  b.note(nameOf(row), 'convergence', sampleOf(converged), 'periods');
}

/** Ends the process: a picture meets no target. */
async function plot(options: Options, name: string, file: string): Promise<never> {
  const { scenarios, laws } = await planOf({ ...options, quick: false });
  const found = scenarios.find(({ plant, flow }) => plant.name === name && flow === undefined);
  if (found === undefined) throw new TypeError(`no plant to plot is named ${name}`);
  const references = await (await Oracle.open(options.cache)).of(found.plant);
  writeFileSync(file, await plotOf(found.plant, laws[0] as Law, references, 1));
  process.exit(0);
}
