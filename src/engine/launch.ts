/** The composition root: a flow's declaration meets the real machine here, and nowhere else. */

import { knownOptions, optionNames } from '../errors/declared.ts';
import { ConfigError } from '../errors/errors.ts';
import { Flow, type FlowOptions } from '../flow/flow.ts';
import { checkOneOf, checkSink } from '../flow/validation.ts';
import { TUNING_MODES, type Run, type RunnableFlow, type RunOptions } from '../flow/run.ts';
import { takeSupervision } from '../host/supervised-thread.ts';
import { FlowRun } from '../runtime/run/flow-run.ts';
import { checkLearned } from './check-learned.ts';
import { systemHost } from './system-host.ts';

/**
 * Declares a flow.
 *
 * @param name - letters, digits, ".", "_" or "-"; labels its metrics and files
 * @throws ConfigError when the name or a target is wrong
 * @example
 * import { flow, iterable, memory } from 'daoflow';
 * const out = memory<number>();
 * const doubled = flow('doubled').from(iterable([1, 2, 3])).map((n) => n * 2).to(out);
 * await doubled.run().done;
 * console.log(out.events); // [2, 4, 6]
 */
export function flow(name: string, options: FlowOptions = {}): Flow {
  return new Flow(name, options, launch);
}

function launch(definition: RunnableFlow, options: RunOptions): Run {
  checkOptions(options);
  return new FlowRun(definition, options, { ...systemHost(), supervision: takeSupervision() });
}

const OPTIONS = optionNames<RunOptions>({
  signal: true,
  drainTimeout: true,
  deadLetters: true,
  generateCode: true,
  seed: true,
  tuning: true,
  learned: true,
  data: true,
  resources: true,
  energy: true,
});

function checkOptions(options: RunOptions): void {
  knownOptions(options, 'run', OPTIONS);
  const { seed, signal, deadLetters, tuning, learned } = options;
  checkLearned(learned, 'run.learned');
  checkOneOf(tuning, TUNING_MODES, 'run.tuning');
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw new ConfigError('run.seed', 'a whole number', seed);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new ConfigError('run.signal', 'an AbortSignal', signal);
  }
  if (deadLetters !== undefined) checkSink(deadLetters, 'run.deadLetters');
}
