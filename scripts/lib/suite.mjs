/** What black-box suites share: a folder that goes away, a line per row, a line of counts, flows in processes of their own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at } from './paths.mjs';

/** @returns the number after `--name` on the command line */
export function option(name, otherwise) {
  const place = process.argv.indexOf(`--${name}`);
  return place < 0 ? otherwise : Number(process.argv[place + 1]);
}

/**
 * Runs `body` with a new folder, `row(name, isRight, figures)` and `skip(name, why)`, and ends the process: with 1 when a
 * row is wrong.
 */
export async function suite(name, body) {
  const folder = mkdtempSync(join(tmpdir(), `daoflow-${name}-`));
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const said = (figures) => (figures === '' ? '' : `: ${figures}`);
  const row = (what, isRight, figures = '') => {
    counts[isRight ? 'passed' : 'failed'] += 1;
    console.log(`${isRight ? 'ok  ' : 'FAIL'} ${what}${said(figures)}`);
  };
  const skip = (what, why) => {
    counts.skipped += 1;
    console.log(`SKIP ${what}: ${why}`);
  };
  try {
    await body({ folder, row, skip });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exit(counts.failed === 0 ? 0 : 1);
}

const LIMIT_MS = 900_000;
const KEPT_TEXT = 8_000;

/**
 * A flow by the command line. @param options - `exitCode`: that is expected, else what it said is printed. @returns the child, and how it ended: its code, or the signal, what it said last, and whether it was
 * cut off here after `limitMs`: what it had not done by then is not lost
 */
export function startFlow(
  path,
  { env = {}, args = ['--plain'], cwd, limitMs = LIMIT_MS, stdin = 'ignore', exitCode = 0 } = {},
) {
  const child = spawn(process.execPath, [at('dist/cli.js'), 'run', at(path), ...args], {
    env: { ...process.env, NO_COLOR: '1', ...env },
    cwd,
    stdio: [stdin, 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (bytes) => (said = `${said}${bytes}`.slice(-KEPT_TEXT)));
  let isCut = false;
  const limit = setTimeout(() => (isCut = child.kill('SIGKILL')), limitMs);
  const ended = new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      if (isCut) console.error(`CUT OFF by this harness: ${path} had not ended after ${limitMs / 1000} s`);
      if (code !== exitCode && signal === null) console.error(said);
      resolve({ code, signal, said, isCut });
    });
  });
  return { child, ended };
}

/** A flow that listens. @returns see startFlow; `port`: that it tells, 0 when it ended before */
export function startListening(path, options) {
  const run = startFlow(path, options);
  let said = '';
  const port = new Promise((resolve) => {
    run.child.stderr.on('data', (bytes) => {
      said += said.length < KEPT_TEXT ? bytes : '';
      const found = /listening on \w+:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    run.child.on('close', () => resolve(0));
  });
  return { ...run, port };
}
