import { formatBytes, formatCount } from '../../metrics/format.ts';
import type { LogInspection } from '../../log/inspect.ts';
import type { LogOptions } from '../command-options.ts';
import { EXIT } from '../exit-code.ts';
import type { Output } from '../output.ts';
import { left, right } from '../view/text.ts';
import { inspection } from './open-inspection.ts';
import { damageLines } from './damage-lines.ts';

/** @returns the exit code */
export async function list(directory: string, { json = false }: LogOptions, output: Output): Promise<number> {
  const log = await inspection(directory, false);
  output.write(json ? `${JSON.stringify(asJson(directory, log))}\n` : `${lines(directory, log).join('\n')}\n`);
  return log.damages.length === 0 ? EXIT.done : EXIT.failed;
}

interface Row {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  readonly createdAt: string | null;
}

function rows({ segments, sizes }: LogInspection): Row[] {
  return segments.map(({ name, first, last, createdAt }) => ({
    name,
    first,
    last,
    bytes: sizes.get(name) ?? 0,
    createdAt: Number.isFinite(createdAt) ? new Date(createdAt).toISOString() : null,
  }));
}

function asJson(directory: string, log: LogInspection): unknown {
  const { first, last, acknowledged, damages, losses, torn, stale } = log;
  return { directory, first, last, acknowledged, segments: rows(log), damages, losses, torn: torn ?? null, stale };
}

function lines(directory: string, log: LogInspection): string[] {
  const all = rows(log);
  const bytes = all.reduce((sum, row) => sum + row.bytes, 0);
  const range = log.last < log.first ? 'no records' : `records ${formatCount(log.first)} to ${formatCount(log.last)}`;
  return [
    `${directory}: ${range}, acknowledged to ${formatCount(log.acknowledged)}, ${formatBytes(bytes)}`,
    '',
    `${left('segment', NAME)}${right('first', 16)}${right('last', 16)}${right('size', 12)}  created`,
    ...all.map(
      (row) =>
        `${left(row.name, NAME)}${right(formatCount(row.first), 16)}${right(formatCount(row.last), 16)}` +
        `${right(formatBytes(row.bytes), 12)}  ${row.createdAt ?? 'unknown: its header is damaged'}`,
    ),
    ...damageLines(log),
  ];
}

const NAME = 36;
