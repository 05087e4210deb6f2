/** Half of the tuning bench: told a scenario by its place, it answers with the trial. argv: the options as JSON. */

import { encode } from '../tuning/json.ts';
import { readOptions } from '../tuning/options.ts';
import { Oracle } from '../tuning/oracle.ts';
import { planOf } from '../tuning/plan.ts';
import { tryOut } from '../tuning/trial.ts';

const options = readOptions(process.argv.slice(2));
const plan = await planOf(options);
const oracle = await Oracle.open(options.cache);

process.on('message', (index: number) => void answer(index));

async function answer(index: number): Promise<void> {
  const scenario = plan.scenarios[index];
  if (scenario === undefined) process.exit(0);
  process.send?.(encode(await tryOut(scenario, plan.laws, options.seeds, oracle)));
}
