/** The last words of a run. */

import type { Colors } from './colors.ts';
import type { RunSummary } from '../../flow/run.ts';
import { formatCount, formatMs, formatRate } from '../../metrics/format.ts';
import { shortPath } from '../short-path.ts';
import type { DeadLetterFile } from '../plane/protocol.ts';

/** Lines without a trailing line end. */
export function summaryLines(summary: RunSummary, letters: DeadLetterFile | null, colors: Colors): string[] {
  const { flow, state, accepted, confirmed, deadLettered, dropped, late, durationMs, metrics } = summary;
  const { avg, p95, p99 } = metrics.response_time;
  const word = state === 'done' ? colors.green('done') : colors.yellow('stopped before the end');
  const rate = durationMs > 0 ? (accepted * 1000) / durationMs : 0;
  const lines = [
    `${colors.bold(flow)} ${word} in ${formatMs(durationMs)}: ${formatCount(accepted)} events accepted, ${formatCount(confirmed)} confirmed, ${formatRate(rate)}`,
  ];
  if (avg !== null) lines.push(`latency average ${formatMs(avg)}, p95 ${formatMs(p95)}, p99 ${formatMs(p99)}`);
  const lost = [count(dropped, 'dropped by policy'), count(late, 'late for their window')].filter(
    (text) => text !== '',
  );
  if (lost.length > 0) lines.push(colors.yellow(lost.join(', ')));
  if (deadLettered > 0) lines.push(colors.yellow(lettersLine(deadLettered, letters)));
  return lines;
}

/** Where the events are that could not be processed. */
export function lettersLine(count: number, letters: DeadLetterFile | null): string {
  const what = `${formatCount(count)} ${count === 1 ? 'event' : 'events'} could not be processed`;
  return letters === null ? `${what} (dead letters)` : `${what}: see ${shortPath(letters.path, process.cwd())}`;
}

function count(value: number, what: string): string {
  return value > 0 ? `${formatCount(value)} ${what}` : '';
}
