/**
 * `npm run test:acceptance [-- --quick] [-- --only TEXT]`: real files, every door, hostile input, against
 * independent answers. Needs the built package (it builds it); python3 and awk are used where they are.
 */
import './setup.mjs';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { removeFolders } from '../test/acceptance/program.mjs';
import { conclude, configure, row, skip } from '../test/acceptance/rows.mjs';
import { at } from './lib/paths.mjs';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, part: { type: 'string' } },
});
configure(values);

const PARTS = {
  'real-file': async () => (await import('../test/acceptance/real-file.mjs')).realFile(),
  'big-log': async () => (await import('../test/acceptance/big-log.mjs')).bigLog(),
  doors: async () => (await import('../test/acceptance/doors.mjs')).doors(),
  hostile: async () => (await import('../test/acceptance/hostile.mjs')).hostile(),
  circumstances: async () => (await import('../test/acceptance/circumstances.mjs')).circumstances(),
};

const started = performance.now();
try {
  for (const [name, part] of Object.entries(PARTS)) {
    if (values.part !== undefined && values.part !== name) continue;
    if (existsSync(at('test', 'acceptance', `${name}.mjs`))) await part();
    else await row(`part ${name}`, () => skip('not written yet: nothing of it was checked'));
  }
} finally {
  removeFolders();
}
process.stdout.write(`\n${((performance.now() - started) / 1000).toFixed(0)} s`);
process.exitCode = conclude();
