/**
 * Declarations of windows for the flow builder: `windowAggregate` folds events, `windowCollect`
 * keeps them. Both are collectors with ports main (0: results) and late (1: events that came too
 * late for every window of theirs).
 */

import { ConfigError } from '../../errors/errors.ts';
import type { Duration } from '../../time/duration.ts';
import { DEFAULT_MAX_KEYS } from '../../state/keyed-state.ts';
import { type AggregateDefinition, type AggregateResults, type Aggregates, canMerge } from '../aggregate/aggregate.ts';
import { GlobalWindow } from './global-window.ts';
import { areNumeric, RunningTotals } from './running-totals.ts';
import type { Collector, Key, OperatorEnvironment, OperatorSpec } from '../operator.ts';
import { OverlappingWindows } from './overlapping-windows.ts';
import { type HotPush, interpretHotPush, type PaneHost } from './panes.ts';
import { type PaneWindowOptions, PaneWindows } from './pane-windows.ts';
import { generateRows } from './row-codegen.ts';
import { interpretRows } from './row-program.ts';
import { shapeOf } from './row-state.ts';
import type { RowProgram } from './rows.ts';
import { SessionWindows } from './session-windows.ts';
import { WINDOW_PORTS } from './window-output.ts';
import { wholeMs, type WindowSpec } from './window-spec.ts';

/** What every result says about its window. `key` is absent where the flow is not keyed. */
export type WindowBounds<K extends Key | undefined> = ([K] extends [undefined]
  ? unknown
  : { readonly key: Exclude<K, undefined> }) & {
  /** Epoch ms, inclusive. */
  readonly start: number;
  /** Epoch ms, exclusive. */
  readonly end: number;
  /** 0 for the first result; a late event within `allowedLateness` emits the window again with the next one. */
  readonly revision: number;
};

/** One window of one key with its aggregates. */
export type WindowResult<K extends Key | undefined, A> = WindowBounds<K> & AggregateResults<A>;

/** One window of one key with its events, in order of arrival (joined sessions: the earlier one's first). */
export type WindowEvents<K extends Key | undefined, E> = WindowBounds<K> & { readonly events: E[] };

export interface WindowOptions {
  /** How long after its end a window still takes events, in the time of the flow. Default 0. */
  readonly allowedLateness?: Duration;
  /** Keys of one window (sessions: of all open ones); an event of one more is refused. Default 1,000,000. */
  readonly maxKeys?: number;
  /** Open windows or panes at once, those kept for late events included; one more is refused. Default 10,000. */
  readonly maxOpenWindows?: number;
  /** Open sessions of one key. Default 1,000. */
  readonly maxSessionsPerKey?: number;
}

export interface CollectOptions extends WindowOptions {
  /** Events of one window and key; one more is refused, and the window goes on. Default 100,000. */
  readonly maxEvents?: number;
}

declare const TYPES: unique symbol;

/** The spec of a collector of events E; R is what its results hold beside their bounds. */
export type CollectorSpec<E, R> = Extract<OperatorSpec, { kind: 'collector' }> & {
  readonly [TYPES]?: (event: E) => R;
};

const DEFAULT_MAX_OPEN_WINDOWS = 10_000;
const DEFAULT_MAX_SESSIONS_PER_KEY = 1000;
const DEFAULT_MAX_EVENTS = 100_000;
/** Columns of one window: a bound against generated names, far above any report. */
const MAX_AGGREGATES = 100;
const RESERVED = new Set(['key', 'start', 'end', 'revision', '__proto__', '']);

/**
 * A window that emits `{ key, start, end, revision, ...aggregates }` per key when it closes.
 * Refused events (a bound was reached) and events that an aggregate cannot count throw from `push`.
 *
 * @param name - of the operator; also the path of configuration errors
 * @throws ConfigError for names that a result already has, no aggregates, or a session with a
 *   custom aggregate that has no `merge`
 * @example
 * windowAggregate('perCard', tumbling('1m'), { n: count(), p95: percentile((e: Payment) => e.ms, 0.95) })
 */
export function windowAggregate<E, A extends Aggregates<E>>(
  name: string,
  window: WindowSpec,
  aggregates: A & Aggregates<E>,
  options: WindowOptions = {},
): CollectorSpec<E, AggregateResults<A>> {
  const names = Object.keys(aggregates);
  checkNames(name, names);
  const definitions = names.map((each) => aggregates[each]?.definition as AggregateDefinition);
  if (window.kind === 'session') checkMerges(name, names, definitions);
  return windowSpec(name, window, { names, definitions }, options);
}

/**
 * A window that emits `{ key, start, end, revision, events }` per key when it closes; what is to
 * become of them (`onWindowClose`) is a `map` after it.
 */
export function windowCollect(
  name: string,
  window: WindowSpec,
  options: CollectOptions = {},
): CollectorSpec<unknown, unknown> {
  const maxEvents = bound(options.maxEvents, DEFAULT_MAX_EVENTS, `${name}.maxEvents`);
  return windowSpec(name, window, { names: ['events'], definitions: [{ kind: 'events', maxEvents }] }, options);
}

interface Columns {
  readonly names: readonly string[];
  readonly definitions: readonly AggregateDefinition[];
}

interface Bounds {
  readonly allowedLatenessMs: number;
  readonly maxKeys: number;
  readonly maxOpenWindows: number;
  readonly maxSessionsPerKey: number;
}

function windowSpec(
  name: string,
  window: WindowSpec,
  columns: Columns,
  options: WindowOptions,
): CollectorSpec<unknown, never> {
  const bounds = {
    allowedLatenessMs: wholeMs(options.allowedLateness ?? 0, `${name}.allowedLateness`, 0),
    maxKeys: bound(options.maxKeys, DEFAULT_MAX_KEYS, `${name}.maxKeys`),
    maxOpenWindows: bound(options.maxOpenWindows, DEFAULT_MAX_OPEN_WINDOWS, `${name}.maxOpenWindows`),
    maxSessionsPerKey: bound(options.maxSessionsPerKey, DEFAULT_MAX_SESSIONS_PER_KEY, `${name}.maxSessionsPerKey`),
  };
  return {
    kind: 'collector',
    name,
    ports: WINDOW_PORTS,
    create: (environment) => createWindow(window, columns, bounds, environment),
  };
}

/** What the stored state of a window means. Bounds and lateness may change between runs. */
function windowShape(window: WindowSpec, { names, definitions }: Columns, isKeyed: boolean): string {
  const sizes = Object.values(window).join(' ');
  return `${sizes}${isKeyed ? ' by key' : ''} (${shapeOf(names, definitions)})`;
}

function createWindow(window: WindowSpec, columns: Columns, bounds: Bounds, at: OperatorEnvironment): Collector {
  const { program, makePush } = prepare(columns, at.generateCode);
  const shape = windowShape(window, columns, at.isKeyed);
  switch (window.kind) {
    case 'tumbling':
    case 'sliding': {
      const { sizeMs, offsetMs } = window;
      const everyMs = window.kind === 'sliding' ? window.everyMs : sizeMs;
      const options: PaneWindowOptions = { sizeMs, everyMs, offsetMs, ...bounds, shape };
      if (everyMs < sizeMs && !columns.definitions.every(canMerge)) {
        return new OverlappingWindows(options, program, at.time);
      }
      return new PaneWindows(options, program, makePush, at.time);
    }
    case 'session':
      return new SessionWindows({ gapMs: window.gapMs, ...bounds, shape }, program, at.time);
    case 'global':
      if (!at.isKeyed && areNumeric(columns.definitions)) {
        return new RunningTotals(columns.names, columns.definitions, shape);
      }
      return new GlobalWindow({ ...bounds, shape }, program, makePush);
  }
}

function prepare(
  { names, definitions }: Columns,
  generateCode: boolean,
): { program: RowProgram; makePush: (host: PaneHost) => HotPush } {
  if (generateCode) {
    const program = generateRows(names, definitions);
    return { program, makePush: program.hotPush };
  }
  const program = interpretRows(names, definitions);
  return { program, makePush: (host) => interpretHotPush(program, host) };
}

function checkNames(path: string, names: readonly string[]): void {
  if (names.length === 0 || names.length > MAX_AGGREGATES) {
    throw new ConfigError(`${path}.aggregates`, `1 to ${MAX_AGGREGATES} aggregates`, names.length);
  }
  const taken = names.find((each) => RESERVED.has(each));
  if (taken !== undefined) {
    throw new ConfigError(`${path}.aggregates`, 'names other than key, start, end and revision', taken, 'Rename it.');
  }
}

function checkMerges(path: string, names: readonly string[], definitions: readonly AggregateDefinition[]): void {
  const at = definitions.findIndex((definition) => !canMerge(definition));
  if (at < 0) return;
  throw new ConfigError(
    `${path}.aggregates.${names[at] ?? ''}`,
    'a custom aggregate with merge',
    'one without',
    'An event can join two sessions: add merge.',
  );
}

function bound(value: number | undefined, fallback: number, path: string): number {
  if (value === undefined) return fallback;
  if (!Number.isInteger(value) || value < 1) throw new ConfigError(path, 'a whole number, at least 1', value);
  return value;
}
