/**
 * `npm run simulate`: seeded simulations on disks that fail and processes that end, any number of them. A seed that fails is printed
 * with the line that replays it.
 *
 * Options: `--help` (USAGE below).
 */
import './setup.mjs';
import { optionsOf } from './lib/options.mjs';
import { runNode } from './lib/run.mjs';

const USAGE = `npm run simulate -- [options]
  --only WHAT    log: the durable log on disks that fail, crash and rot;
                 flows: whole flows that are killed and go on, their sinks slow, failing or away, with state and spills,
                 and with no descriptors for some time
  --seeds N      so many of each property; 10,000 of the log and 100 of flows
  --from K       the first seed: 1; \`--seeds 1 --from K\` replays one`;

const SUITES = {
  log: { paths: ['test/simulation/log.test.ts'], seeds: 10_000 },
  flows: {
    paths: [
      'src/runtime/run',
      'src/runtime/stage/spill',
      'src/runtime/stage/failure',
      'src/runtime/intake/inspection.test.ts',
      'src/connector/log/log-connector.test.ts',
    ],
    seeds: 100,
    // Properties of fast-check run by seed (test/support/fast-check.ts), and have as much time as a run of so many needs.
    isProperties: true,
  },
};

const text = { type: 'string' };
const values = optionsOf(
  USAGE,
  { only: text, seeds: text, from: { ...text, default: '1' } },
  ({ only, seeds, from }) => {
    if (only !== undefined && !(only in SUITES)) throw new Error(`--only ${only}: log or flows`);
    for (const number of [seeds ?? '1', from])
      if (!/^\d{1,15}$/.test(number)) throw new Error(`${number}: a whole number is wanted`);
  },
);
let worst = 0;
for (const [name, { paths, seeds, isProperties }] of Object.entries(SUITES)) {
  if (values.only !== undefined && values.only !== name) continue;
  const env = { SIMULATE_SEEDS: values.seeds ?? String(seeds), SIMULATE_FROM: values.from };
  const limit = isProperties ? [`--testTimeout=${20_000 * Number(env.SIMULATE_SEEDS)}`] : [];
  if (isProperties) env.FUZZ_FACTOR = env.SIMULATE_SEEDS;
  console.log(`${name}: seeds ${env.SIMULATE_FROM} to ${Number(env.SIMULATE_FROM) + Number(env.SIMULATE_SEEDS) - 1}`);
  const { status } = runNode(['node_modules/vitest/vitest.mjs', 'run', ...paths, ...limit], {
    env: { ...process.env, ...env },
  });
  if (status !== 0) console.error(`FAIL ${name}: npm run simulate -- --only ${name} --seeds 1 --from SEED replays one`);
  worst = Math.max(worst, status ?? 1);
}
process.exit(worst);
