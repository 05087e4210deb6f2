const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/**
 * Values as bars, newest on the right, padded on the left to `width`.
 * @param ceiling - the value of a full bar; the largest shown, when that is more
 */
export function sparkline(values: readonly (number | null)[], width: number, ceiling = 0): string {
  const shown = values.slice(-width);
  const top = Math.max(ceiling, ...shown.map((value) => value ?? 0));
  const bars = shown.map((value) => (value === null ? ' ' : barOf(value, top)));
  return bars.join('').padStart(width);
}

function barOf(value: number, top: number): string {
  if (!(top > 0) || value <= 0) return BARS[0];
  const step = Math.min(BARS.length - 1, Math.floor((value / top) * BARS.length));
  return BARS[step] ?? BARS[0];
}
