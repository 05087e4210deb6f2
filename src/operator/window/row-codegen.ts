/**
 * Row programs and the hot path of pane windows as generated code, one set per window, so that
 * V8 sees one shape and one user function per call site however many windows a process runs.
 * The hot path is also given as text, for the loop of a fused segment to hold (InlinePush).
 *
 * Only this file's template becomes code: user functions and names come in by reference. Names begin
 * with `$` because a loop that takes the text in puts its own in their place.
 * Bench: bench/micro/window.ts.
 */

import type { AggregateDefinition, CustomAggregate } from '../aggregate/aggregate.ts';
import { DistinctSketch } from '../aggregate/distinct-sketch.ts';
import type { Collector, InlinePush, SteadyPush } from '../operator.ts';
import type { HotPush, PaneHost } from './panes.ts';
import { PercentileSketch } from '../aggregate/percentile-sketch.ts';
import { COUNTABLE, FINITE, isCountable, rejectEvent, rejectValue } from './row-program.ts';
import type { RowProgram } from './rows.ts';

export interface GeneratedRows extends RowProgram {
  readonly hotPush: (host: PaneHost) => HotPush;
}

type Refs = Readonly<Record<string, unknown>>;

/** What the template refers to by the name `lib`. */
const LIB = { PercentileSketch, DistinctSketch, COUNTABLE, FINITE, isCountable, rejectEvent, rejectValue };

let generated = 0;

/** @param names - of the aggregates, in the order of `definitions` */
export function generateRows(names: readonly string[], definitions: readonly AggregateDefinition[]): GeneratedRows {
  const lanes = definitions.map(laneOf);
  const refs: Refs = Object.assign(
    { lib: LIB },
    ...names.map((name, i) => ({ [`name${i}`]: name })),
    ...lanes.map((lane) => lane.refs),
  ) as Refs;
  const program = instantiate(programOf(lanes), refs) as Pick<RowProgram, 'add' | 'merge' | 'result'>;
  return { definitions, ...program, hotPush: (host) => hotPushOf(lanes, refs, host) };
}

function hotPushOf(lanes: readonly Lane[], shared: Refs, host: PaneHost): HotPush {
  const { hot, store } = host;
  const { index } = store;
  const refs = { ...shared, host, hot, store, index, keys: index.keys, slots: index.slots };
  const inline = { refs, ...pushOf(lanes), steady: steadyOf(lanes) };
  return { push: instantiate(functionOf(inline), refs) as Collector['push'], inline };
}

function instantiate(source: string, refs: Refs): unknown {
  generated += 1;
  const names = Object.keys(refs).map((name) => `${name}: $${name}`);
  const text = `'use strict';\nconst { ${names.join(', ')} } = refs;\n${source}\n//# sourceURL=daoflow-window-${generated}.js`;
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- our own template; functions and names by reference
  const make = new Function('refs', text) as (given: Refs) => unknown;
  return make(refs);
}

/** Statements of one aggregate, by the place where they stand. `$cN` is its column and `$vN` its value. */
interface Lane {
  readonly refs: Refs;
  /** The accumulator is a number of a typed array, or none. */
  readonly isNumeric?: boolean;
  /** Before anything has changed; may throw. */
  readonly read: string;
  /** The same, where it needs the row: `$n` is the row's count. */
  readonly readRow: (column: string, row: string) => string;
  readonly first: (column: string, row: string) => string;
  readonly next: (column: string, row: string) => string;
  /** From column $d, row s, into column $c, row r: `$n` is the count of r. */
  readonly merge: string;
  readonly result: string;
}

function each(lanes: readonly Lane[], part: (lane: Lane, i: number) => string): string {
  return lanes.map(part).filter(Boolean).join('\n');
}

function write(lanes: readonly Lane[], row: string, enter: string): string {
  return `if ($n === 0) { ${enter}
    ${each(lanes, (lane, i) => lane.first(`$c${i}`, row))}
  } else {
    ${each(lanes, (lane, i) => lane.next(`$c${i}`, row))}
  }`;
}

function programOf(lanes: readonly Lane[]): string {
  const columns = (prefix: string, rows: string): string =>
    each(lanes, (_, i) => `const ${prefix}${i} = ${rows}.columns[${i}];`);
  const fields = lanes.map((lane, i) => `[$name${i}]: ${lane.result}`).join(', ');
  return `
function add(rows, row, $event) {
  ${each(lanes, (lane) => lane.read)}
  ${columns('$c', 'rows')}
  const $n = rows.counts[row];
  ${each(lanes, (lane, i) => lane.readRow(`$c${i}`, 'row'))}
  ${write(lanes, 'row', '')}
  rows.counts[row] = $n + 1;
}
function merge(into, r, from, s) {
  ${columns('$c', 'into')}
  ${columns('$d', 'from')}
  const $n = into.counts[r];
  ${each(lanes, (lane) => lane.merge)}
  into.counts[r] = $n + from.counts[s];
}
function result(rows, r, frame) {
  ${columns('$c', 'rows')}
  const $n = rows.counts[r];
  const key = frame.key, start = frame.start, end = frame.end, revision = frame.revision;
  if (key === undefined) return { start, end, revision, ${fields} };
  return { key, start, end, revision, ${fields} };
}
return { add, merge, result };`;
}

/**
 * An event into its row of the hot pane. A slot that the hint names counts when it holds that very key. Without a hint
 * the last slot is looked at first, but not for strings: comparing two that differ costs 4 ns, and only runs of one
 * key would gain (bench:engine, iii). Nothing that is usual hands the event itself on, so that V8 need not even make
 * an event that a map gave.
 */
function pushOf(lanes: readonly Lane[]): Omit<InlinePush, 'refs'> {
  const arrays = each(lanes, (_, i) => `$c${i} = $hot.columns[${i}];`);
  const reload = `$from = $hot.from; $until = $hot.until; $counts = $hot.counts; ${arrays}`;
  const declared = ['$from', '$until', '$counts', ...lanes.map((_, i) => `$c${i}`)].join(', ');
  return {
    open: `let ${declared}, $byId = $index.byId, $last = -1; ${reload}`,
    reload,
    read: `
let $isIn = $time >= $from && $time < $until;
if (!$isIn) { $isIn = $host.hold($time); ${reload} }
if ($isIn) {
  ${each(lanes, (lane) => lane.read)}
  let $slot = $hint >= 0 && $hint < $byId.length ? $byId[$hint] : typeof $key === 'string' ? -1 : $last;
  if ($slot < 0 || $keys[$slot] !== $key) { $slot = $store.slotOf($key, $keyId); $byId = $index.byId; }
  $last = $slot;
  if ($slot >= $counts.length) { $hot.grow($slot); ${reload} }
  const $n = $counts[$slot];
  ${each(lanes, (lane, i) => lane.readRow(`$c${i}`, '$slot'))}
  ${write(lanes, '$slot', '$store.enter($hot.pane, $slot);')}
  $counts[$slot] = $n + 1;
} else $host.late($event, $key, $keyId, $time);`,
    time: '',
    update: '',
    close: '',
  };
}

/**
 * An event of the hot pane whose key has a row there. Only where each aggregate is one number: no other needs the row to read.
 * Lengths are made integers before the loop, or V8 would have to see for each event that they are. `$rows` stands for no row.
 */
function steadyOf(lanes: readonly Lane[]): SteadyPush | undefined {
  if (!lanes.every((lane) => lane.isNumeric)) return undefined;
  return {
    open: `const $from = $hot.from, $until = $hot.until, $counts = $hot.counts, $rows = $counts.length | 0;
const $byId = $index.byId, $ids = $byId.length | 0, $only = $index.find(undefined, -1) & 0x7fffffff;
${each(lanes, (_, i) => `const $c${i} = $hot.columns[${i}];`)}`,
    find: `
let $slot = $rows;
if ($hint >= 0 && $hint < $ids) {
  $slot = $byId[$hint];
  if ($slot < 0 || $keys[$slot] !== $key) $slot = $rows;
} else $slot = $key === undefined ? $only : $slots.get($key) ?? $rows;`,
    isUsual: `$time >= $from && $time < $until && $slot < $rows && $counts[$slot] > 0`,
    update: `
${each(lanes, (lane) => lane.read)}
${each(lanes, (lane, i) => lane.next(`$c${i}`, '$slot'))}
$counts[$slot] += 1;`,
  };
}

/** The same as a function, for loops that call it. */
function functionOf({ open, read }: Pick<InlinePush, 'open' | 'read'>): string {
  return `return function push($event, $key, $keyId, $time) {\nconst $hint = $keyId; ${open}\n${read}\n};`;
}

const NONE = (): string => '';

function laneOf(definition: AggregateDefinition, i: number): Lane {
  switch (definition.kind) {
    case 'count':
      return { refs: {}, isNumeric: true, read: '', readRow: NONE, first: NONE, next: NONE, merge: '', result: '$n' };
    case 'sum':
    case 'mean':
      return {
        ...numberOf(definition.value, i),
        isNumeric: true,
        first: (c, row) => `${c}[${row}] = 0 + $v${i};`,
        next: (c, row) => `${c}[${row}] += $v${i};`,
        merge: `$c${i}[r] = $n === 0 ? $d${i}[s] : $c${i}[r] + $d${i}[s];`,
        result: definition.kind === 'sum' ? `$c${i}[r]` : `$c${i}[r] / $n`,
      };
    case 'min':
    case 'max': {
      const beats = definition.kind === 'min' ? '<' : '>';
      return {
        ...numberOf(definition.value, i),
        isNumeric: true,
        first: (c, row) => `${c}[${row}] = 0 + $v${i};`,
        next: (c, row) => `if ($v${i} ${beats} ${c}[${row}]) ${c}[${row}] = $v${i};`,
        merge: `if ($n === 0 || $d${i}[s] ${beats} $c${i}[r]) $c${i}[r] = $d${i}[s];`,
        result: `$c${i}[r]`,
      };
    }
    case 'percentile':
      return {
        ...sketchOf(i, 'PercentileSketch'),
        ...numberOf(definition.value, i),
        result: `$c${i}[r].quantile(${definition.q})`,
      };
    case 'distinct':
      return {
        ...sketchOf(i, 'DistinctSketch'),
        refs: { [`f${i}`]: definition.value },
        read: `const $v${i} = $f${i}($event);
  if (!$lib.isCountable($v${i})) $lib.rejectValue($name${i}, $lib.COUNTABLE, $v${i});`,
        result: `$c${i}[r].count()`,
      };
    case 'custom':
      return customLane(definition.custom, i);
    case 'events':
      return eventsLane(i, definition.maxEvents);
  }
}

function numberOf(value: unknown, i: number): Pick<Lane, 'refs' | 'read' | 'readRow'> {
  return {
    refs: { [`f${i}`]: value },
    read: `const $v${i} = $f${i}($event);
  if (typeof $v${i} !== 'number' || $v${i} - $v${i} !== 0) $lib.rejectValue($name${i}, $lib.FINITE, $v${i});`,
    readRow: NONE,
  };
}

function sketchOf(i: number, kind: string): Pick<Lane, 'readRow' | 'first' | 'next' | 'merge'> {
  return {
    readRow: NONE,
    first: (c, row) => `(${c}[${row}] = new $lib.${kind}()).add($v${i});`,
    next: (c, row) => `${c}[${row}].add($v${i});`,
    merge: `($n === 0 ? $c${i}[r] = new $lib.${kind}() : $c${i}[r]).merge($d${i}[s]);`,
  };
}

function customLane({ init, add, merge, result }: CustomAggregate<never, unknown, unknown>, i: number): Lane {
  return {
    refs: { [`init${i}`]: init, [`add${i}`]: add, [`merge${i}`]: merge, [`result${i}`]: result },
    read: '',
    readRow: (c, row) => `const $v${i} = $add${i}($n === 0 ? $init${i}() : ${c}[${row}], $event);`,
    first: (c, row) => `${c}[${row}] = $v${i};`,
    next: (c, row) => `${c}[${row}] = $v${i};`,
    merge: `$c${i}[r] = $merge${i}($n === 0 ? $init${i}() : $c${i}[r], $d${i}[s]);`,
    result: `$result${i}($c${i}[r])`,
  };
}

function eventsLane(i: number, maxEvents: number): Lane {
  return {
    refs: {},
    read: '',
    readRow: () => `if ($n >= ${maxEvents}) $lib.rejectEvent(${maxEvents});`,
    first: (c, row) => `${c}[${row}] = [$event];`,
    next: (c, row) => `${c}[${row}].push($event);`,
    merge: `if ($n === 0) $c${i}[r] = []; for (const event of $d${i}[s]) $c${i}[r].push(event);`,
    result: `$c${i}[r].slice()`,
  };
}
