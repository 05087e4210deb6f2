/**
 * What the use of memory allows the buffers, in five bands.
 *
 * Invariants (memory-band.test.ts)
 * - A higher band is entered at once, a lower one only 5 points below the edge: the use of memory moves with
 *   every garbage collection.
 * - What is not measured restricts nothing.
 */

/**
 * - `free`: sizes follow their law. - `hold`: nothing grows. - `shrink`: sizes shrink, the more the higher.
 * - `admitNone`: nothing is taken in beyond what is in flight. - `emergency`: the same, and somebody should know.
 */
export type MemoryBand = 'free' | 'hold' | 'shrink' | 'admitNone' | 'emergency';

/** Lower edges, of the use of memory over what may be used. The guide's target is 0.75, its critical value 0.9. */
const FROM: readonly (readonly [MemoryBand, number])[] = [
  ['emergency', 0.9],
  ['admitNone', 0.85],
  ['shrink', 0.75],
  ['hold', 0.6],
  ['free', 0],
];
const SHRINKS_FROM = 0.75;
const SHRINKS_OVER = 0.1;
const HYSTERESIS = 0.05;

/** @param ratio - the nearer of two walls: heap over its limit, resident memory over the control group's; null = unknown */
export function memoryBand(ratio: number | null, before: MemoryBand = 'free'): MemoryBand {
  if (ratio === null) return 'free';
  const now = bandOf(ratio);
  if (severity(now) >= severity(before)) return now;
  const withHysteresis = bandOf(ratio + HYSTERESIS);
  return severity(withHysteresis) >= severity(before) ? before : withHysteresis;
}

/** What is left of a buffer's size, 0..1. */
export function sizeFactor(ratio: number | null, band: MemoryBand): number {
  if (ratio === null || band === 'free' || band === 'hold') return 1;
  if (band !== 'shrink') return 0;
  return Math.min(1, Math.max(0, 1 - (ratio - SHRINKS_FROM) / SHRINKS_OVER));
}

/** The same use against a user's own limit: a limit below the guide's target moves all bands down; none moves them up. */
export function againstLimit(ratio: number | null, limit: number): number | null {
  return ratio === null ? null : (ratio * SHRINKS_FROM) / Math.min(limit, SHRINKS_FROM);
}

function bandOf(ratio: number): MemoryBand {
  return FROM.find(([, from]) => ratio >= from)?.[0] ?? 'free';
}

function severity(band: MemoryBand): number {
  return FROM.length - FROM.findIndex(([name]) => name === band);
}
