/**
 * `npm run bench:NAME` runs one bench, `npm run bench` all of them, with a scoreboard at the end.
 * Options: `--help`; they go to the benches.
 */
import './setup.mjs';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { ensureBenchesBuilt } from './lib/build.mjs';
import { npmCli } from './lib/npm.mjs';
import { at, ROOT } from './lib/paths.mjs';
import { fail, say } from './lib/say.mjs';

const names = readdirSync(at('bench'), { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => entry.name.slice(0, -3))
  .sort();
/** `npm run` keeps the `--` in front of options to itself; who calls this file may leave it in. */
const args = process.argv.slice(2).filter((argument) => argument !== '--');
const [first, ...others] = args;
const chosen = first === undefined || first.startsWith('-') ? undefined : first;
const options = chosen === undefined ? args : others;

if (chosen !== undefined && !names.includes(chosen))
  fail(`no bench is named ${chosen}. There are: ${names.join(', ')}.`, 2);
if (chosen === undefined && options.includes('--help')) {
  say(
    `npm run bench -- [--quick] [--no-fail] [--json], or one of them: ${names.map((name) => `bench:${name.replace('-', ':')}`).join(', ')}, each with --help`,
  );
  process.exit(0);
}
ensureBenchesBuilt();
process.exit(chosen === undefined ? runAll() : runOne(chosen));

/** The bench writes to our own stdout. */
function runOne(name) {
  return start(name, options, 'inherit').status ?? 2;
}

function runAll() {
  const json = options.includes('--json');
  const runs = names.map((name) => {
    say(`bench ${name}`);
    const args = json ? options : [...options, '--json'];
    const { status, stdout } = start(name, args, 'pipe');
    return { name, status: status ?? 2, document: lastJson(stdout) };
  });
  scoreboard(runs, json ? process.stderr : process.stdout);
  if (json) process.stdout.write(`${JSON.stringify(together(runs))}\n`);
  return Math.max(0, ...runs.map((run) => run.status));
}

function start(name, args, stdout) {
  return spawnSync(process.execPath, ['--expose-gc', at('.build/bench', `${name}.js`), ...args], {
    cwd: ROOT,
    env: { ...process.env, npm_execpath: npmCli() },
    stdio: ['ignore', stdout, 'inherit'],
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  });
}

function lastJson(stdout) {
  try {
    return JSON.parse(stdout.trimEnd().split('\n').at(-1));
  } catch {
    return undefined;
  }
}

function scoreboard(runs, output) {
  output.write('\nScoreboard\n');
  for (const { name, status, document } of runs) {
    const results = document?.results ?? [];
    const met = results.filter((result) => result.pass).length;
    const verdict = status > 1 || document === undefined ? 'BROKEN' : `${met} of ${results.length} targets met`;
    output.write(`  ${name.padEnd(12)} ${verdict}\n`);
    for (const result of results.filter((one) => !one.pass)) {
      const value = result.value === null ? 'not measured' : `${Number(result.value.toPrecision(3))} ${result.unit}`;
      output.write(
        `    missed: ${result.name}, ${result.metric}: ${value}, target ${result.comparison} ${result.target}\n`,
      );
    }
  }
}

/** One document of the same shape, each name led by its bench. */
function together(runs) {
  const { commit = null, machine = null } = runs.find((run) => run.document)?.document ?? {};
  const results = runs.flatMap(({ name, document }) =>
    (document?.results ?? []).map((result) => ({ ...result, name: `${name}: ${result.name}` })),
  );
  return {
    bench: 'all',
    commit,
    machine,
    results,
    broken: runs.filter((run) => run.status > 1).map((run) => run.name),
  };
}
