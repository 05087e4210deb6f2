/** Starts the built program, and flows in a process of their own, as a person would. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLI = join(ROOT, 'dist', 'cli.js');
const IN_PROCESS = fileURLToPath(new URL('./in-process.mjs', import.meta.url));
const PEAK = new URL('./peak-memory.mjs', import.meta.url).href;

/** A program that has not ended by then is killed, and its row fails: no row waits for ever, ms. */
const DEADLINE_MS = 60_000;
/** Of each stream, what is kept to look at; the rest is counted only, characters. */
const KEPT = 4 * 1024 * 1024;

export const isWindows = process.platform === 'win32';
export const isLinux = process.platform === 'linux';

/** A folder of its own, removed at the end of the suite. */
export function folder(base = tmpdir()) {
  const path = mkdtempSync(join(base, 'daoflow-acceptance-'));
  made.push(path);
  return {
    path,
    at: (...parts) => join(path, ...parts),
    write: (name, data) => {
      writeFileSync(join(path, name), data);
      return join(path, name);
    },
    read: (name) => readFileSync(join(path, name), 'utf8'),
    lines: (name) => (existsSync(join(path, name)) ? linesOf(readFileSync(join(path, name), 'utf8')) : []),
    has: (name) => existsSync(join(path, name)),
    folder: (name) => mkdirSync(join(path, name)),
  };
}

const made = [];

export function removeFolders() {
  for (const path of made) rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

export const linesOf = (text) => text.split('\n').filter((line) => line !== '');

/**
 * `daoflow ...args`
 *
 * @param options.cwd - where it runs
 * @param options.node - options of Node.js before the program
 * @param options.input - text for standard input, or `{ file }` to redirect from
 * @param options.stdin - 'open': the caller writes to `child.stdin`
 */
export function daoflow(args, options) {
  return start([...(options.node ?? []), CLI, ...args], options);
}

/** Runs a flow module by `flow.run()` in a process of its own; `child.send('drain')` drains it. */
export function inProcess(flow, options) {
  const { mode = {} } = options;
  return start([...(options.node ?? []), IN_PROCESS, pathToFileURL(flow).href, JSON.stringify(mode)], {
    ...options,
    ipc: true,
  });
}

function start(argv, { cwd, env = {}, input = '', stdin, ipc = false, deadlineMs = DEADLINE_MS, peak, discard = false }) {
  const redirected = typeof input === 'object' && 'file' in input ? openSync(input.file, 'r') : undefined;
  const child = spawn(process.execPath, argv, {
    cwd,
    env: { ...process.env, NO_COLOR: '1', ...env, ...(peak === undefined ? {} : peakEnvironment(peak)) },
    stdio: [redirected ?? 'pipe', 'pipe', 'pipe', ...(ipc ? ['ipc'] : [])],
  });
  if (redirected !== undefined) closeSync(redirected);
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, deadlineMs);
  const seen = { stdout: '', stderr: '' };
  const listeners = new Set();
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8');
    child[name].on('data', (text) => {
      if (!(discard && name === 'stdout') && seen[name].length < KEPT) seen[name] += text;
      for (const look of [...listeners]) look();
    });
    child[name].on('error', () => undefined);
  }
  child.stdin?.on('error', () => undefined); // it ended before it had read everything
  if (stdin !== 'open' && redirected === undefined) child.stdin.end(input);
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(deadline);
      resolve({ code, signal, isLate, ...seen, both: seen.stderr + seen.stdout });
    });
  });
  const saw = (pattern) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(seen.stderr) ?? pattern.exec(seen.stdout);
        if (match === null) return;
        listeners.delete(look);
        resolve(match);
      };
      listeners.add(look);
      void ended.then(() => reject(new Error(`ended without ${pattern}:\n${seen.stderr}${seen.stdout.slice(0, 2000)}`)));
      look();
    });
  return { child, ended, saw };
}

/** Each process of the program leaves its peak of resident memory in a file. */
function peakEnvironment(path) {
  return { NODE_OPTIONS: [process.env.NODE_OPTIONS, `--import=${PEAK}`].filter(Boolean).join(' '), DAOFLOW_PEAK: path };
}

/** @returns the peak in bytes @see peak-memory.mjs */
export const peakBytes = (path) => Number(readFileSync(path, 'utf8')) * 1024;

/** The last JSON object that a run with --json printed, on either stream. */
export function summaryOf({ stdout, stderr }) {
  const last = linesOf(`${stderr}\n${stdout}`).findLast((line) => line.startsWith('{"type":"summary"'));
  if (last === undefined) throw new Error(`no summary:\n${stderr.slice(-2000)}${stdout.slice(-2000)}`);
  return JSON.parse(last);
}

/** A tool of the system, by one of its names. @returns undefined when there is none */
export function tool(...names) {
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined);
}

/** Runs a tool to its end. @throws with its messages when it fails */
export function runTool(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024, ...options });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${result.error ?? result.stderr}`);
  return result.stdout;
}

/** True when a program of this name is on the path. For tools without --version. */
export function onPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => dir !== '' && existsSync(join(dir, name)));
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
