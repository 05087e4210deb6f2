import { optionNames } from '../errors/declared.ts';
import type { StateOptions } from '../operator/step-options.ts';
import type { SinkOptions } from './graph.ts';
import type {
  AsyncOptions,
  EventTimeOptions,
  MatchOptions,
  OperatorOptions,
  RateLimitOptions,
} from './stream-options.ts';
import type { WindowedOptions } from './windowed.ts';

const NAME = { name: true };
const STATE = { ...NAME, ttl: true, maxKeys: true, version: true, migrate: true };
const STAGE = {
  ...NAME,
  concurrency: true,
  batch: true,
  linger: true,
  work: true,
  queue: true,
  whenFailing: true,
  timeout: true,
  tries: true,
  breaker: true,
  whenSlow: true,
  spill: true,
};
const STATEFUL = optionNames<OperatorOptions & StateOptions>(STATE);
const ASYNC = optionNames<AsyncOptions>({ ...STAGE, ordered: true });

const BY_METHOD: Readonly<Record<string, readonly string[]>> = {
  eventTime: optionNames<EventTimeOptions>({ ...NAME, outOfOrder: true, idle: true, whenSilent: true }),
  scan: STATEFUL,
  mapWithState: STATEFUL,
  dedupe: STATEFUL,
  sample: optionNames<OperatorOptions & Record<'every' | 'rate', number>>({ ...NAME, every: true, rate: true }),
  window: optionNames<OperatorOptions & WindowedOptions<unknown>>({
    ...NAME,
    late: true,
    allowedLateness: true,
    maxKeys: true,
    maxOpenWindows: true,
    maxSessionsPerKey: true,
    maxEvents: true,
  }),
  match: optionNames<OperatorOptions & MatchOptions>({
    ...NAME,
    limit: true,
    maxConcurrentPatterns: true,
    maxPartials: true,
    maxNodes: true,
    whenFull: true,
    cache: true,
    batchProcessing: true,
  }),
  mapAsync: ASYNC,
  mapBatch: ASYNC,
  rateLimit: optionNames<RateLimitOptions>(STAGE),
  to: optionNames<SinkOptions>(STAGE),
};
const ONLY_A_NAME = optionNames<OperatorOptions>(NAME);

/** What a method of a stream may be told. */
export function optionsOf(method: string): readonly string[] {
  return BY_METHOD[method] ?? ONLY_A_NAME;
}
