/**
 * `npm run test:flink [-- --cases 2000 --seed 1 --save FILE]`: the reference engine itself answers the cases that the project
 * ships, which must come out as they are stored, and then random ones, which must come out as ours do. What differs is made
 * smaller, printed, and written to FILE as cases of the schema `daoflow-cep-case/1`. Needs a JDK and Maven; without them it
 * says so and tests nothing. The exit code is 1 when anything differs.
 */
import './setup.mjs';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createJiti } from 'jiti';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    save: { type: 'string' },
  },
});
const { compareWithReference } = await createJiti(import.meta.url).import('../test/conformance/flink/compare.ts');
const seeds = { first: Number(values.seed), count: Number(values.cases) };
const { skipped, isSame, differing } = compareWithReference(seeds, (line) => console.log(line));
if (skipped !== undefined) {
  console.log(`SKIPPED: the reference engine was NOT asked and NOTHING was compared. ${skipped}.`);
  process.exit(0);
}
if (values.save !== undefined) {
  const file = { schema: 'daoflow-cep-case/1', cases: differing };
  writeFileSync(values.save, `${JSON.stringify(file, undefined, 1)}\n`);
}
process.exit(isSame ? 0 : 1);
