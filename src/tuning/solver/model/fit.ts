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
  /** So many columns that every fit fills anew: arrays of that size are dear to allocate. */
  blank(count: number): readonly Float64Array[];
}

/** @param tolerance - relative error beyond the evidence's own that any point may have */
export function pointsOf(cells: readonly Cell[], tolerance: number): Points {
  const columns = new Map<string, Float64Array>();
  const blank: Float64Array[] = [];
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
    blank: (count) => {
      while (blank.length < count) blank.push(new Float64Array(cells.length));
      return blank.slice(0, count);
    },
  };
}

/** The sum of products of two columns, each with a coefficient of its own; error in units of what is expected by chance. */
export function fitFree(
  points: Points,
  pairs: readonly (readonly [Float64Array, Float64Array])[],
): { readonly coefficients: Float64Array; readonly error: number } {
  const columns = points.blank(pairs.length);
  pairs.forEach(([one, other], i) => {
    relativeInto(columns[i] as Float64Array, points, one, other);
  });
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
  const values = factors.map((columns, i) => {
    return combinedInto(new Float64Array(points.size), columns, found[i] as Float64Array);
  });
  const rest = new Float64Array(points.size);
  let error = 0;
  for (let turn = 0; turn < turns; turn += 1) {
    for (let i = 0; i < factors.length; i += 1) {
      const columns = factors[i] as readonly Float64Array[];
      productInto(rest, values, i);
      const fit = nonNegativeLeastSquares(relativesInto(points, columns, rest), points.weights);
      found[i] = fit.coefficients;
      combinedInto(values[i] as Float64Array, columns, fit.coefficients);
      ({ error } = fit);
    }
  }
  const count = found.reduce((sum, coefficients) => sum + positive(coefficients) - 1, 1);
  return { factors: found, error: error * points.totalWeight, count };
}

function relativesInto(points: Points, columns: readonly Float64Array[], rest: Float64Array): readonly Float64Array[] {
  const blank = points.blank(columns.length);
  columns.forEach((column, i) => {
    relativeInto(blank[i] as Float64Array, points, column, rest);
  });
  return blank;
}

/** The product of two columns over what was measured. */
function relativeInto(values: Float64Array, { size, ms }: Points, one: Float64Array, other: Float64Array): void {
  for (let i = 0; i < size; i += 1) values[i] = ((one[i] as number) * (other[i] as number)) / (ms[i] as number);
}

/** The sum of columns, each times its coefficient. */
function combinedInto(
  values: Float64Array,
  columns: readonly Float64Array[],
  coefficients: Float64Array,
): Float64Array {
  values.fill(0);
  columns.forEach((column, j) => {
    const coefficient = coefficients[j] as number;
    for (let i = 0; i < values.length; i += 1) (values[i] as number) += (column[i] as number) * coefficient;
  });
  return values;
}

/** Of all factors but one. */
function productInto(values: Float64Array, factors: readonly Float64Array[], but: number): void {
  values.fill(1);
  factors.forEach((factor, j) => {
    if (j === but) return;
    for (let i = 0; i < values.length; i += 1) (values[i] as number) *= factor[i] as number;
  });
}

function positive(values: Float64Array): number {
  return values.filter((value) => value > 0).length;
}
