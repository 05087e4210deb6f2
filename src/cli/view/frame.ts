/**
 * The live view as text: a pure function of what is known.
 *
 * **Invariants** (frame.test.ts)
 * - No line is wider than the terminal, no frame higher; what does not fit is cut, log entries first.
 * - Every verdict has a mark and a word: colour only repeats them.
 * - Columns stay where they are while numbers change.
 */

import type { Colors, Formatter } from './colors.ts';
import { formatCount, formatMs, formatRate, formatRatio } from '../../metrics/format.ts';
import type { FlowSnapshot, StageSnapshot } from '../../metrics/snapshot.ts';
import type { TargetName, Targets, Verdict } from '../../metrics/targets.ts';
import type { History, LogEntry } from './history.ts';
import { sparkline } from './sparkline.ts';
import { left, paint, right, wrap, type Line } from './text.ts';

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

export interface FrameExtras {
  readonly colors: Colors;
  /** Null: the goals are not known, only the verdicts are shown. */
  readonly targets: Targets | null;
  /** In the place of the state, for example a phase of the demo. */
  readonly phase?: string | undefined;
  /** How long the data plane has not answered, ms; shown from a second on. */
  readonly silentMs?: number | undefined;
  /** Said below the totals, for example what Ctrl-C does. */
  readonly footer?: string | undefined;
}

/** From this silence on the view says that the data plane is busy, ms. */
export const BUSY_MS = 1000;

/** Widest frame: beyond it the eye no longer finds the line. */
const MOST_COLUMNS = 100;
const LOG_LINES = 5;
const NAME_WIDTH = 22;
const SPARK_AT = 60;

export function renderFrame(snapshot: FlowSnapshot, history: History, size: FrameSize, extras: FrameExtras): string[] {
  const columns = Math.max(1, Math.min(size.columns, MOST_COLUMNS));
  const { colors } = extras;
  const fixed: Line[] = [
    header(snapshot, extras, columns),
    [],
    ...targetLines(snapshot, history, extras, columns),
    [],
    ...stageLines(snapshot.stages, colors),
    ...bottleneckLines(snapshot, extras, columns),
    [],
    totals(snapshot, colors),
  ];
  const tail: Line[] = extras.footer === undefined ? [] : [[{ text: ` ${extras.footer}`, style: colors.dim }]];
  // One row stays free, so that the terminal never scrolls by itself; the log keeps its place while it fills.
  const room = Math.min(LOG_LINES, size.rows - 1 - fixed.length - tail.length - 1);
  const entries = room < 1 ? [] : history.log.slice(-room).map((entry) => logLine(entry, colors));
  const blank = Array.from({ length: Math.max(0, room - entries.length) }, (): Line => []);
  const lines = [...fixed, ...(room < 1 ? [] : [[], ...entries, ...blank]), ...tail];
  return lines.slice(0, Math.max(1, size.rows - 1)).map((line) => paint(line, columns));
}

function header(snapshot: FlowSnapshot, { colors, phase, silentMs = 0 }: FrameExtras, columns: number): Line {
  const name = ` daoflow  ${snapshot.flow}`;
  const isBusy = silentMs >= BUSY_MS;
  const state = isBusy ? `busy for ${(silentMs / 1000).toFixed(1)} s` : (phase ?? snapshot.state);
  const time = clock(snapshot.uptimeMs + (isBusy ? silentMs : 0));
  const status = `${state}   ${time} `;
  const gap = Math.max(2, columns - name.length - status.length);
  const style = isBusy ? colors.yellow : snapshot.state === 'failed' ? colors.red : colors.cyan;
  return [
    { text: ' daoflow', style: colors.bold },
    `  ${snapshot.flow}`,
    ' '.repeat(gap),
    { text: state, style },
    { text: `   ${time} `, style: colors.dim },
  ];
}

interface TargetRow {
  readonly key: TargetName;
  readonly label: string;
  readonly value: string;
  readonly goal: string;
  readonly spark?: string;
}

function targetLines(snapshot: FlowSnapshot, history: History, extras: FrameExtras, columns: number): Line[] {
  const { colors, targets } = extras;
  const { response_time: time, throughput, resource_utilization: use } = snapshot.system;
  const sparkWidth = Math.max(0, Math.min(30, columns - SPARK_AT - 1));
  const goal = (key: TargetName, text: (target: number) => string): string =>
    targets === null ? '' : `${key === 'throughput' ? '>' : '<'} ${whole(text(targets[key].target))}`;
  const rows: TargetRow[] = [
    { key: 'avg', label: 'latency average', value: formatMs(time.avg), goal: goal('avg', formatMs) },
    {
      key: 'p95',
      label: 'latency p95',
      value: formatMs(time.p95),
      goal: goal('p95', formatMs),
      spark: sparkline(history.p95, sparkWidth, targets?.p95.target),
    },
    {
      key: 'throughput',
      label: 'throughput',
      value: formatRate(throughput.eps),
      goal: goal('throughput', formatRate),
      spark: sparkline(history.throughput, sparkWidth, targets?.throughput.target),
    },
    { key: 'cpu', label: 'cpu', value: perCent(use.cpu), goal: goal('cpu', formatRatio) },
    { key: 'memory', label: 'memory', value: perCent(use.memory), goal: goal('memory', formatRatio) },
  ];
  const title = `   ${left('target', 18)}${right('now', 10)}   ${left('goal', 12)}${left('verdict', 14)}`;
  return [[{ text: title, style: colors.dim }], ...rows.map((row) => targetLine(row, snapshot, colors))];
}

function targetLine(row: TargetRow, snapshot: FlowSnapshot, colors: Colors): Line {
  const verdict = snapshot.verdicts[row.key];
  const { mark, word } = VERDICTS[verdict];
  const style = styleOf(verdict, colors);
  return [
    ' ',
    { text: mark, style },
    ` ${left(row.label, 18)}`,
    { text: right(row.value, 10), style: colors.bold },
    { text: `   ${left(row.goal, 12)}`, style: colors.dim },
    { text: left(word, 14), style },
    { text: row.spark ?? '', style: verdict === 'met' ? colors.green : style },
  ];
}

const VERDICTS: Readonly<Record<Verdict, { readonly mark: string; readonly word: string }>> = {
  met: { mark: '✓', word: 'met' },
  missed: { mark: '!', word: 'missed' },
  critical: { mark: '✗', word: 'critical' },
  unknown: { mark: '·', word: 'not measured' },
};

function styleOf(verdict: Verdict, colors: Colors): Formatter {
  switch (verdict) {
    case 'met':
      return colors.green;
    case 'missed':
      return colors.yellow;
    case 'critical':
      return colors.red;
    case 'unknown':
      return colors.dim;
  }
}

/** Most stages shown, those with the longest queues first. */
const MOST_STAGES = 6;

function stageLines(stages: readonly StageSnapshot[], colors: Colors): Line[] {
  if (stages.length === 0) return [];
  const title = `   ${left('stage', NAME_WIDTH)}${right('waiting', 10)}${right('calls', 9)}${right('batch', 15)}${right('busy', 8)}${right('p95', 11)}`;
  const shown =
    stages.length <= MOST_STAGES
      ? stages
      : [...stages].sort((a, b) => b.backlogEvents - a.backlogEvents).slice(0, MOST_STAGES);
  const rows = shown.map((stage): Line => {
    const trouble = [
      stage.breaker === 'closed' ? '' : 'breaker open',
      stage.failed > 0 ? `${formatCount(stage.failed)} failed` : '',
      stage.dropped > 0 ? `${formatCount(stage.dropped)} dropped` : '',
      stage.timedOut > 0 ? `${formatCount(stage.timedOut)} timed out` : '',
    ].filter(Boolean);
    return [
      `   ${left(stage.name, NAME_WIDTH)}${right(formatCount(stage.backlogEvents), 10)}`,
      right(`${stage.inFlight}/${stage.settings.concurrency}`, 9),
      right(
        `${stage.batchMean > 0 ? formatCount(stage.batchMean) : '-'}/${formatCount(stage.settings.batchLimit)}`,
        15,
      ),
      right(formatRatio(stage.busyRatio), 8),
      right(stage.done > 0 ? formatMs(stage.latencyP95Ms) : '-', 11),
      { text: trouble.length > 0 ? `   ${trouble.join(', ')}` : '', style: colors.yellow },
    ];
  });
  const more = stages.length - shown.length;
  return [
    [{ text: title, style: colors.dim }],
    ...rows,
    ...(more > 0 ? [[{ text: `   and ${more} more`, style: colors.dim }]] : []),
    [],
  ];
}

function bottleneckLines(snapshot: FlowSnapshot, extras: FrameExtras, columns: number): Line[] {
  const { colors, silentMs = 0 } = extras;
  const { kind, reason } = snapshot.bottleneck;
  const text =
    silentMs >= BUSY_MS
      ? `the flow's own code holds its thread for ${(silentMs / 1000).toFixed(1)} s: a long synchronous call, or a garbage collection`
      : reason;
  const style = kind === 'none' && silentMs < BUSY_MS ? colors.dim : colors.yellow;
  // Always two lines, so that what stands below never jumps.
  const [first = '', second = ''] = wrap(text, Math.max(20, columns - 16));
  return [
    [
      { text: '   bottleneck  ', style: colors.dim },
      { text: first, style },
    ],
    [{ text: second === '' ? '' : `               ${second}`, style }],
  ];
}

function totals(snapshot: FlowSnapshot, colors: Colors): Line {
  const { accepted, confirmed, deadLettered, dropped, late } = snapshot.totals;
  const parts: Line[] = [
    [{ text: '   accepted ', style: colors.dim }, formatCount(accepted)],
    [{ text: '   confirmed ', style: colors.dim }, formatCount(confirmed)],
    count('dead letters', deadLettered, colors),
    count('dropped', dropped, colors),
    count('late', late, colors),
  ];
  return parts.flat();
}

function count(label: string, value: number, colors: Colors): Line {
  const text = formatCount(value);
  return [{ text: `   ${label} `, style: colors.dim }, value > 0 ? { text, style: colors.yellow } : text];
}

function logLine({ atMs, level, message }: LogEntry, colors: Colors): Line {
  const style = level === 'warn' ? colors.yellow : level === 'good' ? colors.green : undefined;
  return [
    { text: `   ${right(clock(atMs), 7)}  `, style: colors.dim },
    { text: message, style },
  ];
}

/** `10.0 ms` -> `10 ms`: a goal is given, not measured. */
function whole(text: string): string {
  return text.replace(/\.0(?=\D|$)/, '');
}

function perCent(value: number | null): string {
  return formatRatio(value === null ? null : value / 100);
}

/** `0:07`, `12:40`, `3:05:09`. */
export function clock(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const tail = `${String(minutes).padStart(hours > 0 ? 2 : 1, '0')}:${String(seconds).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}
