/**
 * `npm run test:conformance [-- --cases FILE]`: replays cases of the schema `daoflow-cep-case/1` through the run matcher.
 * Prints the ids that fail and `N passed, M failed`; the exit code is 1 when one fails that docs/patterns/deviations.md
 * does not list.
 */
import './setup.mjs';
import { parseArgs } from 'node:util';
import { createJiti } from 'jiti';

const { values } = parseArgs({
  options: { cases: { type: 'string', multiple: true }, verbose: { type: 'boolean', default: false } },
});
const { reportOf } = await createJiti(import.meta.url).import('../test/conformance/report.ts');
const { lines, isConforming } = reportOf(values.cases, { isVerbose: values.verbose });
for (const line of lines) console.log(line);
process.exit(isConforming ? 0 : 1);
