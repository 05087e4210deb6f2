/**
 * Whether every event is in the output, or in the dead letters, exactly once: `node each-once.mjs OUT DATA COUNT EXPECTED_LETTERS`.
 * Reads dead letters as `daoflow dlq` does, through the command itself.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at } from '../../scripts/lib/paths.mjs';

const [out, data, countText, lettersText] = process.argv.slice(2);
const count = Number(countText);
const lines = (text) => text.split('\n').filter((line) => line !== '');
const numbers = (text) => lines(text).map((line) => JSON.parse(line).n);

const confirmed = numbers(readFileSync(out, 'utf8'));
const letters = existsSync(join(data, 'dead-letters')) ? numbers(replayed(data)) : [];
const times = new Map();
for (const n of [...confirmed, ...letters]) times.set(n, (times.get(n) ?? 0) + 1);
let [lost, repeated] = [0, 0];
for (let n = 0; n < count; n += 1) {
  const seen = times.get(n) ?? 0;
  if (seen === 0) lost += 1;
  if (seen > 1) repeated += 1;
}
const unknown = [...times.keys()].filter((n) => !(n >= 0 && n < count)).length;
console.log(JSON.stringify({ written: confirmed.length, deadLetters: letters.length, lost, repeated, unknown }));
process.exit(lost + repeated + unknown === 0 && letters.length === Number(lettersText) ? 0 : 1);

function replayed(directory) {
  const { stdout } = spawnSync(process.execPath, [at('dist/cli.js'), 'dlq', 'replay', directory, '--keep'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return stdout;
}
