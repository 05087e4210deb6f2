/** `daoflow run FLOW` */

import { basename, dirname, join, resolve } from 'node:path';
import { chooseReporter } from './choose-reporter.ts';
import { EXIT } from './exit-code.ts';
import { flowFile } from './flow-file.ts';
import type { PlaneEnd } from './plane/data-plane-handle.ts';
import type { PlaneTask } from './plane/protocol.ts';
import type { RunCommandOptions } from './command-options.ts';
import { Session } from './session.ts';
import { watchSignals } from './signals.ts';

/** As long as a call may take before its duration is known. */
const BLOCK_TIMEOUT_MS = 30_000;

/** @returns the exit code @throws CommandFailure when there is no such file */
export async function run(flow: string, options: RunCommandOptions): Promise<number> {
  const task = flowTask(flow, options);
  const session = new Session({
    task,
    reporter: (start) => chooseReporter(options, start),
    durationMs: options.duration,
    drainTimeoutMs: options.drainTimeout,
    blockTimeoutMs: options.blockTimeout ?? BLOCK_TIMEOUT_MS,
  });
  let lastSignal: NodeJS.Signals | undefined;
  const unwatch = watchSignals(({ signal, count }) => {
    lastSignal = signal;
    if (count === 1) session.drain();
    else session.stop();
  });
  const end = await session.ended;
  unwatch();
  return exitCodeOf(end, { isStrict: options.strict === true, signal: lastSignal });
}

/** @throws CommandFailure when there is no such file */
export function flowTask(flow: string, options: RunCommandOptions): PlaneTask {
  const cwd = process.cwd();
  const path = flowFile(flow, cwd);
  const name = basename(path).replace(/\.[^.]+$/, '');
  return {
    kind: 'flow',
    path,
    deadLetters: {
      path: resolve(cwd, options.deadLetters ?? `${name}.dead-letters.ndjson`),
      isForced: options.deadLetters !== undefined,
      isContinued: false,
    },
    generateCode: options.codegen,
    drainTimeoutMs: options.drainTimeout,
    learned: join(dirname(path), '.daoflow', `${name}.learned.json`),
    supervision: undefined,
    tuning: !options.tune ? 'off' : options.advise === true ? 'advise' : 'auto',
  };
}

export function exitCodeOf(
  end: PlaneEnd,
  { isStrict, signal }: { readonly isStrict: boolean; readonly signal: NodeJS.Signals | undefined },
): number {
  const stopped = signal === 'SIGINT' ? EXIT.interrupted : EXIT.failed;
  switch (end.kind) {
    case 'stopped':
      return stopped;
    case 'summary':
      if (end.summary.state === 'stopped') return stopped;
      return isStrict && end.summary.deadLettered > 0 ? EXIT.deadLetters : EXIT.done;
    case 'failed':
    case 'died':
      return { usage: EXIT.usage, failed: EXIT.failed, 'output-closed': EXIT.done }[end.failure.kind];
  }
}
