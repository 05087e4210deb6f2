import type { Key } from '../../operator/operator.ts';
import { fieldOf } from '../../pattern/model/evaluate.ts';
import { PatternSet } from '../../pattern/network/pattern-set.ts';
import type { TextPattern } from '../../pattern/text/text.ts';
import type { ReadEvent } from './match-printer.ts';

export interface Findings {
  /** @param bound - step and event, in the order of the lines */
  match(key: Key | undefined, bound: readonly (readonly [string, ReadEvent])[], value: unknown): void;
  /** Every event that is looked at. */
  event(event: object): void;
  /** A line that is no event, or not in the order of time. */
  refused(line: number, reason: string): void;
  /** A function or a bound failed. */
  failed(cause: unknown): void;
}

/**
 * Looks for a pattern in lines of JSON. Time is the field of its ORDER BY, as a number or a date, else the number of the line.
 *
 * @returns how many events were looked at
 */
export async function findMatches(
  lines: AsyncIterable<string>,
  pattern: TextPattern<unknown>,
  findings: Findings,
): Promise<number> {
  const lineOf = new WeakMap<object, number>();
  const set = new PatternSet<object>({
    match: (_, key, bindings) => {
      const bound = Object.entries(bindings).flatMap(([name, events]) =>
        events.map((event) => [name, { line: lineOf.get(event) ?? 0, event }] as const),
      );
      findings.match(
        key,
        bound.sort(([, one], [, other]) => one.line - other.line),
        pattern.project(bindings),
      );
    },
    timeout: () => undefined,
    shed: () => undefined,
    failed: (_, __, ___, cause) => findings.failed(cause),
  });
  set.add(pattern.name, pattern.model);
  let [line, events] = [0, 0];
  for await (const text of lines) {
    line += 1;
    if (text.trim() === '') continue;
    const event = parsed(text);
    const refusal =
      event === undefined ? 'not a JSON object' : whyNot(timeOf(event, line, pattern), set.nowMs, pattern);
    if (event === undefined || refusal !== undefined) {
      findings.refused(line, refusal ?? '');
      continue;
    }
    events += 1;
    lineOf.set(event, line);
    findings.event(event);
    set.process(event, keyOf(event, pattern.partitionBy), -1, timeOf(event, line, pattern));
  }
  set.advance(Infinity);
  return events;
}

function whyNot(ts: number, nowMs: number, { orderBy }: TextPattern<unknown>): string | undefined {
  if (!Number.isFinite(ts)) return `no time in its field ${orderBy ?? ''}`;
  return ts < nowMs ? 'earlier than a line before it' : undefined;
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function timeOf(event: object, line: number, { orderBy }: TextPattern<unknown>): number {
  if (orderBy === undefined) return line;
  const value = fieldOf(event, orderBy);
  return typeof value === 'string' ? Date.parse(value) : Number(value);
}

/** One field is the key itself; several are one text. */
function keyOf(event: object, partitionBy: readonly string[]): Key | undefined {
  const values = partitionBy.map((field) => fieldOf(event, field));
  const [only] = values;
  if (values.length === 0) return undefined;
  return values.length === 1 && (typeof only === 'string' || typeof only === 'number') ? only : JSON.stringify(values);
}
