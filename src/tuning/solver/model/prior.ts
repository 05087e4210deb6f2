/**
 * The parametric part of the cost model: duration = F(batch) * U(calls in flight), with
 * F of 1, sqrt b, b, b^2 and U of 1, n - 1, n (n - 1), max(0, n - knee), all coefficients >= 0.
 *
 * It says what to expect where nothing has been measured; where something has, the residual (residual.ts) corrects
 * it. Terms are chosen by penalised squared relative error, so that few points do not make a curve.
 * Sources: Gunther 2007 (universal scalability law) for n (n - 1); finite servers for the knee.
 */

import type { Cell } from './cells.ts';
import { leastSquares, type Row } from './least-squares.ts';

/** Coefficients; plain data. */
export interface Prior {
  /** Of 1, sqrt b, b, b^2. */
  readonly batch: Four;
  /** Of 1, n - 1, n (n - 1), max(0, n - knee). */
  readonly inFlight: Four;
  readonly knee: number;
}

type Four = readonly [number, number, number, number];

/** Before anything is known: a call of twenty events costs twice one of one event; calls do not disturb each other. */
export const BLANK_PRIOR: Prior = { batch: [1, 0, 0.05, 0], inFlight: [1, 0, 0, 0], knee: 1 };

const BATCH_TERMS: readonly (readonly number[])[] = [[0, 2], [0, 1], [0, 1, 2], [0, 2, 3], [0, 3], [1], [2], [0]];
const IN_FLIGHT_TERMS: readonly (readonly number[])[] = [[0], [0, 1], [0, 2], [0, 1, 2]];
const KNEE_TERMS: readonly (readonly number[])[] = [
  [0, 3],
  [0, 1, 3],
  [0, 2, 3],
];
/** The two factors are fitted in turns so many times. */
const TURNS = 2;
/** Relative error that no fit is expected to get below. */
const FLOOR = 0.01;

export function batchFactor({ batch: [one, root, linear, squared] }: Prior, b: number): number {
  return one + root * Math.sqrt(b) + linear * b + squared * b * b;
}

export function inFlightFactor({ inFlight: [one, linear, squared, bent], knee }: Prior, n: number): number {
  return one + linear * (n - 1) + squared * n * (n - 1) + bent * Math.max(0, n - knee);
}

/** Logarithm of the duration in ms, without the common level. */
export function priorLogMs(prior: Prior, b: number, n: number): number {
  return Math.log(batchFactor(prior, b) * inFlightFactor(prior, n));
}

/** @param tolerance - relative error beyond the evidence's own that any point may have: no single one rules */
export function fitPrior(before: Prior, cells: readonly Cell[], tolerance: number): Prior {
  const points = cells.map(({ batch, inFlight, logMs, variance }) => ({
    b: batch,
    n: inFlight,
    ms: Math.exp(logMs),
    weight: 1 / (variance + tolerance * tolerance),
  }));
  const batches = distinct(points.map(({ b }) => b));
  const concurrencies = distinct(points.map(({ n }) => n));
  let prior = concurrencies < 2 ? { ...before, inFlight: BLANK_PRIOR.inFlight } : before;
  if (batches < 2) prior = scaled(prior, points);
  for (let turn = 0; turn < TURNS; turn += 1) {
    if (batches >= 2) {
      const rows = points.map(({ b, n, ms, weight }) =>
        row(ms / inFlightFactor(prior, n), weight, [1, Math.sqrt(b), b, b * b]),
      );
      const terms = batches < 3 ? BATCH_TERMS.slice(0, 1) : batches < 4 ? BATCH_TERMS.slice(0, 2) : BATCH_TERMS;
      const fit = leastSquares(rows, terms, FLOOR) ?? leastSquares(rows, [[2], [0]], FLOOR);
      if (fit !== undefined) prior = { ...prior, batch: fit.coefficients };
    }
    if (concurrencies >= 2) prior = withInFlight(prior, points, turn === TURNS - 1 && concurrencies >= 4);
  }
  return prior;
}

interface PricePoint {
  readonly b: number;
  readonly n: number;
  readonly ms: number;
  readonly weight: number;
}

function withInFlight(prior: Prior, points: readonly PricePoint[], withKnee: boolean): Prior {
  const rowsFor = (knee: number): Row[] =>
    points.map(({ b, n, ms, weight }) =>
      row(ms / batchFactor(prior, b), weight, [1, n - 1, n * (n - 1), Math.max(0, n - knee)]),
    );
  let best = leastSquares(rowsFor(1), IN_FLIGHT_TERMS, FLOOR);
  let knee = 1;
  if (withKnee) {
    for (const at of kneesAmong(points)) {
      const fit = leastSquares(rowsFor(at), KNEE_TERMS, FLOOR);
      if (fit !== undefined && (best === undefined || fit.score < best.score)) [best, knee] = [fit, at];
    }
  }
  const one = best?.coefficients[0] ?? 0;
  if (best === undefined || one <= 0) return prior;
  // What does not depend on n belongs to the batch.
  const batch = prior.batch.map((each) => each * one) as unknown as Four;
  return { batch, inFlight: best.coefficients.map((each) => each / one) as unknown as Four, knee };
}

/** Where a knee may be: at what has been seen, but for the first and the last. */
function kneesAmong(points: readonly PricePoint[]): number[] {
  const seen = [...new Set(points.map(({ n }) => Math.round(n)))].sort((one, other) => one - other);
  return seen.slice(1, -1);
}

function scaled(prior: Prior, points: readonly PricePoint[]): Prior {
  let [sum, weights] = [0, 0];
  for (const { b, n, ms, weight } of points) {
    sum += weight * (ms / (batchFactor(prior, b) * inFlightFactor(prior, n)));
    weights += weight;
  }
  const factor = weights > 0 ? sum / weights : 1;
  return { ...prior, batch: prior.batch.map((each) => each * factor) as unknown as Four };
}

/** Least squares of the relative error: each equation is divided by what it should give. */
function row(ms: number, weight: number, terms: Four): Row {
  return { weight, terms: terms.map((term) => term / ms) as unknown as Four };
}

/** Values that are further than 5 % apart. */
function distinct(values: readonly number[]): number {
  return new Set(values.map((value) => Math.round(Math.log(value) / 0.05))).size;
}
