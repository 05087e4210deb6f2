import { knownOptions } from '../../errors/declared.ts';
import { ConfigError, ConnectorError } from '../../errors/errors.ts';
import type { Sink, SinkFunction } from '../../event/sink.ts';
import { functionOption, integerOption, nameOption } from '../options.ts';

export interface MemoryOptions {
  readonly name?: string;
  /** The most events to keep, 1 to 100 million. Default 1,000,000. */
  readonly maxEvents?: number;
}

/** A sink that can be looked into. */
export interface MemorySink<E> extends Sink<E> {
  /** Everything confirmed so far, in the order of confirmation. */
  readonly events: readonly E[];
  clear(): void;
}

const MAX_EVENTS = { min: 1, max: 100_000_000, default: 1_000_000 };

/**
 * A sink that keeps all events: for tests, examples and small answers. Beyond `maxEvents` it fails
 * the batch with a ConnectorError instead of eating the memory.
 *
 * @example
 * const out = memory<Alert>();
 * await flow('alerts').from(source).to(out).run();
 * console.log(out.events.length);
 */
export function memory<E = unknown>(options: MemoryOptions = {}): MemorySink<E> {
  knownOptions(options, 'memory()', ['name', 'maxEvents']);
  const maxEvents = integerOption(options.maxEvents, 'memory().maxEvents', MAX_EVENTS);
  const kept: E[] = [];
  const name = nameOption(options.name, 'memory().name', 'memory');
  return {
    name,
    limits: { maxConcurrency: 1 },
    events: kept,
    clear: () => {
      kept.length = 0;
    },
    open: () => ({
      write: (events) => {
        if (kept.length + events.length > maxEvents) {
          throw new ConnectorError(name, `full at ${maxEvents} events: raise maxEvents, or write to a file`);
        }
        for (const event of events) kept.push(event);
      },
    }),
  };
}

export interface CallbackOptions {
  /** Default: the function's own name, or `callback`. */
  readonly name?: string;
  /** Hard limits of what the function talks to. */
  readonly maxBatch?: number;
  readonly maxConcurrency?: number;
}

/**
 * A function over batches as a sink: returning, or resolving, confirms the batch; throwing fails it.
 *
 * @throws ConfigError when it is not a function
 */
export function callback<E>(fn: SinkFunction<E>, options: CallbackOptions = {}): Sink<E> {
  functionOption(fn, 'callback()', 'async (events) => { await db.insert(events) }');
  knownOptions(options, 'callback()', ['name', 'maxBatch', 'maxConcurrency']);
  for (const limit of ['maxBatch', 'maxConcurrency'] as const) {
    const value = options[limit];
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
      throw new ConfigError(`callback().${limit}`, 'a whole number above 0', value);
    }
  }
  const { maxBatch, maxConcurrency } = options;
  const limits = {
    ...(maxBatch === undefined ? {} : { maxBatch }),
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
  };
  const name = nameOption(options.name, 'callback().name', fn.name === '' ? 'callback' : fn.name);
  return { name, limits, open: () => ({ write: fn }) };
}
