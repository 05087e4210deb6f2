/**
 * Fits of durations by sums and products of columns, a column being the values of one term at all cells. Errors are
 * relative, and coefficients never negative.
 */

import type { Cell } from './cells.ts';
import { nonNegativeLeastSquares } from './least-squares.ts';
import { columnOf, square } from './numbers.ts';

/** The cells column by column: every fit takes its terms from the same ones. */
export interface Points {
  readonly size: number;
  readonly weights: Float64Array;
  readonly totalWeight: number;
  /** Measured durations, ms. */
  readonly ms: Float64Array;
  /** Most events that were in flight at once. */
  readonly mostEvents: number;
  /** Values of a term at all cells; made once for each name. */
  column(name: string, valueOf: (cell: Cell) => number): Float64Array;
}

/** @param tolerance - relative error beyond the evidence's own that any point may have */
export function pointsOf(cells: readonly Cell[], tolerance: number): Points {
  const columns = new Map<string, Float64Array>();
  const weights = columnOf(cells, ({ variance }) => 1 / (variance + square(tolerance)));
  return {
    size: cells.length,
    weights,
    totalWeight: weights.reduce((one, other) => one + other, 0),
    ms: columnOf(cells, ({ logMs }) => Math.exp(logMs)),
    mostEvents: Math.max(...cells.map(({ batch, inFlight }) => batch * inFlight)),
    column: (name, valueOf) => {
      let values = columns.get(name);
      if (values === undefined) columns.set(name, (values = columnOf(cells, valueOf)));
      return values;
    },
  };
}

/** The sum of products of two columns, each with a coefficient of its own; error in units of what is expected by chance. */
export function fitFree(
  points: Points,
  pairs: readonly (readonly [Float64Array, Float64Array])[],
): { readonly coefficients: Float64Array; readonly error: number } {
  const columns = pairs.map(([one, other]) => relative(points, one, other));
  const { coefficients, error } = nonNegativeLeastSquares(columns, points.weights);
  return { coefficients, error: error * points.totalWeight };
}

export interface ProductFit {
  /** Coefficients of each factor's columns; only their product has a scale. */
  readonly factors: readonly Float64Array[];
  /** In units of what is expected by chance. */
  readonly error: number;
  /** Coefficients that are free. */
  readonly count: number;
}

const TURNS = 3;

/**
 * The product of sums of columns: each factor in turns, by least squares while the others are kept.
 *
 * @param start - coefficients to begin with; each factor's first column by default
 */
export function fitProduct(
  points: Points,
  factors: readonly (readonly Float64Array[])[],
  turns: number = TURNS,
  start: readonly Float64Array[] = factors.map((columns) => Float64Array.from(columns, (_, i) => (i === 0 ? 1 : 0))),
): ProductFit {
  const found = [...start];
  const values = factors.map((columns, i) => combined(columns, found[i] as Float64Array, points.size));
  let error = 0;
  for (let turn = 0; turn < turns; turn += 1) {
    factors.forEach((columns, i) => {
      const rest = product(values.filter((_, j) => j !== i));
      const fit = nonNegativeLeastSquares(
        columns.map((column) => relative(points, column, rest)),
        points.weights,
      );
      found[i] = fit.coefficients;
      values[i] = combined(columns, fit.coefficients, points.size);
      ({ error } = fit);
    });
  }
  const count = found.reduce((sum, coefficients) => sum + positive(coefficients) - 1, 1);
  return { factors: found, error: error * points.totalWeight, count };
}

/** The product of two columns over what was measured. */
function relative({ size, ms }: Points, one: Float64Array, other: Float64Array): Float64Array {
  const values = new Float64Array(size);
  for (let i = 0; i < size; i += 1) values[i] = ((one[i] as number) * (other[i] as number)) / (ms[i] as number);
  return values;
}

/** The sum of columns, each times its coefficient. */
function combined(columns: readonly Float64Array[], coefficients: Float64Array, size: number): Float64Array {
  const values = new Float64Array(size);
  columns.forEach((column, j) => {
    const coefficient = coefficients[j] as number;
    for (let i = 0; i < size; i += 1) (values[i] as number) += (column[i] as number) * coefficient;
  });
  return values;
}

function product([first, ...others]: readonly Float64Array[]): Float64Array {
  return others.reduce((one, other) => one.map((value, i) => value * (other[i] as number)), first as Float64Array);
}

function positive(values: Float64Array): number {
  return values.filter((value) => value > 0).length;
}
