/**
 * Row programs and the hot `push` of pane windows as generated code, one set per window, so that
 * V8 sees one shape and one user function per call site however many windows a process runs.
 *
 * Only this file's template becomes code: user functions and names come in by reference.
 * Bench: bench/micro/window.ts.
 */

import type { AggregateDefinition } from '../aggregate/aggregate.ts';
import { DistinctSketch } from '../aggregate/distinct-sketch.ts';
import type { HotPane, PaneHost } from './panes.ts';
import { PercentileSketch } from '../aggregate/percentile-sketch.ts';
import { COUNTABLE, FINITE, isCountable, rejectEvent, rejectValue } from './row-program.ts';
import type { RowProgram } from './rows.ts';

export interface GeneratedRows extends RowProgram {
  readonly hotPane: (host: PaneHost) => HotPane;
}

interface Parts {
  readonly add: RowProgram['add'];
  readonly merge: RowProgram['merge'];
  readonly result: RowProgram['result'];
  readonly hotPane: (host: PaneHost) => HotPane;
}

/** What the template refers to by the name `lib`. */
const LIB = { PercentileSketch, DistinctSketch, COUNTABLE, FINITE, isCountable, rejectEvent, rejectValue };

let generated = 0;

/** @param names - of the aggregates, in the order of `definitions` */
export function generateRows(names: readonly string[], definitions: readonly AggregateDefinition[]): GeneratedRows {
  generated += 1;
  const source = `${moduleOf(definitions.map(laneOf))}\n//# sourceURL=daoflow-window-${generated}.js`;
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- our own template; functions and names by reference
  const create = new Function('definitions', 'names', 'lib', source) as (
    definitions: readonly AggregateDefinition[],
    names: readonly string[],
    lib: typeof LIB,
  ) => Parts;
  return { definitions, ...create(definitions, names, LIB) };
}

/** Statements of one aggregate, by the place where they stand. `c` is its column and `v` its value. */
interface Lane {
  readonly declare: string;
  /** Before anything has changed; may throw. */
  readonly read: string;
  /** The same, where it needs the row: `n` is the row's count. */
  readonly readRow: (column: string, row: string) => string;
  readonly first: (column: string, row: string) => string;
  readonly next: (column: string, row: string) => string;
  /** From column d, row s, into column c, row r: `n` is the count of r. */
  readonly merge: string;
  readonly result: string;
}

/**
 * The hot pane looks at its last slot first, but not for strings: comparing two that differ costs 4 ns
 * of 27, and only runs of one key would gain (bench:engine, iii).
 */
function moduleOf(lanes: readonly Lane[]): string {
  const each = (part: (lane: Lane, i: number) => string): string => lanes.map(part).filter(Boolean).join('\n');
  const columns = (prefix: string, rows: string): string =>
    each((_, i) => `const ${prefix}${i} = ${rows}.columns[${i}];`);
  const reads = each((lane) => lane.read);
  const update = (row: string): string => each((lane, i) => lane.readRow(`c${i}`, row));
  const write = (row: string, enter: string): string => `
    if (n === 0) { ${enter}
      ${each((lane, i) => lane.first(`c${i}`, row))}
    } else {
      ${each((lane, i) => lane.next(`c${i}`, row))}
    }`;
  const fields = lanes.map((lane, i) => `[name${i}]: ${lane.result}`).join(', ');
  return `'use strict';
${each((lane, i) => `const name${i} = names[${i}];\n${lane.declare}`)}
function add(rows, row, event) {
  ${reads}
  ${columns('c', 'rows')}
  const n = rows.counts[row];
  ${update('row')}
  ${write('row', '')}
  rows.counts[row] = n + 1;
}
function merge(into, r, from, s) {
  ${columns('c', 'into')}
  ${columns('d', 'from')}
  const n = into.counts[r];
  ${each((lane) => lane.merge)}
  into.counts[r] = n + from.counts[s];
}
function result(rows, r, frame) {
  ${columns('c', 'rows')}
  const n = rows.counts[r];
  const key = frame.key, start = frame.start, end = frame.end, revision = frame.revision;
  if (key === undefined) return { start, end, revision, ${fields} };
  return { key, start, end, revision, ${fields} };
}
function hotPane(host) {
  const store = host.store, index = store.index;
  let from = 1, until = 0, last = -1, pane, counts, ${lanes.map((_, i) => `c${i}`).join(', ')};
  function hold(next) {
    pane = next; counts = next.rows.counts; from = next.start; until = next.until;
    ${each((_, i) => `c${i} = next.rows.columns[${i}];`)}
  }
  function push(event, key, keyId, timeMs) {
    if (!(timeMs >= from && timeMs < until)) {
      const next = host.paneFor(event, key, keyId, timeMs);
      if (next === undefined) return;
      hold(next);
    }
    ${reads}
    const byId = index.byId;
    let slot = keyId >= 0 && keyId < byId.length ? byId[keyId] : typeof key === 'string' ? -1 : last;
    if (slot < 0 || index.keys[slot] !== key) slot = store.slotOf(key, keyId);
    last = slot;
    if (slot >= counts.length) { pane.rows.grow(slot); hold(pane); }
    const n = counts[slot];
    ${update('slot')}
    ${write('slot', 'store.enter(pane, slot);')}
    counts[slot] = n + 1;
  }
  function release() { from = 1; until = 0; pane = undefined; }
  return { push, release };
}
return { add, merge, result, hotPane };`;
}

const NONE = (): string => '';

function laneOf(definition: AggregateDefinition, i: number): Lane {
  switch (definition.kind) {
    case 'count':
      return { declare: '', read: '', readRow: NONE, first: NONE, next: NONE, merge: '', result: 'n' };
    case 'sum':
    case 'mean':
      return {
        ...numberOf(i),
        first: (c, row) => `${c}[${row}] = 0 + v${i};`,
        next: (c, row) => `${c}[${row}] += v${i};`,
        merge: `c${i}[r] = n === 0 ? d${i}[s] : c${i}[r] + d${i}[s];`,
        result: definition.kind === 'sum' ? `c${i}[r]` : `c${i}[r] / n`,
      };
    case 'min':
    case 'max': {
      const beats = definition.kind === 'min' ? '<' : '>';
      return {
        ...numberOf(i),
        first: (c, row) => `${c}[${row}] = 0 + v${i};`,
        next: (c, row) => `if (v${i} ${beats} ${c}[${row}]) ${c}[${row}] = v${i};`,
        merge: `if (n === 0 || d${i}[s] ${beats} c${i}[r]) c${i}[r] = d${i}[s];`,
        result: `c${i}[r]`,
      };
    }
    case 'percentile':
      return { ...sketchOf(i, 'PercentileSketch'), ...numberOf(i), result: `c${i}[r].quantile(${definition.q})` };
    case 'distinct':
      return {
        ...sketchOf(i, 'DistinctSketch'),
        declare: `const f${i} = definitions[${i}].value;`,
        read: `const v${i} = f${i}(event); if (!lib.isCountable(v${i})) lib.rejectValue(name${i}, lib.COUNTABLE, v${i});`,
        result: `c${i}[r].count()`,
      };
    case 'custom':
      return customLane(i);
    case 'events':
      return eventsLane(i, definition.maxEvents);
  }
}

function numberOf(i: number): Pick<Lane, 'declare' | 'read' | 'readRow'> {
  return {
    declare: `const f${i} = definitions[${i}].value;`,
    read: `const v${i} = f${i}(event);
    if (typeof v${i} !== 'number' || v${i} - v${i} !== 0) lib.rejectValue(name${i}, lib.FINITE, v${i});`,
    readRow: NONE,
  };
}

function sketchOf(i: number, kind: string): Pick<Lane, 'readRow' | 'first' | 'next' | 'merge'> {
  return {
    readRow: NONE,
    first: (c, row) => `(${c}[${row}] = new lib.${kind}()).add(v${i});`,
    next: (c, row) => `${c}[${row}].add(v${i});`,
    merge: `(n === 0 ? c${i}[r] = new lib.${kind}() : c${i}[r]).merge(d${i}[s]);`,
  };
}

function customLane(i: number): Lane {
  return {
    declare: `const { init: init${i}, add: add${i}, merge: merge${i}, result: result${i} } = definitions[${i}].custom;`,
    read: '',
    readRow: (c, row) => `const v${i} = add${i}(n === 0 ? init${i}() : ${c}[${row}], event);`,
    first: (c, row) => `${c}[${row}] = v${i};`,
    next: (c, row) => `${c}[${row}] = v${i};`,
    merge: `c${i}[r] = merge${i}(n === 0 ? init${i}() : c${i}[r], d${i}[s]);`,
    result: `result${i}(c${i}[r])`,
  };
}

function eventsLane(i: number, maxEvents: number): Lane {
  return {
    declare: '',
    read: '',
    readRow: () => `if (n >= ${maxEvents}) lib.rejectEvent(${maxEvents});`,
    first: (c, row) => `${c}[${row}] = [event];`,
    next: (c, row) => `${c}[${row}].push(event);`,
    merge: `if (n === 0) c${i}[r] = []; for (const event of d${i}[s]) c${i}[r].push(event);`,
    result: `c${i}[r].slice()`,
  };
}
