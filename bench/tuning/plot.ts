/** A run as a picture: throughput and p95 against the best fixed settings, and the knobs over time. SVG. */

import { measure, simulate, windowsIn, type Plant, type SimulatedPeriod, type Stretch } from 'daoflow/testing';
import type { Law } from './laws/law.ts';
import type { Reference } from './oracle.ts';

interface Line {
  readonly name: string;
  readonly color: string;
  readonly isDashed?: boolean;
  readonly points: readonly (readonly [ms: number, value: number])[];
}

interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly isLogarithmic?: boolean;
  readonly max?: number;
}

const WIDTH = 760;
const PANEL = 150;
const LEFT = 64;
const RIGHT = 16;
const TOP = 34;
const GAP = 40;
const STEP_MS = 250;
const [BLUE, ORANGE, GREEN, GRAY] = ['#2563eb', '#d97706', '#059669', '#6b7280'];

export async function plotOf(plant: Plant, law: Law, references: readonly Reference[], seed: number): Promise<string> {
  const { periods } = await simulate(plant, { seed, ...law.on(plant, references) });
  const durationMs = periods.at(-1)?.observation.at ?? 0;
  const oracle: [number, number][] = [];
  for (const { phase, run } of references.map((reference) => ({ ...reference, run: reference.run(seed) }))) {
    const { throughput } = await run;
    oracle.push([phase[0], throughput], [phase[1], throughput]);
  }
  return svg(`${plant.name}: ${law.name}, seed ${seed}`, durationMs, panels(plant, law, periods, durationMs, oracle));
}

function panels(
  plant: Plant,
  law: Law,
  periods: readonly SimulatedPeriod[],
  durationMs: number,
  oracle: Line['points'],
): Panel[] {
  const windows = windowsIn([0, durationMs], STEP_MS);
  const inWindows = (figure: (window: Stretch) => number): Line['points'] =>
    windows.map((window) => [window[1], figure(window)]);
  const measured = (window: Stretch) => measure(periods, window, plant.targetMs);
  const knob = (name: 'batchLimit' | 'concurrency' | 'minGapMs'): Line['points'] =>
    periods.map(({ observation, settings }) => [observation.at, settings[name]]);
  const gaps = knob('minGapMs');
  return [
    {
      title: 'events per second',
      lines: [
        { name: 'best fixed settings', color: GRAY, isDashed: true, points: oracle },
        { name: law.name, color: BLUE, points: inWindows((window) => measured(window).throughput) },
      ],
    },
    {
      title: 'p95 of acceptance to confirmation, ms',
      max: 2.5 * plant.targetMs,
      lines: [
        {
          name: 'target',
          color: GRAY,
          isDashed: true,
          points: [
            [0, plant.targetMs],
            [durationMs, plant.targetMs],
          ],
        },
        { name: law.name, color: BLUE, points: inWindows((window) => measured(window).p95Ms) },
      ],
    },
    {
      title: 'knobs, logarithmic',
      isLogarithmic: true,
      lines: [
        { name: 'batch limit', color: ORANGE, points: knob('batchLimit') },
        { name: 'calls in flight', color: GREEN, points: knob('concurrency') },
        ...(gaps.some(([, ms]) => ms > 0) ? [{ name: 'gap, ms', color: BLUE, points: gaps }] : []),
      ],
    },
  ];
}

function svg(title: string, durationMs: number, all: readonly Panel[]): string {
  const height = TOP + all.length * (PANEL + GAP) + 10;
  const body = all.map((panel, i) => panelOf(panel, TOP + 14 + i * (PANEL + GAP), durationMs)).join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="${LEFT}" y="18" font-size="14" font-weight="600">${escaped(title)}</text>
${body}
</svg>
`;
}

function panelOf({ title, lines, isLogarithmic = false, max }: Panel, top: number, durationMs: number): string {
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);
  const high = Math.min(max ?? Infinity, Math.max(...values, 1e-9)) * 1.05;
  const low = isLogarithmic ? 1 : 0;
  const x = (ms: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * ms) / durationMs;
  const scale = (value: number): number => (isLogarithmic ? Math.log(Math.max(low, value)) : value);
  const y = (value: number): number =>
    top + PANEL - (PANEL * (scale(Math.min(high, value)) - scale(low))) / (scale(high) - scale(low));
  const ticks = isLogarithmic ? decades(high) : [0, high / 2, high];
  const grid = ticks.map(
    (tick) => `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${px(y(tick))}" y2="${px(y(tick))}" stroke="#e5e7eb"/>
<text x="${LEFT - 6}" y="${px(y(tick) + 4)}" text-anchor="end" fill="#6b7280">${short(tick)}</text>`,
  );
  const seconds = Array.from({ length: 7 }, (_, i) => Math.round((durationMs * i) / 6000));
  const axis = seconds.map(
    (second) =>
      `<text x="${px(x(second * 1000))}" y="${top + PANEL + 14}" text-anchor="middle" fill="#6b7280">${second} s</text>`,
  );
  const drawn = lines.map(({ points, color, isDashed = false }) => {
    const path = points
      .filter(([, value]) => Number.isFinite(value))
      .map(([ms, value]) => `${px(x(ms))},${px(y(value))}`);
    const dash = isDashed ? ' stroke-dasharray="5 4"' : '';
    return `<polyline points="${path.join(' ')}" fill="none" stroke="${color}" stroke-width="1.4"${dash}/>`;
  });
  const legend = lines.map(
    ({ name, color }, i) =>
      `<text x="${WIDTH - RIGHT - 150 * (lines.length - 1 - i)}" y="${top - 5}" text-anchor="end" fill="${color}">${escaped(name)}</text>`,
  );
  return [
    `<text x="${LEFT}" y="${top - 5}" font-weight="600">${escaped(title)}</text>`,
    ...grid,
    ...axis,
    ...drawn,
    ...legend,
  ].join('\n');
}

function decades(high: number): number[] {
  return Array.from({ length: Math.floor(Math.log10(high)) + 1 }, (_, i) => 10 ** i);
}

const px = (value: number): string => value.toFixed(1);

function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(2))}M`;
  return value >= 1000 ? `${Number((value / 1000).toPrecision(3))}K` : String(Number(value.toPrecision(2)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
