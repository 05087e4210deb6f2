/** Runs the built program as a user does: in a folder of its own, without a package.json or node_modules. */

import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLI = join(ROOT, 'dist', 'cli.js');

/** Builds what changed; quick when nothing did. */
export function buildProgram(): void {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'setup.mjs')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build failed:\n${stderr}`);
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Folder {
  readonly path: string;
  write(name: string, text: string | Uint8Array): string;
  remove(): void;
}

export function folder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'daoflow-cli-'));
  return {
    path,
    write(name, text) {
      writeFileSync(join(path, name), text);
      return join(path, name);
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** Resolves when stderr and stdout so far match; rejects when the program ends before. */
  readonly saw: (pattern: RegExp) => Promise<void>;
}

/** A program that does not end is killed, and its code is null: no test waits longer than this, ms. */
const DEADLINE_MS = 15_000;

export function start(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  nodeArgs: readonly string[] = [],
): Started {
  const child = spawn(process.execPath, [...nodeArgs, CLI, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  const heard = (): void => {
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    heard();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    heard();
  });
  child.stdin.on('error', () => undefined); // it ended before it read everything
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      clearTimeout(deadline);
      resolve({ code, stdout, stderr });
    });
  });
  const saw = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!pattern.test(stderr + stdout)) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      void ended.then(() => reject(new Error(`ended without ${String(pattern)}:\n${stdout}${stderr}`)));
      look();
    });
  return { child, ended, saw };
}

/** Runs to the end, with this text on stdin. */
export function run(cwd: string, args: readonly string[], input: string | Uint8Array = ''): Promise<Ended> {
  const { child, ended } = start(cwd, args);
  child.stdin.end(input);
  return ended;
}
