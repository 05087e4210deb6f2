/**
 * `npm test [-- FILTER]`: sets up what is missing, runs every test, and ends with one plain line
 * `N passed, N failed, N skipped`. Skipped tests are listed with their reasons.
 */
import './setup.mjs';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { at } from './lib/paths.mjs';
import { runNode } from './lib/run.mjs';
import { seconds } from './lib/say.mjs';

const label = process.env.DAOFLOW_TEST_LABEL; // one word in front of the last line, set by .ci/run
const report = at('.build', `tests-${process.pid}.json`);
mkdirSync(at('.build'), { recursive: true });

const started = performance.now();
const { status } = runNode(
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=./scripts/lib/plain-reporter.mjs',
    ...process.argv.slice(2),
  ],
  { env: { ...process.env, DAOFLOW_TEST_REPORT: report } },
);

const result = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
rmSync(report, { force: true });
const { passed, failed, skipped } = result ?? { passed: 0, failed: 1, skipped: [] };
if (skipped.length > 0) {
  console.log(`\nSKIPPED, not tested here:`);
  for (const { name, reason } of skipped) console.log(`  ${name}\n    why: ${reason ?? 'NO REASON GIVEN'}`);
}
const nothingRan = passed + failed === 0;
if (nothingRan) console.log('\nNo test was executed.');
console.log(`\nTests ended after ${seconds(started)}.`);
console.log(`${label ? `${label}: ` : ''}${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exit(status !== 0 || failed > 0 || nothingRan ? 1 : 0);
