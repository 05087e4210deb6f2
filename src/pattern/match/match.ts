import { ConfigError } from '../../errors/errors.ts';
import type { MatcherWishes } from '../dag/choose.ts';
import type { Bindings } from '../matcher.ts';
import { boundsOf, type PatternOptimization } from '../network/bounds.ts';
import type { Key, OperatorSpec } from '../../operator/operator.ts';
import type { AnyPattern } from './live-patterns.ts';
import { MATCH_PORTS } from './ports.ts';

/**
 * A match of a pattern for one key. What follows inherits event time from `end`.
 * `events`: by name of step, in order; steps that matched nothing are absent. `value`: what the pattern's `select` gives.
 */
export interface PatternMatch<K extends Key | undefined, B, R> {
  readonly pattern: string;
  readonly key: K;
  readonly events: B;
  readonly value: R;
  /** Event time of its first event, epoch ms. */
  readonly start: number;
  /** Event time at which it was complete. */
  readonly end: number;
  /**
   * Matches that this stands for: 1. Of a pattern that only counts: how many came at once; `events` is empty then, and `start`
   * that of the earliest. Exact up to 2^53 - 1, beyond that the nearest double.
   */
  readonly count: number;
}

/** A partial match that ran out of time. */
export interface PatternTimeout<K extends Key | undefined, E> {
  readonly pattern: string;
  readonly key: K;
  readonly events: Bindings<E>;
  readonly start: number;
  /** Event time at which it ended. */
  readonly at: number;
}

/** Partial matches that a bound has cost. */
export interface PatternShed<K extends Key | undefined> {
  readonly pattern: string;
  readonly key: K;
  /** Of the DAG matcher: sets of them, and events with all partial matches that began with them. */
  readonly partials: number;
}

/** Patterns by name; `timeouts` of the wishes may be set until the flow runs. */
export function matchPatterns(
  name: string,
  path: string,
  patterns: AnyPattern | readonly AnyPattern[] | Readonly<Record<string, AnyPattern>>,
  wishes: MatcherWishes,
  options: PatternOptimization,
): OperatorSpec {
  const byName = namesOf(patterns, path);
  const { maxPatterns } = boundsOf(options, path);
  if (byName.size > maxPatterns)
    throw new ConfigError(`${path}.maxConcurrentPatterns`, `at most ${maxPatterns} patterns`, byName.size);
  const [first] = byName.values();
  if (first === undefined) throw new ConfigError(path, 'one pattern or more', patterns);
  const { operator } = first;
  return {
    kind: 'collector',
    name,
    ports: MATCH_PORTS,
    create: (environment) => operator({ ...options, path, patterns: byName, wishes }, environment),
  };
}

function namesOf(
  patterns: AnyPattern | readonly AnyPattern[] | Readonly<Record<string, AnyPattern>>,
  path: string,
): ReadonlyMap<string, AnyPattern> {
  const entries = typeof patterns === 'object' && (patterns as unknown) !== null ? entriesOf(patterns) : [];
  const byName = new Map(entries);
  if (byName.size < entries.length)
    throw new ConfigError(path, 'patterns with names of their own', entries.map(([name]) => name).join());
  for (const [name, pattern] of byName) {
    if (typeof (pattern as Partial<AnyPattern> | undefined)?.operator !== 'function') {
      throw new ConfigError(`${path}.${name}`, 'a pattern of daoflow/pattern (data: patternOf(model, name))', pattern);
    }
  }
  return byName;
}

function entriesOf(
  patterns: AnyPattern | readonly AnyPattern[] | Readonly<Record<string, AnyPattern>>,
): (readonly [string, AnyPattern])[] {
  if (Array.isArray(patterns))
    return (patterns as readonly AnyPattern[]).map(
      (one, i) => [(one as AnyPattern | null)?.name ?? String(i), one] as const,
    );
  if (isPattern(patterns)) return [[patterns.name, patterns]];
  return Object.entries(patterns as Readonly<Record<string, AnyPattern>>);
}

const isPattern = (patterns: object): patterns is AnyPattern => typeof (patterns as AnyPattern).operator === 'function';
