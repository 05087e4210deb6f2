/** Runs the demo for a few seconds as a newcomer would, and checks what it says: used by .ci/run. */
import './setup.mjs';
import { spawnSync } from 'node:child_process';
import { at, ROOT } from './lib/paths.mjs';
import { fail, say } from './lib/say.mjs';

const DURATION_S = 10;
const LIMIT_MS = 60_000;
/** What a newcomer is promised. */
const FIRST_NUMBER_MS = 5000;

const { status, stdout, stderr } = spawnSync(
  process.execPath,
  [at('scripts/demo.mjs'), '--duration', String(DURATION_S), '--json'],
  { cwd: ROOT, encoding: 'utf8', timeout: LIMIT_MS },
);
if (status !== 0) fail(`the demo ended with ${status ?? 'no end in time'}:\n${stderr}`);
const lines = stdout.trim().split('\n');
const notJson = lines.filter((line) => parsed(line) === undefined);
if (notJson.length > 0) fail(`the demo printed to stdout what is not JSON: ${notJson[0]}`);
const last = parsed(lines.at(-1) ?? '');
if (typeof last?.firstNumberMs !== 'number' || last.firstNumberMs > FIRST_NUMBER_MS) {
  fail(`the demo showed its first number after ${last?.firstNumberMs} ms; ${FIRST_NUMBER_MS} ms are promised`);
}
if (typeof last.metrics !== 'object' || last.metrics === null) fail('the last line of the demo has no metrics');
say(`the demo ran: ${lines.length} lines, first number after ${Math.round(last.firstNumberMs)} ms`);

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
