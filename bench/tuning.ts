/**
 * Does it tune itself? A law on many plants, in virtual time, against the best fixed settings that a search finds
 * (the oracle), against the static default and against laws of others with the constants that suit them best.
 * Options: tuning/options.ts.
 */

import { bench, sampleOf, type BenchContext } from './harness/index.ts';
import { gatesOf, type Gate } from './tuning/gates.ts';
import { readOptions, USAGE, type Options } from './tuning/options.ts';
import { PlantError } from './tuning/plant-file/check.ts';
import { planOf } from './tuning/plan.ts';
import { aligned, groupTable, nameOf, rowsOf, rowTable, gainOf, isOpen, valuesOf, type Row } from './tuning/report.ts';
import { runAll } from './tuning/run-all.ts';
import type { Trial } from './tuning/trial.ts';

/** Every gate is in tuning/gates.ts and in what the scenarios ask; those of the plants that ran are filled in. */
const targets: Record<string, Omit<Gate, 'measured'>> = {};

if (process.argv.includes('--help')) {
  console.log(USAGE);
  process.exit(0);
}

await bench('tuning', {
  targets,
  async run(b) {
    try {
      await score(b, readOptions([...b.args, ...(b.quick ? ['--quick'] : [])]));
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
    const { plant } = plan.scenarios[index] as (typeof plan.scenarios)[number];
    b.say(`${plant.name}: ${trial.best.join('; ')}, ${(trial.tookMs / 1000).toFixed(1)} s`);
  });
  const rowsOfLaw = (law: string): Row[] =>
    plan.scenarios.flatMap((scenario, index) => rowsOf(scenario, law, trials[index]?.scores[law] ?? []));
  const [judged = 'daoflow'] = options.laws;
  const rows = rowsOfLaw(judged);
  const statics = rowsOfLaw('static');
  const shown = plan.laws
    .filter(({ name }) => name !== 'static' || options.laws.includes(name))
    .map(({ name }) => name);
  b.say(
    `\n${aligned(
      rowTable(
        plan.scenarios.flatMap((scenario) =>
          shown.flatMap((law) => rowsOfLaw(law).filter((row) => row.scenario === scenario)),
        ),
        statics,
      ),
    )}`,
  );
  b.say(`\n${aligned(groupTable(plan.laws.flatMap(({ name }) => rowsOfLaw(name))))}\n`);
  for (const gate of gatesOf(rows, statics)) {
    const key = `${gate.name} ${gate.metric}`;
    targets[key] = gate;
    b.record(key, gate.measured);
  }
  if (process.argv.includes('--json'))
    for (const row of rows)
      b.note(nameOf(row), 'gain', sampleOf(valuesOf(row, (one) => gainOf(one, isOpen(row)))), 'x');
}
