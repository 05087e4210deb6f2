/**
 * `npm run fuzz [-- FACTOR]`: the property and fuzz suites with FACTOR (default 20) times their usual runs.
 * Properties of fast-check are multiplied by test/support/fast-check.ts; other suites read FUZZ_FACTOR themselves.
 */
import './setup.mjs';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at } from './lib/paths.mjs';
import { runNode } from './lib/run.mjs';
import { say } from './lib/say.mjs';

const factor = Number(process.argv[2] ?? 20);
const files = ['src', 'test']
  .flatMap((folder) => readdirSync(at(folder), { recursive: true }).map((file) => join(folder, file)))
  .filter((path) => path.endsWith('.test.ts') && /'fast-check'|FUZZ_FACTOR/.test(readFileSync(at(path), 'utf8')));

say(`${files.length} suites with ${factor} times their runs`);
if (files.length === 0) process.exit(0);
const { status } = runNode(['scripts/test.mjs', ...files, `--testTimeout=${20_000 * factor}`], {
  env: { ...process.env, FUZZ_FACTOR: String(factor) },
});
process.exit(status ?? 1);
