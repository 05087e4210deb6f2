import { ConfigError } from '../../errors/errors.ts';
import { durationMs, type Duration } from '../../time/duration.ts';

/** What happens when a bound on partial matches is reached. What is let go is counted and reported. */
export type OverflowPolicy =
  /** The partial matches that began first go (default). */
  | 'shedOldest'
  /** Those that are least far go. */
  | 'shedLeastAdvanced'
  /** New ones are refused. */
  | 'reject'
  /** New ones are refused, and the event that would have begun them fails. */
  | 'error';

/** Bounds of a set of patterns; all have defaults. */
export interface PatternOptimization {
  /** Patterns in the set at once; one more is refused. Default 10,000. */
  readonly maxConcurrentPatterns?: number;
  /** Partial matches of one pattern for one key; for the DAG matcher, sets of them. Default 10,000. */
  readonly maxPartials?: number;
  /**
   * Nodes of the DAG matcher for one pattern and one key: an event takes one or a few for each step that it suits, however many
   * partial matches share them. Default 1,000,000.
   */
  readonly maxNodes?: number;
  readonly whenFull?: OverflowPolicy;
  readonly cache?: {
    /** Pairs of pattern and key with partial matches at once. Default 4,000,000. */
    readonly size?: number;
    /** What no event has changed for so long, in the time of the flow, is let go. Default: never, `within` ends it. */
    readonly expirationTime?: Duration;
  };
  /** How events are gathered before they are matched; a batch of the flow ends a gathering in any case. */
  readonly batchProcessing?: {
    /** Default 256. */
    readonly size?: number;
    /** Default 0: with the batch of the flow in which they came. */
    readonly timeout?: Duration;
  };
}

export interface Bounds {
  readonly maxPatterns: number;
  readonly maxPartials: number;
  readonly maxNodes: number;
  readonly whenFull: OverflowPolicy;
  readonly maxLive: number;
  /** Infinity: never. */
  readonly expirationMs: number;
  readonly batchSize: number;
  readonly batchTimeoutMs: number;
}

const POLICIES: readonly OverflowPolicy[] = ['shedOldest', 'shedLeastAdvanced', 'reject', 'error'];

/** @throws ConfigError for what is not a bound */
export function boundsOf(options: PatternOptimization, path: string): Bounds {
  const { cache = {}, batchProcessing = {}, whenFull = 'shedOldest' } = options;
  if (!POLICIES.includes(whenFull)) throw new ConfigError(`${path}.whenFull`, POLICIES.join(', '), whenFull);
  const { expirationTime } = cache;
  return {
    maxPatterns: whole(options.maxConcurrentPatterns, 10_000, `${path}.maxConcurrentPatterns`),
    // As far as a key may go before it is taken for a pattern that never ends; each costs some 100 bytes.
    maxPartials: whole(options.maxPartials, 10_000, `${path}.maxPartials`),
    // 30 to 60 MB with the references to their events.
    maxNodes: whole(options.maxNodes, 1_000_000, `${path}.maxNodes`),
    whenFull,
    // 500 MB at most for the smallest partitions.
    maxLive: whole(cache.size, 4_000_000, `${path}.cache.size`),
    expirationMs: expirationTime === undefined ? Infinity : durationMs(expirationTime, `${path}.cache.expirationTime`),
    batchSize: whole(batchProcessing.size, 256, `${path}.batchProcessing.size`),
    batchTimeoutMs: durationMs(batchProcessing.timeout ?? 0, `${path}.batchProcessing.timeout`),
  };
}

function whole(value: number | undefined, fallback: number, path: string): number {
  if (value === undefined) return fallback;
  if (!Number.isInteger(value) || value < 1) throw new ConfigError(path, 'a whole number, at least 1', value);
  return value;
}
