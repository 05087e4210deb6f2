import type { Machine } from './machine.ts';
import type { Sample } from './sample.ts';
import { isMet, type Comparison, type Target } from './target.ts';

/** A figure, with or without a target. */
export interface Figure {
  readonly name: string;
  readonly metric: string;
  /** Median; null when it was not measured. */
  readonly value: number | null;
  readonly unit: string;
  /** Lowest and highest repetition, when there were several. */
  readonly low?: number;
  readonly high?: number;
}

export interface BenchResult extends Figure {
  readonly comparison: Comparison;
  readonly target: number;
  readonly pass: boolean;
}

/** The last line of `--json`. */
export interface BenchDocument {
  readonly bench: string;
  readonly commit: string | null;
  readonly machine: Machine;
  readonly quick: boolean;
  readonly results: readonly BenchResult[];
  readonly figures: readonly Figure[];
}

export function figureOf(at: Omit<Figure, 'value' | 'low' | 'high'>, measured: number | Sample | null): Figure {
  const { name, metric, unit } = at;
  if (measured === null) return { name, metric, value: null, unit };
  if (typeof measured === 'number') return { name, metric, value: finite(measured), unit };
  return { name, metric, value: finite(measured.median), unit, low: measured.low, high: measured.high };
}

export function resultOf(target: Target, measured: number | Sample | null): BenchResult {
  const figure = figureOf(target, measured);
  const { comparison, target: bound } = target;
  return { ...figure, comparison, target: bound, pass: isMet(target, figure.value) };
}

/** JSON has no NaN and no infinity. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
