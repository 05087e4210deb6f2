/**
 * The parametric part of the cost model: duration = sum of c_ij f_i(batch) g_j(calls in flight), all c_ij >= 0, with
 * f of 1, log (1 + b), sqrt b, b, b^2 and g of 1, n - 1, n (n - 1), max(0, n - knee). Products, because what grows with the batch
 * (bandwidth) and what does not (a round trip) need not suffer alike from other calls.
 *
 * Points along two axes cannot tell which products they are, so the one in which all of F suffers alike, F(b) U(n), is
 * preferred until points off the axes say otherwise.
 *
 * It says what to expect where nothing has been measured; where something has, the residual (residual.ts) corrects
 * it. Terms and knee are chosen by Akaike's criterion, so that few points do not make a curve.
 * Sources: Gunther 2007 (universal scalability law) for n (n - 1); finite servers for the knee.
 */

import type { Cell } from './cells.ts';
import { nonNegativeLeastSquares } from './least-squares.ts';
import { columnOf, square } from './numbers.ts';

/** Plain data. */
export interface Prior {
  readonly terms: readonly Term[];
  readonly knee: number;
}

interface Term {
  readonly batch: BatchTerm;
  readonly inFlight: InFlightTerm;
  /** Its coefficient. */
  readonly ms: number;
}

/** `first`: 1 + b / 20, while there is only one batch size to go by. */
type BatchTerm = 'one' | 'log' | 'root' | 'linear' | 'square' | 'first';
type InFlightTerm = 'one' | 'linear' | 'square' | 'bent';

/** Before anything is known: a call of twenty events costs twice one without; calls do not disturb each other. */
export const BLANK_PRIOR: Prior = { terms: [{ batch: 'first', inFlight: 'one', ms: 1 }], knee: 1 };

const BATCH_SETS: readonly (readonly BatchTerm[])[] = [
  ['one', 'linear'],
  ['one', 'root', 'linear'],
  ['one', 'log', 'linear'],
  ['one', 'linear', 'square'],
];
const SMOOTH: readonly InFlightTerm[] = ['one', 'linear', 'square'];
const BENT: readonly InFlightTerm[] = ['one', 'linear', 'bent'];
const LEAST_MS = 1e-4;
/** Ratio of most to fewest calls in flight from which on their influence is fitted. */
const LEAST_SPREAD = 1.3;
/** What free products must explain more than a separable cost. */
const UNUSUAL = 4;

/** Logarithm of the duration in ms, without the common level. */
export function priorLogMs({ terms, knee }: Prior, b: number, n: number): number {
  let sum = 0;
  for (const { batch, inFlight, ms } of terms) sum += ms * batchValue(batch, b) * inFlightValue(inFlight, n, knee);
  return Math.log(Math.max(sum, LEAST_MS));
}

function batchValue(term: BatchTerm, b: number): number {
  switch (term) {
    case 'one':
      return 1;
    case 'log':
      return Math.log2(1 + b);
    case 'root':
      return Math.sqrt(b);
    case 'linear':
      return b;
    case 'square':
      return b * b;
    case 'first':
      return 1 + b / 20;
  }
}

function inFlightValue(term: InFlightTerm, n: number, knee: number): number {
  switch (term) {
    case 'one':
      return 1;
    case 'linear':
      return n - 1;
    case 'square':
      return n * (n - 1);
    case 'bent':
      return Math.max(0, n - knee);
  }
}

/** @param tolerance - relative error beyond the evidence's own that any point may have: no single one rules */
export function fitPrior(cells: readonly Cell[], tolerance: number): Prior {
  const batches = distinct(cells.map(({ batch }) => batch));
  const inFlight = cells.map((cell) => cell.inFlight);
  // Between 1 and 1.05 calls chance makes a slope, and a prediction for 2 of it.
  const isSpread = Math.max(...inFlight) >= LEAST_SPREAD * Math.min(...inFlight);
  const concurrencies = isSpread ? distinct(inFlight) : 1;
  const batchSets = batches < 2 ? [['first'] as const] : BATCH_SETS.slice(0, batches < 4 ? 1 : BATCH_SETS.length);
  const smooth = SMOOTH.slice(0, Math.min(concurrencies, SMOOTH.length));
  const points = pointsOf(cells, tolerance);
  let best: Scored | undefined;
  for (const set of batchSets)
    best = better(better(best, fit(points, set, smooth, 1)), fitSeparable(points, set, smooth, 1));
  // A knee is looked for where a smooth curve leaves more than chance.
  if (concurrencies >= 4 && (best === undefined || best.score > cells.length * CHANCE)) {
    const set = best?.set ?? ['one', 'linear'];
    for (const knee of kneesAmong(cells)) {
      best = better(better(best, fit(points, set, BENT, knee)), fitSeparable(points, set, BENT, knee));
    }
  }
  return best?.prior ?? BLANK_PRIOR;
}

/** The cells column by column: every fit takes its terms from the same ones. */
interface Points {
  readonly size: number;
  readonly weights: Float64Array;
  readonly totalWeight: number;
  /** Measured durations, ms. */
  readonly ms: Float64Array;
  /** Values of a term at all cells. */
  batch(term: BatchTerm): Float64Array;
  inFlight(term: InFlightTerm, knee: number): Float64Array;
}

function pointsOf(cells: readonly Cell[], tolerance: number): Points {
  const columns = new Map<string, Float64Array>();
  const column = (name: string, valueOf: (cell: Cell) => number): Float64Array => {
    let values = columns.get(name);
    if (values === undefined) columns.set(name, (values = columnOf(cells, valueOf)));
    return values;
  };
  const weights = columnOf(cells, ({ variance }) => 1 / (variance + square(tolerance)));
  return {
    size: cells.length,
    weights,
    totalWeight: weights.reduce((one, other) => one + other, 0),
    ms: columnOf(cells, ({ logMs }) => Math.exp(logMs)),
    batch: (term) => column(`batch ${term}`, ({ batch }) => batchValue(term, batch)),
    inFlight: (term, knee) => column(`${term} ${knee}`, ({ inFlight }) => inFlightValue(term, inFlight, knee)),
  };
}

interface Scored {
  readonly prior: Prior;
  readonly set: readonly BatchTerm[];
  /** Akaike's criterion. */
  readonly score: number;
}

function better(one: Scored | undefined, other: Scored): Scored {
  return one === undefined || other.score < one.score ? other : one;
}

function fit(points: Points, set: readonly BatchTerm[], inFlightTerms: readonly InFlightTerm[], knee: number): Scored {
  const pairs = set.flatMap((batch) => inFlightTerms.map((inFlight) => ({ batch, inFlight })));
  const columns = pairs.map((pair) => relative(points, points.batch(pair.batch), points.inFlight(pair.inFlight, knee)));
  const { coefficients, error } = nonNegativeLeastSquares(columns, points.weights);
  const terms = pairs.map((pair, i) => ({ ...pair, ms: coefficients[i] as number })).filter(({ ms }) => ms > 0);
  return { prior: { terms, knee }, set, score: error * points.totalWeight + 2 * terms.length + UNUSUAL };
}

/** The two factors in turns, each by least squares while the other is kept. */
function fitSeparable(
  points: Points,
  set: readonly BatchTerm[],
  inFlightTerms: readonly InFlightTerm[],
  knee: number,
): Scored {
  const inBatch = set.map((term) => points.batch(term));
  const inConcurrency = inFlightTerms.map((term) => points.inFlight(term, knee));
  let ofBatch: Float64Array = Float64Array.from(set, () => 1);
  let ofInFlight: Float64Array = Float64Array.from(inFlightTerms, (_, j) => (j === 0 ? 1 : 0));
  let error = 0;
  for (let turn = 0; turn < TURNS; turn += 1) {
    const factor = combined(inConcurrency, ofInFlight, points.size);
    const batchColumns = inBatch.map((column) => relative(points, column, factor));
    ofBatch = nonNegativeLeastSquares(batchColumns, points.weights).coefficients;
    const base = combined(inBatch, ofBatch, points.size);
    const columns = inConcurrency.map((column) => relative(points, base, column));
    ({ coefficients: ofInFlight, error } = nonNegativeLeastSquares(columns, points.weights));
  }
  const terms = set
    .flatMap((batch, i) =>
      inFlightTerms.map((inFlight, j) => ({ batch, inFlight, ms: (ofBatch[i] as number) * (ofInFlight[j] as number) })),
    )
    .filter(({ ms }) => ms > 0);
  const count = positive(ofBatch) + positive(ofInFlight) - 1;
  return { prior: { terms, knee }, set, score: error * points.totalWeight + 2 * count };
}

const TURNS = 3;

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

function positive(values: Float64Array): number {
  return values.filter((value) => value > 0).length;
}

/** Where a knee may be: at what has been seen, but for the first and the last. */
function kneesAmong(cells: readonly Cell[]): number[] {
  const seen = [...new Set(cells.map(({ inFlight }) => Math.round(inFlight)))].sort((one, other) => one - other);
  const inner = seen.slice(1, -1);
  const every = Math.max(1, inner.length / MOST_KNEES);
  return Array.from({ length: Math.min(MOST_KNEES, inner.length) }, (_, i) => inner[Math.floor(i * every)] as number);
}

const MOST_KNEES = 6;
/** Squared error per cell, in units of what is expected, that is chance. */
const CHANCE = 0.6;

/** Values that are further than 5 % apart. */
function distinct(values: readonly number[]): number {
  return new Set(values.map((value) => Math.round(Math.log(value) / 0.05))).size;
}
