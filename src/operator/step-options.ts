import { ConfigError } from '../errors/errors.ts';
import { DEFAULT_MAX_KEYS } from '../state/keyed-state.ts';
import { type Duration, durationMs } from '../time/duration.ts';
import type { OperatorSpec } from './operator.ts';

declare const TYPES: unique symbol;

/** The spec of a step from events E, with key K, to outputs O. */
export type StepSpec<E, O, K = unknown> = Extract<OperatorSpec, { kind: 'step' }> & {
  readonly [TYPES]?: (event: E, key: K) => O;
};

/** Bounds of keyed state. */
export interface StateOptions {
  /** A key not touched for so long, in the time of the flow, starts anew. Default: never. */
  readonly ttl?: Duration;
  /** Keys held; one more evicts one that was not touched for long, counted as `evicted`. Default 1,000,000. */
  readonly maxKeys?: number;
}

/** @throws ConfigError */
export function stateBounds(path: string, options: StateOptions): { ttlMs: number; maxKeys: number } {
  const ttlMs = options.ttl === undefined ? Infinity : durationMs(options.ttl, `${path}.ttl`);
  if (!(ttlMs > 0)) throw new ConfigError(`${path}.ttl`, 'a duration above zero', options.ttl);
  const maxKeys = options.maxKeys ?? DEFAULT_MAX_KEYS;
  if (!Number.isInteger(maxKeys) || maxKeys < 1) {
    throw new ConfigError(`${path}.maxKeys`, 'a whole number, at least 1', maxKeys);
  }
  return { ttlMs, maxKeys };
}

/** @throws ConfigError */
export function checkFunction(value: unknown, path: string): void {
  if (typeof value !== 'function') throw new ConfigError(path, 'a function', value);
}
