/**
 * `npm run simulate -- --seeds N --from K`: seeded simulations of the log on failing disks, any number of them. A seed
 * that fails is printed with the line that replays it.
 */
import './setup.mjs';
import { parseArgs } from 'node:util';
import { runNode } from './lib/run.mjs';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '10000' }, from: { type: 'string', default: '1' } },
});
const { status } = runNode(['node_modules/vitest/vitest.mjs', 'run', 'test/simulation/log.test.ts'], {
  env: { ...process.env, SIMULATE_SEEDS: values.seeds, SIMULATE_FROM: values.from },
});
process.exit(status ?? 1);
