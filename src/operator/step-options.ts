import { ConfigError } from '../errors/errors.ts';
import { DEFAULT_MAX_KEYS, type KeyedState, type KeyedStateData } from '../state/keyed-state.ts';
import { checkPlain, StateError, type Stored } from '../state/stored.ts';
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
  /** Of what a value means, for flows that keep their state over restarts; stored values of another one need `migrate`. Default 0. */
  readonly version?: number;
  /** Makes a value of today out of one that was stored under an earlier `version`. */
  readonly migrate?: (value: never, version: number) => unknown;
}

/** What a step keeps over restarts: its keyed values, checked to be plain, with their version. */
export function storedValues<S>(
  kind: string,
  name: string,
  state: KeyedState<S>,
  { version = 0, migrate }: StateOptions,
): Stored {
  return {
    shape: kind,
    snapshot: () => {
      const data = state.snapshot();
      for (const value of data.values) checkPlain(value, name);
      return { version, ...data };
    },
    restore: (data) => {
      const { version: from, ...stored } = data as KeyedStateData<S> & { readonly version: number };
      if (from !== version && migrate === undefined) {
        throw new StateError(
          `${name}: its stored values have version ${from}, the flow declares ${version} and no migrate. Give \`migrate: (value, version) => ...\`.`,
        );
      }
      state.restore(stored, from === version ? undefined : (value) => migrate?.(value as never, from) as S);
    },
  };
}

/** @throws ConfigError */
export function stateBounds(path: string, options: StateOptions): { ttlMs: number; maxKeys: number } {
  const ttlMs = options.ttl === undefined ? Infinity : durationMs(options.ttl, `${path}.ttl`);
  if (!(ttlMs > 0)) throw new ConfigError(`${path}.ttl`, 'a duration above zero', options.ttl);
  const maxKeys = options.maxKeys ?? DEFAULT_MAX_KEYS;
  if (options.version !== undefined && !Number.isInteger(options.version)) {
    throw new ConfigError(`${path}.version`, 'a whole number', options.version);
  }
  if (options.migrate !== undefined) checkFunction(options.migrate, `${path}.migrate`);
  if (!Number.isInteger(maxKeys) || maxKeys < 1) {
    throw new ConfigError(`${path}.maxKeys`, 'a whole number, at least 1', maxKeys);
  }
  return { ttlMs, maxKeys };
}

/** @throws ConfigError */
export function checkFunction(value: unknown, path: string): void {
  if (typeof value !== 'function') throw new ConfigError(path, 'a function', value);
}
