import type { BenchDocument, Figure } from './document.ts';

/** The document as a person reads it. */
export function tableOf(document: BenchDocument): string {
  const { machine, commit } = document;
  const head =
    `${document.bench} at ${commit ?? 'no commit'}${document.quick ? ' (quick: fewer repetitions)' : ''}\n` +
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform} ${machine.arch}, Node ${machine.node}`;
  const figures = document.figures.map((figure) => [...cells(figure), '', '']);
  const results = document.results.map((result) => [
    ...cells(result),
    `${result.comparison} ${round(result.target)}`,
    result.pass ? 'met' : 'MISSED',
  ]);
  const header = ['', 'metric', 'median', 'spread', 'target', ''];
  return `${head}\n\n${columns([header, ...figures, ...results])}`;
}

/** Left-aligned text, right-aligned numbers. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i >= 2 && i <= 4 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))),
    )
    .map((row) => row.join('  ').trimEnd())
    .join('\n');
}

function cells(figure: Figure): string[] {
  const value = figure.value === null ? 'not measured' : `${round(figure.value)} ${figure.unit}`;
  const spread = figure.low === undefined ? '' : `${round(figure.low)}..${round(figure.high ?? NaN)}`;
  return [figure.name, figure.metric, value, spread];
}

/** Three significant digits: the noise is larger than the fourth. */
function round(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}
