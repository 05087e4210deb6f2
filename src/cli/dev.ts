/** `daoflow dev FLOW`: runs a flow and, at each save of its files, drains it and runs the new one. */

import { chooseReporter } from './choose-reporter.ts';
import { EXIT } from './exit-code.ts';
import { SaveWatch } from './save-watch.ts';
import type { PlaneTask } from './plane/protocol.ts';
import type { RunCommandOptions } from './command-options.ts';
import { exitCodeOf, flowTask } from './run.ts';
import { Session } from './session.ts';
import { watchSignals } from './signals.ts';

/** While developing nobody wants to wait long for the old flow, ms. */
const RELOAD_DRAIN_MS = 5000;

/** @returns the exit code, once Ctrl-C has ended the last run */
export async function dev(flow: string, options: RunCommandOptions): Promise<number> {
  const task = flowTask(flow, options);
  if (task.kind !== 'flow') return EXIT.usage;
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const watch = new SaveWatch(task.path);
  let current: Session | undefined;
  let leaving = false;
  const isLeaving = (): boolean => leaving;
  const asked = new Promise<void>((resolve) => {
    watchSignals(({ count }) => {
      leaving = true;
      if (count === 1) current?.drain();
      else current?.stop();
      resolve();
    });
  });
  try {
    return await loop();
  } finally {
    watch.close();
  }

  async function loop(): Promise<number> {
    for (;;) {
      const saved = watch.next();
      current = start(task, options, watch);
      const first = await Promise.race([current.ended, saved, asked]);
      if (first === 'saved') current.drain(RELOAD_DRAIN_MS);
      const end = await current.ended;
      current = undefined;
      if (isLeaving()) return exitCodeOf(end, { isStrict: false, signal: undefined });
      if (first !== 'saved') {
        say('waiting for the next save (Ctrl-C ends)');
        await Promise.race([saved, asked]);
        if (isLeaving()) return EXIT.done;
      }
      say('saved: starting again');
    }
  }
}

function start(task: PlaneTask, options: RunCommandOptions, watch: SaveWatch): Session {
  return new Session({
    task,
    reporter: (start) => chooseReporter(options, start),
    drainTimeoutMs: options.drainTimeout,
    onMessage: (message) => {
      if (message.type === 'started' || message.type === 'failed') watch.follow(message.modules);
    },
  });
}
