/** Runs one flow inside the data plane and reports on it. */

import type { MessagePort } from 'node:worker_threads';
import { returnOf } from '../../flow/guarantee.ts';
import type { Run, RunnableFlow, RunOptions, RunSummary } from '../../flow/run.ts';
import { SNAPSHOT_MS, type FromPlane, type ToPlane } from './protocol.ts';

export interface RunnerOptions {
  readonly run: RunOptions;
  readonly modules: readonly string[];
  /** Called for messages that are not the runner's own. */
  readonly other?: (message: ToPlane) => void;
}

/** Starts the flow and resolves when it has ended. @throws what ended it */
export async function runFlow(flow: RunnableFlow, port: MessagePort, options: RunnerOptions): Promise<RunSummary> {
  const say = (message: FromPlane): void => port.postMessage(message);
  const run = flow.run(options.run);
  run.on('state', (state) => say({ type: 'state', state }));
  run.on('notice', (notice) => say({ type: 'notice', notice }));
  run.on('decision', (decision) => say({ type: 'decision', decision }));
  run.on('outcome', (decision) => say({ type: 'outcome', decision }));
  const writesToStdout = run.snapshot().stages.some(({ kind, name }) => kind === 'sink' && STDOUT.test(name));
  const hasCheckpoints = run.guarantee.state !== 'none';
  const sources = flow.plan().sources.map(({ node: { name, source } }) => ({
    name,
    returns: returnOf(source, hasCheckpoints, hasCheckpoints),
  }));
  const { modules } = options;
  say({ type: 'started', flow: flow.name, targets: flow.targets, modules, writesToStdout, hasCheckpoints, sources });
  say({ type: 'notice', notice: { level: 'info', message: run.guarantee.text } });
  port.on('message', (message: ToPlane) => obey(run, message, options.other));
  const reporter = setInterval(() => say({ type: 'snapshot', snapshot: run.snapshot() }), SNAPSHOT_MS);
  try {
    return await run.done;
  } finally {
    clearInterval(reporter);
    say({ type: 'snapshot', snapshot: run.snapshot() });
  }
}

/** What `stdout()` is called unless its user names it. */
const STDOUT = /^stdout(-\d+)?$/;

/** Both resolve as `run.done` does, which is where their outcome is read. */
function obey(run: Run, message: ToPlane, other: RunnerOptions['other']): void {
  if (message.type === 'stop') void run.stop().catch(ignore);
  else if (message.type === 'drain') {
    void run.drain(message.timeoutMs === undefined ? {} : { timeout: message.timeoutMs }).catch(ignore);
  } else other?.(message);
}

function ignore(): void {
  // The same error rejects `run.done`.
}
