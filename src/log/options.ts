import { ConfigError } from '../errors/errors.ts';
import type { LogEvent } from './log-event.ts';

const KB = 1024;
const MB = 1024 * KB;
const GB = 1024 * MB;

/** How a log keeps its records. Every size is in bytes and has a bound. */
export interface LogOptions {
  /**
   * `'fsync'` (default): `append` resolves when the records survive a power loss. `{ intervalMs }`: it resolves once
   * they survive the end of the process; a power loss may take what was appended in the last `intervalMs` plus the
   * duration of one sync. At most 60,000 ms.
   */
  readonly durability?: 'fsync' | { readonly intervalMs: number };
  /** A segment is closed when it reaches this. Default 64 MB; 1 KB to 1 GB. */
  readonly segmentBytes?: number;
  /** Most that one commit writes at once, and so what appends may hold in memory twice. Default 4 MB; 1 KB to 64 MB. */
  readonly groupBytes?: number;
  /** Largest payload of a record. Default 16 MB; up to 256 MB. */
  readonly recordBytes?: number;
  /** Most that the segments may hold together; at least two segments. Default unbounded: the disk is the bound. */
  readonly maxBytes?: number;
  /**
   * When `maxBytes` is reached: `'wait'` (default) lets appends wait until records are acknowledged; `'expire'` removes
   * the oldest segment, acknowledged or not, and reports what was in it.
   */
  readonly whenFull?: 'wait' | 'expire';
  /** Segments older than this are removed, acknowledged or not, and reported. Default: none. At least 1,000 ms. */
  readonly maxAgeMs?: number;
  /** Kept free for finishing in order when the disk is full. Default 64 MB; 0 (none) to 1 GB. */
  readonly reserveBytes?: number;
  /**
   * Reads everything, and goes on without what is damaged: the damage is reported, recorded in `accepted-losses.json`, and
   * the files kept in `quarantine`. Default false: a damaged log refuses to open.
   */
  readonly acceptLoss?: boolean;
  /** Told of what a person should know; must not throw. */
  readonly onEvent?: (event: LogEvent) => void;
}

export interface LogSettings {
  /** Null: every group is synced before it is acknowledged. */
  readonly intervalMs: number | null;
  readonly segmentBytes: number;
  readonly groupBytes: number;
  readonly recordBytes: number;
  readonly maxBytes: number;
  readonly whenFull: 'wait' | 'expire';
  readonly maxAgeMs: number;
  readonly reserveBytes: number;
  readonly acceptLoss: boolean;
  readonly onEvent: (event: LogEvent) => void;
}

/** @throws ConfigError naming the option */
export function logSettings(options: LogOptions): LogSettings {
  const segmentBytes = bounded('segmentBytes', options.segmentBytes ?? 64 * MB, KB, GB);
  return {
    intervalMs: intervalOf(options.durability ?? 'fsync'),
    segmentBytes,
    groupBytes: bounded('groupBytes', options.groupBytes ?? 4 * MB, KB, 64 * MB),
    recordBytes: bounded('recordBytes', options.recordBytes ?? 16 * MB, 1, 256 * MB),
    maxBytes: bounded('maxBytes', options.maxBytes ?? Infinity, 2 * segmentBytes, Infinity),
    whenFull: oneOf('whenFull', options.whenFull ?? 'wait', ['wait', 'expire']),
    maxAgeMs: bounded('maxAgeMs', options.maxAgeMs ?? Infinity, 1000, Infinity),
    reserveBytes: bounded('reserveBytes', options.reserveBytes ?? 64 * MB, 0, GB),
    acceptLoss: options.acceptLoss ?? false,
    onEvent: options.onEvent ?? (() => undefined),
  };
}

function intervalOf(durability: 'fsync' | { readonly intervalMs: number }): number | null {
  if (durability === 'fsync') return null;
  if (typeof durability !== 'object') throw new ConfigError('log.durability', '"fsync" or { intervalMs }', durability);
  return bounded('durability.intervalMs', durability.intervalMs, 1, 60_000);
}

function bounded(name: string, value: number, least: number, most: number): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw new ConfigError(`log.${name}`, `a number from ${least} to ${most}`, value);
}

function oneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw new ConfigError(`log.${name}`, `one of ${allowed.join(', ')}`, value);
}
