import { WORK_CLASSES } from '../control/work-class.ts';
import { ConfigError } from '../errors/errors.ts';
import { durationMs } from '../time/duration.ts';
import type { SinkOptions } from './graph.ts';
import { LEAST_SPILL_BYTES } from './spilling.ts';
import { checkOneOf } from './validation.ts';

/** @throws ConfigError */
export function checkStageOptions(options: SinkOptions, path: string): void {
  const whole = {
    concurrency: options.concurrency,
    batch: options.batch,
    'queue.events': options.queue?.events,
    'queue.bytes': options.queue?.bytes,
    tries: options.tries,
  };
  for (const [name, value] of Object.entries(whole)) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw new ConfigError(`${path}.${name}`, 'a whole number, at least 1', value);
  }
  if (options.linger !== undefined) durationMs(options.linger, `${path}.linger`);
  const { timeout, breaker } = options;
  if (timeout !== undefined && timeout !== false && durationMs(timeout, `${path}.timeout`) === 0)
    throw new ConfigError(`${path}.timeout`, 'more than 0, or false', timeout);
  if (breaker !== undefined && typeof breaker !== 'boolean')
    throw new ConfigError(`${path}.breaker`, 'true or false', breaker);
  checkOneOf(options.work, WORK_CLASSES, `${path}.work`);
  checkOneOf(options.whenSlow, ['block', 'drop', 'spill'], `${path}.whenSlow`);
  const bytes = options.spill?.bytes;
  if (bytes !== undefined && !(Number.isSafeInteger(bytes) && bytes >= LEAST_SPILL_BYTES))
    throw new ConfigError(`${path}.spill.bytes`, `a whole number of bytes, at least ${LEAST_SPILL_BYTES}`, bytes);
  checkOneOf(options.whenFailing, ['stop', 'drop', 'deadLetter'], `${path}.whenFailing`);
}
