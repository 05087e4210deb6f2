/** Programs in processes of their own: a sender must not share the cores' time accounting with what it measures. */

import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ChildOptions {
  readonly args?: readonly string[];
  /** Options of Node.js itself, for example `--max-semi-space-size=32`. */
  readonly execArgv?: readonly string[];
  /** The child is killed after this. Default 120 s. */
  readonly limitMs?: number;
}

export interface Child {
  /** To the child's `process.on('message')`. */
  send(message: unknown): void;
  /** The next message of the child, in order. Rejects when the child ends before. */
  next(): Promise<unknown>;
  /** Resolves with the exit code; rejects when it is not 0. */
  ended(): Promise<void>;
  kill(): void;
}

/** Programs still running; ended with this process, whatever happens. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts `bench/child/NAME.ts`. Its output goes to stderr, its messages come by `next`.
 * @param name - of the program, without extension
 */
export function startChild(name: string, { args = [], execArgv = [], limitMs = 120_000 }: ChildOptions = {}): Child {
  const path = fileURLToPath(new URL(`./child/${name}.js`, import.meta.url));
  const child = fork(path, args, { execArgv: [...execArgv], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  child.stdout?.pipe(process.stderr, { end: false });
  child.stderr?.pipe(process.stderr, { end: false });
  running.add(child);

  const arrived: unknown[] = [];
  const waiting: { resolve: (message: unknown) => void; reject: (error: Error) => void }[] = [];
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const { promise: end, resolve, reject } = deferred();
  end.catch(() => undefined); // reported by `next` or `ended`, whoever asks

  child.on('message', (message) => {
    const first = waiting.shift();
    if (first === undefined) arrived.push(message);
    else first.resolve(message);
  });
  child.on('exit', (code, signal) => {
    clearTimeout(limit);
    running.delete(child);
    const error = new Error(`bench child ${name} ended with ${signal ?? `exit code ${code ?? -1}`}`);
    if (code === 0) resolve();
    else reject(error);
    for (const one of waiting.splice(0)) one.reject(error);
  });

  return {
    send: (message) => void child.send(message as object),
    next: async () => {
      if (arrived.length > 0) return arrived.shift();
      if (child.exitCode !== null) await end;
      return new Promise((done, failed) => waiting.push({ resolve: done, reject: failed }));
    },
    ended: () => end,
    kill: () => void child.kill('SIGKILL'),
  };
}

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function deferred(): Deferred {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}
