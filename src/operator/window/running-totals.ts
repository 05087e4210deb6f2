import type { StateData, Stored } from '../../state/stored.ts';
import type { AggregateDefinition } from '../aggregate/aggregate.ts';
import { CollectorOutput } from '../collector-output.ts';
import type { Collector, InlinePush } from '../operator.ts';
import { endOf } from './pane-windows.ts';
import { FINITE, rejectValue } from './row-program.ts';
import { checkTime } from './window-time.ts';

type Numeric = Exclude<AggregateDefinition, { kind: 'percentile' | 'distinct' | 'custom' | 'events' }>;

/** True for aggregates that are one number per window. */
export function areNumeric(definitions: readonly AggregateDefinition[]): definitions is readonly Numeric[] {
  return definitions.every(({ kind }) => NUMERIC.has(kind));
}

const NUMERIC: ReadonlySet<string> = new Set(['count', 'sum', 'mean', 'min', 'max']);

/**
 * One window over the whole input of a flow that is not keyed: one row of numbers. Its push is also
 * given as text, so that a generated loop keeps the row in locals over a batch (bench:engine, flow ii).
 */
export class RunningTotals implements Collector, Stored {
  readonly shape: string;
  readonly timeOf: (output: unknown) => number = endOf;
  readonly inline: InlinePush;
  readonly output: CollectorOutput = new CollectorOutput();
  readonly #names: readonly string[];
  readonly #definitions: readonly Numeric[];
  /** `events`, `firstMs`, `lastMs`, then one number per aggregate; counts leave theirs unused. */
  readonly #row: Float64Array;

  constructor(names: readonly string[], definitions: readonly Numeric[], shape: string) {
    this.shape = shape;
    this.#names = names;
    this.#definitions = definitions;
    this.#row = Float64Array.from([0, Infinity, -Infinity, ...definitions.map(initialOf)]);
    this.inline = inlinePush(names, definitions, this.#row);
  }

  push(event: unknown, _key: unknown, _keyId: number, timeMs: number): void {
    const values = this.#definitions.map((definition, i) => readValue(definition, this.#names[i] ?? '', event));
    checkTime(timeMs);
    const row = this.#row;
    row[1] = Math.min(at(row, 1), timeMs);
    row[2] = Math.max(at(row, 2), timeMs);
    row[0] = at(row, 0) + 1;
    for (const [i, value] of values.entries()) row[i + 3] = fold(this.#definitions[i]?.kind, at(row, i + 3), value);
  }

  advance(): void {
    // Time does not close it.
  }

  end(): void {
    const row = this.#row;
    const events = at(row, 0);
    if (events === 0) return;
    const totals = this.#definitions.map(({ kind }, i) => {
      if (kind === 'count') return [this.#names[i], events];
      return [this.#names[i], kind === 'mean' ? at(row, i + 3) / events : at(row, i + 3)];
    });
    const bounds = { start: at(row, 1), end: Math.floor(at(row, 2)) + 1, revision: 0 };
    this.output.put(0, { ...bounds, ...(Object.fromEntries(totals) as Record<string, number>) });
    row[0] = 0;
  }

  snapshot(): StateData {
    return this.#row.slice();
  }

  restore(data: StateData): void {
    this.#row.set(data as Float64Array);
  }

  counts(): Readonly<Record<string, number>> {
    return { refused: 0, keys: at(this.#row, 0) > 0 ? 1 : 0 };
  }
}

function inlinePush(names: readonly string[], definitions: readonly Numeric[], row: Float64Array): InlinePush {
  const refs: Record<string, unknown> = { row, checkTime, reject: rejectValue, finite: FINITE };
  const [open, read, update, close]: [string[], string[], string[], string[]] = [[], [], [], []];
  for (const [i, definition] of definitions.entries()) {
    if (definition.kind === 'count') continue;
    refs[`f${i}`] = definition.value;
    refs[`name${i}`] = names[i];
    open.push(`let $a${i} = $row[${i + 3}];`);
    read.push(`const $v${i} = $f${i}($event);`);
    read.push(`if (typeof $v${i} !== 'number' || $v${i} - $v${i} !== 0) $reject($name${i}, $finite, $v${i});`);
    update.push(UPDATE[definition.kind](`$a${i}`, `$v${i}`));
    close.push(`$row[${i + 3}] = $a${i};`);
  }
  return {
    refs,
    reload: '',
    open: `let $first = $row[1], $last = $row[2]; ${open.join(' ')}`,
    read: read.join('\n'),
    time: [
      'if ($time < $first || $time > $last) {',
      '$checkTime($time);',
      'if ($time < $first) $first = $time;',
      'if ($time > $last) $last = $time;',
      '}',
    ].join('\n'),
    update: update.join('\n'),
    close: `$row[0] += $count; $row[1] = $first; $row[2] = $last; ${close.join(' ')}`,
  };
}

const UPDATE: Readonly<Record<'sum' | 'mean' | 'min' | 'max', (a: string, v: string) => string>> = {
  sum: (a, v) => `${a} += ${v};`,
  mean: (a, v) => `${a} += ${v};`,
  min: (a, v) => `if (${v} < ${a}) ${a} = ${v};`,
  max: (a, v) => `if (${v} > ${a}) ${a} = ${v};`,
};

function initialOf({ kind }: Numeric): number {
  if (kind === 'min') return Infinity;
  return kind === 'max' ? -Infinity : 0;
}

function readValue(definition: Numeric, name: string, event: unknown): number {
  if (definition.kind === 'count') return 0;
  const value: unknown = (definition.value as (event: unknown) => unknown)(event);
  return typeof value === 'number' && Number.isFinite(value) ? value : rejectValue(name, FINITE, value);
}

function fold(kind: Numeric['kind'] | undefined, total: number, value: number): number {
  if (kind === 'min') return value < total ? value : total;
  if (kind === 'max') return value > total ? value : total;
  return kind === 'count' ? 0 : total + value;
}

function at(row: Float64Array, index: number): number {
  return row[index] as number;
}
